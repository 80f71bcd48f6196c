"""Figures for the operator's metrics: how much stands where, and since when. No caller, no names.

Everything final is left out, so that the cost follows what is open and not what was ever paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from disburse.storage import figures as stored
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How many are in one state, what they add up to (minor units), and since when the oldest."""

    state: str
    currency: str
    count: int
    amount: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the ledger, added up over every account of one currency."""

    name: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Anomalies that nobody resolved."""

    red: bool
    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Events that webhooks were not told: pending, or parked after three days."""

    state: str
    count: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that metrics show of money."""

    sheets: tuple[Figure, ...]  # received to approved, since their receipt
    files: tuple[Figure, ...]  # all that the bank has not wholly answered
    payments: tuple[Figure, ...]  # live ones, and those to be paid again
    columns: tuple[Column, ...]
    anomalies: tuple[Queue, ...]
    deliveries: tuple[Telling, ...]  # events that webhooks were not told yet


def figures(tx: Transaction) -> Figures:
    """Return the figures as this transaction sees them."""
    return Figures(
        sheets=tuple(Figure(**row) for row in stored.open_sheets(tx)),
        files=tuple(
            Figure(**row) for row in (*stored.open_files(tx), *stored.files_half_answered(tx))
        ),
        payments=tuple(
            Figure(**row) for row in (*stored.live_payments(tx), *stored.payments_to_repeat(tx))
        ),
        columns=tuple(Column(**row) for row in stored.columns(tx)),
        anomalies=tuple(Queue(**row) for row in stored.open_anomalies(tx)),
        deliveries=tuple(Telling(**row) for row in stored.deliveries_open(tx)),
    )
