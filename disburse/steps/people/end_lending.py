"""A lent role is taken back, or given back, before its last day."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.door import admit, by
from disburse.storage import acts, lendings
from disburse.storage.engine import Transaction


def end_lending(
    tx: Transaction, *, caller: Caller, project_id: int, lending_id: int, now: datetime
) -> None:
    """End a lending at once, as the lender or the delegate; or raise `NoSuchLending`."""
    admit(tx, caller, Act.END_LENDING, project_id)
    require_other_person(caller.persons)
    role = lendings.end(
        tx,
        project_id=project_id,
        lending_id=lending_id,
        member_id=caller.member_id,
        person_id=caller.person_id or 0,
        at=now,
    )
    acts.record(
        tx, Act.END_LENDING, by=by(caller, now), subject="lending", subject_id=lending_id,
        project_id=project_id, facts={"role": role},
    )  # fmt: skip
