"""A person who will be away lends one of the own roles to a colleague, until a day."""

from __future__ import annotations

from datetime import date, datetime

from disburse.domain.access import Act, Caller, Role
from disburse.domain.approval import require_other_person
from disburse.domain.lending import require_lendable
from disburse.door import admit, by, colleague, day
from disburse.storage import acts, lendings, members
from disburse.storage.engine import Transaction
from disburse.storage.lendings import NewLending


def lend(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    login: str,
    role: Role,
    ends_on: date,
    now: datetime,
) -> int:
    """Lend `role` on the project through `ends_on`, there; return the lending's number.

    It counts at once, while the lender has the role. The lender goes on as before: what either of
    the two does under the role, both have done. Raises `NotLendable`, `Forbidden` for a colleague
    of others and for whoever acts for somebody, and `SamePerson` for the own account.
    """
    project = admit(tx, caller, Act.LEND, project_id)
    require_other_person(caller.persons)
    member = colleague(tx, caller, login)
    require_lendable(
        caller,
        role,
        project_id=project_id,
        delegate=members.caller_of_member(tx, member.id),
        today=day(project, now),
        last=ends_on,
    )
    new = NewLending(
        project_id=project_id,
        role=role,
        lender_id=caller.member_id,
        lender_person=caller.person_id or 0,
        delegate_id=member.id,
        delegate_person=member.person_id or 0,
        made_at=now,
        ends_on=ends_on,
    )
    number = lendings.add(tx, new)
    acts.record(
        tx, Act.LEND, by=by(caller, now), subject="lending", subject_id=number,
        project_id=project_id,
        facts={"role": role, "delegate": member.id, "ends_on": ends_on.isoformat()},
    )  # fmt: skip
    return number
