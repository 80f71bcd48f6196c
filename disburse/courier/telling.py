"""Tells webhooks what happened: one lease per receiver, so that one that hangs delays nobody else.

Of one object everything arrives in order. What is not taken is tried again over three days and
then parked; a person replays it. An attempt may arrive twice (a crash between the answer and our
note of it), under the same `webhook-id`, as the Standard Webhooks ask receivers to expect.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from disburse.courier.reach import NotDelivered, Reach, post
from disburse.domain import money
from disburse.domain.event import AMOUNTS, retry_after
from disburse.signing import webhook_headers
from disburse.storage import events, webhooks
from disburse.storage.engine import Begin
from disburse.storage.leases import Holder
from disburse.storage.rows import AnyRow
from disburse.storage.webhooks import Due, Webhook

# Longer than one attempt may take; it is lengthened before each.
LEASE: Final = timedelta(minutes=1)
# Receivers that hang hold one of these for seconds each, and are then left alone for a while.
TOLD_AT_ONCE_MAX: Final = 16
LEFT_ALONE: Final = timedelta(seconds=30)
# Of one receiver in one go; then the lease is free for another process.
IN_ONE_GO_MAX: Final = 500

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Herald:
    """One worker process that tells webhooks, beside its other work."""

    begin: Begin
    clock: Callable[[], datetime]
    name: str  # of this process, such as "host:1234"
    reach: Reach
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(TOLD_AT_ONCE_MAX, thread_name_prefix="tell")
    )
    _busy: set[int] = field(default_factory=set)
    _lock: Lock = field(default_factory=Lock)

    def tell(self) -> int:
        """Put new events into order and begin to tell them; return how many were new."""
        at = self.clock()
        with self.begin() as tx:
            placed = events.sequence(tx, at=at)
        with self.begin() as tx:
            webhooks.forget_delivered(tx, at=at)
            waiting = webhooks.due(tx, at=at)
        for webhook_id in waiting:
            with self._lock:
                if webhook_id in self._busy:
                    continue
                self._busy.add(webhook_id)
            self._pool.submit(self._tell_one, webhook_id)
        return placed

    def finish(self) -> None:
        """Wait until everything that was begun has ended; nothing new is begun."""
        self._pool.shutdown()

    def _tell_one(self, webhook_id: int) -> None:
        try:
            tell_one(self, webhook_id)
        except Exception as error:  # noqa: BLE001  (its lease ends by itself; nobody else waits)
            _log.error("webhook %s cannot be told: %s", webhook_id, type(error).__qualname__)
        finally:
            with self._lock:
                self._busy.discard(webhook_id)


def tell_one(herald: Herald, webhook_id: int) -> None:
    """Deliver what waits for one webhook, under its lease."""
    at = herald.clock()
    with herald.begin() as tx:
        fence = webhooks.hold(tx, webhook_id, Holder(name=herald.name, until=at + LEASE), at=at)
    if fence is None:
        return
    alone = timedelta()
    try:
        for _ in range(IN_ONE_GO_MAX):
            went = _next(herald, webhook_id, fence)
            if went is None:
                break
            if not went:
                alone = LEFT_ALONE
                break
    finally:
        with suppress(Exception), herald.begin() as tx:
            webhooks.leave(tx, webhook_id, fence, not_before=herald.clock() + alone)


def _next(herald: Herald, webhook_id: int, fence: int) -> bool | None:
    """Try the next delivery; say whether the receiver is there. None: nothing waits any more."""
    at = herald.clock()
    with herald.begin() as tx:
        webhook = webhooks.renew(tx, webhook_id, fence, until=at + LEASE)
        due = webhooks.next_due(tx, webhook_id, at=at) if webhook else None
        if webhook is None or due is None:
            return None
        keys = webhooks.keys(tx, webhook_id, at=at)
    body = body_of(due.event)
    number = f"event-{due.event['sequence']}"
    why = ""
    try:
        headers = webhook_headers(keys, number=number, at=at, body=body)
        post(herald.reach, webhook.url, headers, body)
    except NotDelivered as told:
        why = str(told)
    return _write_down(herald, webhook, fence, due, why)


def _write_down(herald: Herald, webhook: Webhook, fence: int, due: Due, why: str) -> bool | None:
    at = herald.clock()
    wait = retry_after(due.attempts + 1) if why else None
    state = "delivered" if not why else "parked" if wait is None else "pending"
    with herald.begin() as tx:
        mine = webhooks.write_down(
            tx,
            webhook.id,
            fence,
            sequence=due.event["sequence"],
            state=state,
            next_at=at + (wait or timedelta()),
            detail=why,
            at=at,
        )
    if why:
        _log.warning(
            "webhook %s: event %s is %s, %s", webhook.id, due.event["sequence"], state, why
        )
    if not mine:
        return None
    return not why or why.startswith("it answered")


def body_of(event: AnyRow) -> bytes:
    """Return the bytes that a receiver gets of an event: the same ones at every attempt."""
    facts = {
        name: money.write(fact, event["currency"]) if name in AMOUNTS else fact
        for name, fact in sorted(event["facts"].items())
    }
    told = {
        "type": event["type"],
        "timestamp": event["at"].isoformat(),
        "data": {
            "sequence": event["sequence"],
            "project_id": event["project_id"],
            "project": event["project"],
            "object": event["object"],
            "sheet_id": event["sheet_id"],
            "state_before": event["state_before"],
            "state_after": event["state_after"],
            "currency": event["currency"],
            "facts": facts,
        },
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
