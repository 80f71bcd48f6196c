"""An organisation wants to be told at an address of its own what happens on its projects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from disburse.domain.access import Act, Caller
from disburse.domain.event import require_types
from disburse.door import by, enter
from disburse.signing import new_webhook_key
from disburse.storage import acts, webhooks
from disburse.storage.engine import Transaction
from disburse.storage.webhooks import Webhook


class Subscribed(NamedTuple):
    """A new webhook, and the public key that its deliveries are verified with."""

    id: int
    public: str


def subscribe(
    tx: Transaction,
    *,
    caller: Caller,
    url: str,
    types: Sequence[str],
    vet: Callable[[str], object],
    now: datetime,
) -> Subscribed:
    """Tell the caller's organisation at `url` of events of these types; none means all it may see.

    `vet` raises `BadWebhook` for an address that posts must not go to.
    """
    enter(tx, caller, Act.SUBSCRIBE)
    vet(url)
    given = Webhook(
        id=0, organisation_id=caller.organisation_id, url=url, types=require_types(types)
    )
    number = webhooks.add(tx, given, member_id=caller.member_id, at=now)
    secret, public = new_webhook_key()
    webhooks.add_key(tx, number, secret=secret, public=public, at=now, ends=now)
    acts.record(
        tx,
        Act.SUBSCRIBE,
        by=by(caller, now),
        subject="webhook",
        subject_id=number,
        facts={"types": list(given.types), "public": public},
    )
    return Subscribed(number, public)
