"""An explanation was wrong, and nobody endorsed it yet."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.door import admit, by
from disburse.storage import acts, open_items
from disburse.storage.engine import Transaction


def dismiss(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    explanation_id: int,
    reason: str,
    now: datetime,
) -> None:
    """Put the explanation aside; the item stays open and nothing moves."""
    admit(tx, caller, Act.DISMISS, project_id)
    given = open_items.take_explanation(tx, project_id=project_id, explanation_id=explanation_id)
    who = by(caller, now)
    open_items.end(tx, given, "dismissed", by=who)
    acts.record(
        tx,
        Act.DISMISS,
        by=who,
        subject="explanation",
        subject_id=given.id,
        project_id=project_id,
        states=("proposed", "dismissed"),
        facts={"reason": reason},
    )
