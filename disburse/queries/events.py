"""What happened, as a feed in one order; and the webhooks that are told the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from disburse.domain.access import Act, Caller
from disburse.domain.event import SUBJECTS
from disburse.door import enter
from disburse.queries.paging import PAGE_USUAL, rows_for
from disburse.queries.scope import scope_of
from disburse.storage import events as stored
from disburse.storage import webhooks as stored_webhooks
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One act that concerns outsiders; `facts` hold digests and amounts, never people."""

    sequence: int
    type: str  # subject.act
    at: datetime
    project_id: int
    project: str
    currency: str
    object: str  # subject:number
    sheet_id: int | None
    state_before: str | None
    state_after: str | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Some events, and behind which sequence to ask on; without events the same as before."""

    rows: tuple[Event, ...]
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookShown:
    """One webhook of an organisation; `keys` are public ones, the newest first."""

    id: int
    url: str
    types: tuple[str, ...]
    made_at: datetime
    keys: tuple[str, ...]
    pending: int
    parked: int
    trouble: str  # why the first that waits was not taken


def events(tx: Transaction, caller: Caller, *, after: int = 0, limit: int = PAGE_USUAL) -> Feed:
    """Return the events behind `after` that the caller may know of, in their order.

    Nothing is ever inserted before an event that was told: whoever asks on with `last` misses none.
    """
    scope = scope_of(tx, caller, Act.READ_EVENTS)
    pairs = [
        (subject, number)
        for number in scope.project_ids
        for subject, act in SUBJECTS.items()
        if caller.may(act, number)
    ]
    most = rows_for(limit) - 1
    rows = stored.feed(tx, pairs, employer_id=scope.employer_id, after=after, limit=most)
    shown = tuple(Event(**row) for row in rows)
    return Feed(rows=shown, last=shown[-1].sequence if shown else after)


def webhooks(tx: Transaction, caller: Caller, *, now: datetime) -> list[WebhookShown]:
    """Return the webhooks of the caller's organisation."""
    enter(tx, caller, Act.READ_WEBHOOKS)
    rows = stored_webhooks.of_organisation(tx, caller.organisation_id, at=now)
    return [
        WebhookShown(**row | {"types": tuple(row["types"]), "keys": tuple(row["keys"] or ())})
        for row in rows
    ]
