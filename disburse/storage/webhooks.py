"""Webhooks of organisations: their keys, and what is to be delivered to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from disburse.domain.refusal import Refusal
from disburse.sealing import bound_to
from disburse.storage import seals
from disburse.storage.engine import Transaction
from disburse.storage.events import EVENT
from disburse.storage.leases import Holder
from disburse.storage.rows import AnyRow, as_dicts

# What was delivered is kept for a replay as long as anybody should need to notice a gap.
DELIVERED_KEPT: Final = timedelta(days=30)


class NoSuchWebhook(Refusal):
    """The organisation has no webhook by that number."""

    code = "no-such-webhook"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One address that an organisation wants to be told at."""

    id: int
    organisation_id: int
    url: str
    types: Sequence[str]


class Due(NamedTuple):
    """One delivery whose time has come: the event as it is told, and the attempts that failed."""

    event: AnyRow
    attempts: int


def add(tx: Transaction, given: Webhook, *, member_id: int, at: datetime) -> int:
    """Keep a new webhook and return its number."""
    values = {"o": given.organisation_id, "url": given.url, "types": list(given.types),
              "m": member_id, "at": at}  # fmt: skip
    number = tx.scalar(_ADD, values)
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert that worked)
    return number


def take(tx: Transaction, *, organisation_id: int, webhook_id: int) -> Webhook:
    """Return a webhook of the organisation, locked, or raise `NoSuchWebhook`."""
    row = tx.execute(_TAKE, {"o": organisation_id, "w": webhook_id}).one_or_none()
    if row is None:
        raise NoSuchWebhook(f"your organisation has no webhook {webhook_id}")
    return Webhook(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name)


def end(tx: Transaction, webhook_id: int, *, at: datetime) -> None:
    """Tell a webhook nothing more."""
    tx.execute(text("UPDATE webhook SET ended_at = :at WHERE id = :w"), {"w": webhook_id, "at": at})


def add_key(
    tx: Transaction, webhook_id: int, *, secret: bytes, public: str, at: datetime, ends: datetime
) -> None:
    """Let a further key sign from now on; those before it end at `ends`, if not earlier."""
    last = tx.scalar(text("SELECT max(number) FROM webhook_key WHERE webhook_id = :w"),
                     {"w": webhook_id})  # fmt: skip
    number = int(last or 0) + 1
    tx.execute(_END_KEYS, {"w": webhook_id, "ends": ends})
    sealed = seals.seal_secret(tx, _place(webhook_id, number), secret)
    tx.execute(
        _ADD_KEY, {"w": webhook_id, "n": number, "public": public, "sealed": sealed, "at": at}
    )


def keys(tx: Transaction, webhook_id: int, *, at: datetime) -> list[bytes]:
    """Return the private keys that sign now, the newest first."""
    rows = tx.execute(_KEYS, {"w": webhook_id, "at": at})
    return [
        seals.open_secret(tx, _place(webhook_id, row.number), bytes(row.sealed)) for row in rows
    ]


def of_organisation(tx: Transaction, organisation_id: int, *, at: datetime) -> list[AnyRow]:
    """Return the webhooks of an organisation with their public keys and what waits."""
    return as_dicts(tx.execute(_OF_ORGANISATION, {"o": organisation_id, "at": at}))


def replay(tx: Transaction, webhook_id: int, *, after: int, only_parked: bool, at: datetime) -> int:
    """Let deliveries behind a sequence begin anew, in their order; return how many."""
    values = {"w": webhook_id, "after": after, "parked": only_parked, "at": at}
    tx.execute(text("UPDATE webhook SET not_before = :at WHERE id = :w"),
               {"w": webhook_id, "at": at})  # fmt: skip
    return tx.execute(_REPLAY, values).rowcount


def due(tx: Transaction, *, at: datetime) -> list[int]:
    """Return the webhooks that nobody is telling and that something waits for."""
    return [row.id for row in tx.execute(_DUE, {"at": at})]


def hold(tx: Transaction, webhook_id: int, holder: Holder, *, at: datetime) -> int | None:
    """Take the lease on a webhook and return the fence; None while another process has it."""
    values = {"w": webhook_id, "holder": holder.name, "until": holder.until, "at": at}
    fence = tx.scalar(_HOLD, values)
    return fence if isinstance(fence, int) else None


def leave(tx: Transaction, webhook_id: int, fence: int, *, not_before: datetime) -> None:
    """Give the lease back; nobody takes it before `not_before`."""
    tx.execute(_LEAVE, {"w": webhook_id, "fence": fence, "at": not_before})


def renew(tx: Transaction, webhook_id: int, fence: int, *, until: datetime) -> Webhook | None:
    """Lengthen the lease; None when it went over to another, or the webhook ended."""
    row = tx.execute(_RENEW, {"w": webhook_id, "fence": fence, "until": until}).one_or_none()
    return None if row is None else Webhook(**row._mapping)  # noqa: SLF001


def next_due(tx: Transaction, webhook_id: int, *, at: datetime) -> Due | None:
    """Return the first delivery that may go: nothing earlier about its object is still pending."""
    row = tx.execute(_NEXT, {"w": webhook_id, "at": at}).one_or_none()
    if row is None:
        return None
    event = row._asdict()
    return Due(event, event.pop("attempts"))


