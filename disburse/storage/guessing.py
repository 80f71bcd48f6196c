"""Counts attempts to get in, before each is judged; a success forgets them."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import text

from disburse.domain.back_off import FORGOTTEN_AFTER, BackOff
from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction


class TooManyAttempts(Refusal):
    """There were too many attempts; `facts["seconds"]` says how long to wait."""

    code = "too-many-attempts"


def subject(kind: str, name: str) -> bytes:
    """Return under what the attempts of an account, an address or a browser are counted."""
    return sha256(f"{kind}\0{name}".encode()).digest()


def count(tx: Transaction, what: bytes, back_off: BackOff, *, at: datetime) -> None:
    """Count one attempt, or raise `TooManyAttempts`; attempts at the same time queue up here."""
    values = {"subject": what, "at": at, "forgotten": at - FORGOTTEN_AFTER}
    attempts = tx.scalar(_COUNT, values)
    if attempts is None:
        until = tx.scalar(_WAITS_UNTIL, values)
        seconds = max(1, -(-(until - at) // timedelta(seconds=1)))
        raise TooManyAttempts(
            f"there were too many attempts; wait {seconds} seconds and try again", seconds=seconds
        )
    tx.execute(_WAIT, values | {"until": at + back_off.wait(attempts)})


def forget(tx: Transaction, what: bytes) -> None:
    """Forget the attempts of somebody who got in."""
    tx.execute(text("DELETE FROM guessing WHERE subject = :subject"), {"subject": what})


def take_back(tx: Transaction, what: bytes) -> None:
    """Take one attempt back that succeeded; what others guess from there stays counted."""
    tx.execute(_TAKE_BACK, {"subject": what})


def forget_old(tx: Transaction, *, at: datetime) -> int:
    """Forget attempts that are too long ago to count; return of how many."""
    return tx.execute(_FORGET_OLD, {"old": at - FORGOTTEN_AFTER}).rowcount


_COUNT: Final = text("""
    INSERT INTO guessing (subject, attempts, last_at, waits_until) VALUES (:subject, 1, :at, :at)
    ON CONFLICT (subject) DO UPDATE
    SET attempts = CASE WHEN guessing.last_at < :forgotten THEN 1 ELSE guessing.attempts + 1 END,
        last_at = :at
    WHERE guessing.waits_until <= :at
    RETURNING attempts
""")
_WAITS_UNTIL: Final = text("SELECT waits_until FROM guessing WHERE subject = :subject")
_WAIT: Final = text("UPDATE guessing SET waits_until = :until WHERE subject = :subject")
_TAKE_BACK: Final = text("""
    UPDATE guessing SET attempts = attempts - 1, waits_until = last_at WHERE subject = :subject
""")
_FORGET_OLD: Final = text("DELETE FROM guessing WHERE last_at < :old AND waits_until < :old")
