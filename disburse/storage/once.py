"""Idempotency keys: the first answer to a request is the answer for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from disburse.domain.refusal import Refusal
from disburse.sealing import BrokenSeal, bound_to, number_in
from disburse.storage import seals
from disburse.storage.engine import Transaction
from disburse.storage.seals import INSTALLATION, Use

WAIT: Final = "3s"  # for a request with the same key that is being worked on


class KeyReused(Refusal):
    """The idempotency key was used for another request; a new request takes a new key."""

    code = "idempotency-key-reused"


class InProgress(Refusal):
    """A request with this key is being worked on; ask again in a moment with the same key."""

    code = "request-in-progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the caller was told."""

    status: int
    media_type: str
    content: bytes


def claim(
    tx: Transaction, *, member_id: int, key: str, request_digest: bytes, at: datetime
) -> Answer | None:
    """Take the key for this request; return the earlier answer when it was answered before.

    The key is taken in the same transaction as the request's effect: a crash undoes both. A second
    request waits for the first, for at most `WAIT`. Raises `KeyReused` and `InProgress`.
    """
    values = {"m": member_id, "k": key, "digest": request_digest, "at": at}
    tx.execute(text(f"SET LOCAL lock_timeout = '{WAIT}'"))
    try:
        new = tx.execute(_CLAIM, values).rowcount == 1
    except OperationalError as error:
        raise InProgress("a request with this idempotency key is being worked on") from error
    tx.execute(text("SET LOCAL lock_timeout = 0"))
    if new:
        return None
    row = tx.execute(_READ, values).one()
    if bytes(row.request_digest) != request_digest:
        raise KeyReused("this idempotency key was used for another request; take a new one")
    sealing = seals.root_numbered(tx, number_in(row.answer))
    if sealing is None:
        raise BrokenSeal("the key of this answer is not here any more")
    content = sealing.open(row.answer, _place(member_id, key))
    return Answer(status=row.status, media_type=row.media_type, content=content)


def keep(tx: Transaction, *, member_id: int, key: str, answer: Answer) -> None:
    """Store the answer, sealed, in the transaction of its effect."""
    sealed = seals.root(tx, Use.ANSWERS).seal(answer.content, _place(member_id, key))
    tx.execute(
        _KEEP,
        {"m": member_id, "k": key, "status": answer.status, "type": answer.media_type,
         "answer": sealed},
    )  # fmt: skip


def _place(member_id: int, key: str) -> bytes:
    return bound_to(INSTALLATION, "idempotency_key", "answer", f"{member_id}/{key}")


_CLAIM: Final = text("""
    INSERT INTO idempotency_key (member_id, key, request_digest, at)
    VALUES (:m, :k, :digest, :at) ON CONFLICT DO NOTHING
""")
_READ: Final = text("""
    SELECT request_digest, status, media_type, answer FROM idempotency_key
    WHERE member_id = :m AND key = :k
""")
_KEEP: Final = text("""
    UPDATE idempotency_key SET status = :status, media_type = :type, answer = :answer
    WHERE member_id = :m AND key = :k
""")
