"""Somebody says that a project's personal data must stay: a dispute, an inquiry, a court."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.door import admit, by
from disburse.storage import acts, holds
from disburse.storage.engine import Transaction


def hold(tx: Transaction, *, caller: Caller, project_id: int, reason: str, now: datetime) -> int:
    """Place a legal hold and return its number.

    It stands at once: one person can keep data from being deleted. Two are needed to end that,
    see `lift_hold`.
    """
    admit(tx, caller, Act.HOLD, project_id)
    require_other_person(caller.persons)
    why = particulars.reason(reason)
    number = holds.place(tx, project_id=project_id, reason=why, by=by(caller, now))
    acts.record(
        tx,
        Act.HOLD,
        by=by(caller, now),
        subject="hold",
        subject_id=number,
        project_id=project_id,
        facts={"reason": why},
    )
    return number
