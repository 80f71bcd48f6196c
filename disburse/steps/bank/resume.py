"""Dispatch goes on after a restore or failover, once two people compared the bank's files."""

from __future__ import annotations

from datetime import datetime

from disburse.agreeing import agreed
from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.edges import WrongState
from disburse.door import admit, by
from disburse.storage import acts, incarnations
from disburse.storage.engine import Transaction


def resume(
    tx: Transaction, *, caller: Caller, project_id: int, list_sha256: str, now: datetime
) -> bool:
    """Let the project's files leave again; say whether both people said so.

    `list_sha256` names the bank's list of the files it has, which both compared with ours: a file
    on it that we believe never left would be paid twice.
    """
    admit(tx, caller, Act.RESUME, project_id)
    paused = incarnations.waits_for(tx, project_id)
    if paused is None:
        raise WrongState("nothing is paused on this project")
    facts: dict[str, object] = {"list": list_sha256, "incarnation": paused.number}
    if not agreed(
        tx,
        by=by(caller, now),
        act=Act.RESUME,
        project_id=project_id,
        subject=("project", project_id),
        version=paused.number,
        facts=facts,
    ):
        return False
    incarnations.resume(tx, project_id=project_id, incarnation=paused.number, at=now)
    acts.record(
        tx,
        Act.RESUME,
        by=by(caller, now),
        subject="project",
        subject_id=project_id,
        project_id=project_id,
        facts=facts,
    )
    return True
