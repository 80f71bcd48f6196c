"""Destroys what opens a project's personal data, all at once; what is public stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True)
class Shredded:
    """How much was destroyed."""

    keys: int  # of people and months, with the root keys that wrapped them
    indexes: int  # keyed digests of accounts
    salts: int  # of sheets: their roots commit to nothing that could be guessed any more
    persons: int  # who is on no other project and has no account: the digest of their number


@dataclass(frozen=True, slots=True)
class Kept:
    """What speaks for keeping a project's data still."""

    last_paid_on: date | None  # the last bank answer about a payment
    unsettled: int  # wages that are owed and not paid
    holds: int  # legal holds that stand


def kept_for(tx: Transaction, project_id: int) -> Kept:
    """Return what speaks for keeping a project's data, whether or not the caller sees it."""
    return Kept(*tx.execute(_KEPT_FOR, {"p": project_id}).one())


def shred(tx: Transaction, *, project_id: int, at: datetime) -> Shredded:
    """Destroy keys, blind indexes and salts together, and let no new key be made.

    Done by a function of the tables' owner, which refuses while wages are open or a hold stands.
    """
    return Shredded(*tx.execute(_SHRED, {"p": project_id, "at": at}).one())


_KEPT_FOR: Final = text("SELECT last_paid_on, unsettled, holds FROM kept_for(:p)")
_SHRED: Final = text("SELECT keys, indexes, salts, persons FROM shred_project(:p, :at)")
