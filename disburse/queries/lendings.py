"""Who stands in for whom: roles that are lent, and those that were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from disburse.domain.access import AUTHORITIES, Act, Caller, Role
from disburse.door import admit, enter
from disburse.storage import lendings
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingShown:
    """A role that somebody lent; `good` says whether it counts today."""

    project_id: int
    project: str  # code
    id: int
    role: Role
    lender: str  # login
    lender_name: str
    delegate: str
    delegate_name: str
    made_at: datetime
    ends_on: date  # the last day, where the project is
    revoked_at: datetime | None
    good: bool


def lent_on(
    tx: Transaction, caller: Caller, *, project_id: int, now: datetime
) -> list[LendingShown]:
    """Return a project's lendings among the own people, newest first; to an authority, all."""
    admit(tx, caller, Act.READ_LENDINGS, project_id)
    whose = None if caller.organisation_kind in AUTHORITIES else caller.organisation_id
    rows = lendings.listed(tx, project_id=project_id, organisation_id=whose, at=now)
    return [LendingShown(**row) for row in rows]


def own_lendings(tx: Transaction, caller: Caller, *, now: datetime) -> list[LendingShown]:
    """Return what the caller's account lent and was lent, and counts, by project."""
    enter(tx, caller)
    found = lendings.listed(tx, member_id=caller.member_id, at=now)
    return [LendingShown(**row) for row in found if row["good"]]