def write_down(
    tx: Transaction,
    webhook_id: int,
    fence: int,
    *,
    sequence: int,
    state: str,
    next_at: datetime,
    detail: str,
    at: datetime,
) -> bool:
    """Write down how a delivery went; False when the lease went over to another meanwhile."""
    values: dict[str, Any] = {"w": webhook_id, "fence": fence, "s": sequence, "state": state}
    values |= {"next": next_at, "detail": detail[:200], "at": at}
    return tx.execute(_WRITE_DOWN, values).rowcount == 1


def forget_delivered(tx: Transaction, *, at: datetime) -> None:
    """Forget what was delivered long ago."""
    tx.execute(_FORGET, {"before": at - DELIVERED_KEPT})


def _place(webhook_id: int, number: int) -> bytes:
    return bound_to(seals.INSTALLATION, "webhook_key", "sealed", f"{webhook_id}/{number}")


_WEBHOOK: Final = "id, organisation_id, url, types"
_ADD: Final = text("""
    INSERT INTO webhook (organisation_id, url, types, made_by, made_at, not_before)
    VALUES (:o, :url, CAST(:types AS text[]), :m, :at, :at) RETURNING id
""")
_TAKE: Final = text(f"""
    SELECT {_WEBHOOK} FROM webhook
    WHERE id = :w AND organisation_id = :o AND ended_at IS NULL FOR UPDATE
""")
_END_KEYS: Final = text("""
    UPDATE webhook_key SET ends_at = :ends WHERE webhook_id = :w AND ends_at IS NULL
""")
_ADD_KEY: Final = text("""
    INSERT INTO webhook_key (webhook_id, number, public, sealed, made_at)
    VALUES (:w, :n, :public, :sealed, :at)
""")
_GOOD: Final = "(ends_at IS NULL OR ends_at > :at)"
_KEYS: Final = text(f"""
    SELECT number, sealed FROM webhook_key WHERE webhook_id = :w AND {_GOOD} ORDER BY number DESC
""")
_OF_ORGANISATION: Final = text(f"""
    SELECT w.id, w.url, w.types, w.made_at,
           (SELECT array_agg(k.public ORDER BY k.number DESC) FROM webhook_key k
            WHERE k.webhook_id = w.id AND {_GOOD}) AS keys,
           (SELECT count(*) FROM delivery d WHERE d.webhook_id = w.id AND d.state = 'pending')
               AS pending,
           (SELECT count(*) FROM delivery d WHERE d.webhook_id = w.id AND d.state = 'parked')
               AS parked,
           coalesce((SELECT d.detail FROM delivery d
                     WHERE d.webhook_id = w.id AND d.detail <> '' AND d.state <> 'delivered'
                     ORDER BY d.sequence LIMIT 1), '') AS trouble
    FROM webhook w WHERE w.organisation_id = :o AND w.ended_at IS NULL ORDER BY w.id
""")
_REPLAY: Final = text("""
    UPDATE delivery SET state = 'pending', attempts = 0, next_at = :at, ended_at = NULL
    WHERE webhook_id = :w AND sequence > :after AND state <> 'pending'
      AND (state = 'parked' OR NOT :parked)
""")
_FREE: Final = """
    w.ended_at IS NULL AND w.not_before <= :at AND (w.holder IS NULL OR w.until < :at)
"""
_DUE: Final = text(f"""
    SELECT w.id FROM webhook w
    WHERE {_FREE} AND EXISTS (SELECT FROM delivery d WHERE d.webhook_id = w.id
                                AND d.state = 'pending' AND d.next_at <= :at)
    ORDER BY w.id
""")
_HOLD: Final = text(f"""
    UPDATE webhook w SET holder = :holder, until = :until, fence = fence + 1
    WHERE w.id = :w AND {_FREE} RETURNING fence
""")
_LEAVE: Final = text("""
    UPDATE webhook SET holder = NULL, until = NULL, not_before = greatest(not_before, :at)
    WHERE id = :w AND fence = :fence
""")
_RENEW: Final = text(f"""
    UPDATE webhook SET until = :until
    WHERE id = :w AND fence = :fence AND holder IS NOT NULL AND ended_at IS NULL
    RETURNING {_WEBHOOK}
""")
_NEXT: Final = text(f"""
    SELECT d.attempts, {EVENT}
    FROM delivery d
    JOIN event e ON e.sequence = d.sequence
    JOIN project p ON p.id = e.project_id
    WHERE d.webhook_id = :w AND d.state = 'pending' AND d.next_at <= :at
      AND NOT EXISTS (SELECT FROM delivery b
                      WHERE b.webhook_id = d.webhook_id AND b.object = d.object
                        AND b.state = 'pending' AND b.sequence < d.sequence)
    ORDER BY d.sequence LIMIT 1
""")
_WRITE_DOWN: Final = text("""
    UPDATE delivery d SET state = :state, attempts = attempts + 1, next_at = :next,
                          detail = :detail,
                          ended_at = CASE WHEN :state = 'pending' THEN NULL ELSE :at END
    WHERE d.webhook_id = :w AND d.sequence = :s AND d.state = 'pending'
      AND EXISTS (SELECT FROM webhook h WHERE h.id = :w AND h.fence = :fence
                                          AND h.holder IS NOT NULL)
""")
_FORGET: Final = text("""
    DELETE FROM delivery WHERE state = 'delivered' AND ended_at < :before
""")
