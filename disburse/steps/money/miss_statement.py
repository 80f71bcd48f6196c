"""A bank works, and no statement of the account comes any more: an alarm.

Nothing else would tell: what the bank did without an order, and what it booked of ours, is read
from statements alone.
"""

from __future__ import annotations

from datetime import datetime

from disburse import stating
from disburse.domain.access import Act, Caller
from disburse.door import admit, by
from disburse.storage import acts, stated
from disburse.storage.engine import Transaction


def miss_statement(
    tx: Transaction, *, caller: Caller | None, project_id: int, now: datetime
) -> bool:
    """Tell people once, as an anomaly and an event; say whether it was now. No money moves."""
    project = admit(tx, caller, Act.MISS_STATEMENT, project_id)
    if project.account_id is not None:
        stated.lock(tx, project.account_id)  # a statement may come just now
    told = stating.silent(tx, now=now, project_id=project_id)
    for one, missing in told.items():
        stated.note_missing(tx, one, missing=missing, at=now)
        acts.record(
            tx,
            Act.MISS_STATEMENT,
            by=by(caller, now),
            subject="statement",
            subject_id=one.reference(missing),
            project_id=project_id,
            facts={"missing": missing.isoformat(), "covered": one.covered.isoformat()},
        )
    return bool(told)
