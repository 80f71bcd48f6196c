"""A webhook gets a new signing key; the old one signs beside it while the receiver changes."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.event import OVERLAP
from disburse.door import by, enter
from disburse.signing import new_webhook_key
from disburse.storage import acts, webhooks
from disburse.storage.engine import Transaction


def renew(tx: Transaction, *, caller: Caller, webhook_id: int, now: datetime) -> str:
    """Return the new public key; both sign for a week, and then the new one alone."""
    enter(tx, caller, Act.RENEW)
    webhooks.take(tx, organisation_id=caller.organisation_id, webhook_id=webhook_id)
    secret, public = new_webhook_key()
    webhooks.add_key(tx, webhook_id, secret=secret, public=public, at=now, ends=now + OVERLAP)
    acts.record(
        tx,
        Act.RENEW,
        by=by(caller, now),
        subject="webhook",
        subject_id=webhook_id,
        facts={"public": public},
    )
    return public
