"""Retention is over: a project's keys are destroyed, and with them everything personal."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from disburse.domain import particulars, retention
from disburse.domain.access import Act, Caller
from disburse.door import by, day, enter
from disburse.storage import acts, holds, parties, shredding
from disburse.storage.engine import Transaction
from disburse.storage.shredding import Shredded


def shred(
    tx: Transaction, *, caller: Caller, project_id: int, reason: str, now: datetime
) -> Shredded:
    """Destroy keys, blind indexes and commitment salts of a project; return how many.

    Digests, signatures, amounts and the history stay, so the books still prove. Raises `StillKept`
    before retention is over, while wages are open, or while a legal hold stands.
    """
    enter(tx, caller, Act.SHRED)
    project = parties.project(tx, project_id)
    holds.freeze(tx, project_id)  # no hold can be placed between looking and doing
    kept = shredding.kept_for(tx, project_id)
    until = retention.kept_until(project.ends_on, kept.last_paid_on)
    retention.require_over(
        until=until,
        today=day(project, now),
        unsettled=kept.unsettled,
        holds=kept.holds,
    )
    done = shredding.shred(tx, project_id=project_id, at=now)
    acts.record(
        tx,
        Act.SHRED,
        by=by(caller, now),
        subject="project",
        subject_id=project_id,
        project_id=project_id,
        facts=asdict(done) | {"kept_until": str(until), "reason": particulars.reason(reason)},
    )
    return done
