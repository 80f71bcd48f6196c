"""Two people lift a legal hold: the first asks, another one agrees."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.door import admit, by
from disburse.storage import acts, holds
from disburse.storage.engine import Transaction


def lift_hold(
    tx: Transaction, *, caller: Caller, project_id: int, hold_id: int, reason: str, now: datetime
) -> bool:
    """Ask for the end of a hold, or agree to it; say whether it is lifted now.

    Raises `NoSuchHold`, and `SamePerson` for whoever asked.
    """
    admit(tx, caller, Act.LIFT_HOLD, project_id)
    found = holds.take(tx, project_id=project_id, hold_id=hold_id)
    require_other_person(caller.persons, found.asked_by, found.asked_for)
    holds.lift(tx, found, by=by(caller, now))
    lifted = found.asked_by is not None
    acts.record(
        tx,
        Act.LIFT_HOLD,
        by=by(caller, now),
        subject="hold",
        subject_id=hold_id,
        project_id=project_id,
        states=("asked" if lifted else "held", "lifted" if lifted else "asked"),
        facts={"reason": particulars.reason(reason)},
    )
    return lifted
