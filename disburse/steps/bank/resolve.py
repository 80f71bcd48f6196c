"""A person notes what an anomaly turned out to be."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.door import admit, by
from disburse.storage import acts, inbox
from disburse.storage.engine import Transaction


def resolve(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    anomaly_id: int,
    resolution: str,
    now: datetime,
) -> None:
    """Take the anomaly off the queue; no money moves by this."""
    admit(tx, caller, Act.RESOLVE, project_id)
    require_other_person(caller.persons)
    inbox.resolve(
        tx,
        project_id=project_id,
        anomaly_id=anomaly_id,
        resolution=resolution,
        by=by(caller, now),
    )
    acts.record(
        tx,
        Act.RESOLVE,
        by=by(caller, now),
        subject="anomaly",
        subject_id=anomaly_id,
        project_id=project_id,
        facts={"resolution": resolution},
    )
