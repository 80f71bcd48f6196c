"""An organisation wants to be told no longer at one of its addresses."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.door import by, enter
from disburse.storage import acts, webhooks
from disburse.storage.engine import Transaction


def unsubscribe(tx: Transaction, *, caller: Caller, webhook_id: int, now: datetime) -> None:
    """End a webhook of the caller's organisation; what waits for it is not sent any more."""
    enter(tx, caller, Act.UNSUBSCRIBE)
    webhooks.take(tx, organisation_id=caller.organisation_id, webhook_id=webhook_id)
    webhooks.end(tx, webhook_id, at=now)
    acts.record(tx, Act.UNSUBSCRIBE, by=by(caller, now), subject="webhook", subject_id=webhook_id)
