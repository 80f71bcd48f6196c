"""An account gets roles, on one project or on all of its organisation's."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from disburse.domain.access import ROLES, Act, Caller, Role, require
from disburse.domain.refusal import Refusal
from disburse.door import by
from disburse.storage import acts, members, parties
from disburse.storage.engine import Transaction
from disburse.storage.members import Member


class RoleNotTheirs(Refusal):
    """An organisation of that kind gives nobody this role."""

    code = "role-not-theirs"


def grant_roles(
    tx: Transaction,
    *,
    caller: Caller,
    login: str,
    roles: Collection[Role],
    project_id: int | None = None,
    now: datetime,
) -> Member:
    """Add `roles` to those of the account, or raise `RoleNotTheirs`; again is no harm.

    The operator's people can only administer: nobody who sets up can also move money.
    """
    require(caller, Act.GRANT_ROLES)
    member = members.by_login(tx, login)
    kind = member.organisation_kind
    if wrong := sorted(set(roles) - ROLES[kind]):
        able = ", ".join(sorted(ROLES[kind]))
        raise RoleNotTheirs(
            f"a {kind} has nobody who is {', '.join(wrong)}; it has: {able}", roles=wrong
        )
    if project_id is not None:
        parties.project(tx, project_id)
    members.grant(tx, member_id=member.id, roles=sorted(roles), project_id=project_id)
    acts.record(
        tx,
        Act.GRANT_ROLES,
        by=by(caller, now),
        subject="member",
        subject_id=member.id,
        project_id=project_id or 0,
        facts={"roles": sorted(roles)},
    )
    return member
