"""A receiver missed something: it is told once more, in the same order."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.door import by, enter
from disburse.storage import acts, webhooks
from disburse.storage.engine import Transaction


def replay(
    tx: Transaction,
    *,
    caller: Caller,
    webhook_id: int,
    after: int = 0,
    only_parked: bool = False,
    now: datetime,
) -> int:
    """Deliver again what lies behind a sequence, and say how many events that is.

    They keep their numbers, so a receiver that has one of them drops it. What was delivered more
    than a month ago is not kept: the feed has it.
    """
    enter(tx, caller, Act.REPLAY)
    webhooks.take(tx, organisation_id=caller.organisation_id, webhook_id=webhook_id)
    count = webhooks.replay(tx, webhook_id, after=after, only_parked=only_parked, at=now)
    acts.record(
        tx,
        Act.REPLAY,
        by=by(caller, now),
        subject="webhook",
        subject_id=webhook_id,
        facts={"after": after, "only_parked": only_parked, "count": count},
    )
    return count
