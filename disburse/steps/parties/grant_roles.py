"""An account gets roles, on one project or on all of its organisation's."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from disburse.domain.access import (
    AUTHORITIES,
    ROLES,
    Act,
    Caller,
    OrganisationKind,
    Role,
)
from disburse.domain.refusal import Refusal
from disburse.door import by, enter
from disburse.storage import acts, members, parties
from disburse.storage.engine import Transaction
from disburse.storage.members import Member

_AUTHORITY_ROLES: Final = frozenset[Role]().union(*(ROLES[kind] for kind in AUTHORITIES))


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

    The operator's people can only administer: nobody who sets up can also move money. So every
    other role waits until somebody else confirms it; only the first account of an authority stands
    by itself, for there is nobody yet to ask, and the history says so.
    """
    enter(tx, caller, Act.GRANT_ROLES)
    member = members.by_login(tx, login)
    kind = member.organisation_kind
    if wrong := sorted(set(roles) - ROLES[kind]):
        able = ", ".join(sorted(ROLES[kind]))
        raise RoleNotTheirs(
            f"a {kind} has nobody who is {', '.join(wrong)}; it has: {able}", roles=wrong
        )
    if project_id is not None:
        parties.project(tx, project_id)
    first = kind in AUTHORITIES and not members.anybody_is(tx, _AUTHORITY_ROLES)
    members.grant(
        tx,
        member_id=member.id,
        roles=sorted(roles),
        project_id=project_id,
        by=by(caller, now),
        stands=first or kind is OrganisationKind.OPERATOR,
    )
    acts.record(
        tx,
        Act.GRANT_ROLES,
        by=by(caller, now),
        subject="member",
        subject_id=member.id,
        project_id=project_id or 0,
        facts={"roles": sorted(roles), "first_authority": first},
    )
    return member
