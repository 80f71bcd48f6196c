"""What a bank's report says, record by record; part of the contract with adapters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from disburse.domain.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAnswer:
    """The bank's answer about one payment."""

    position: int  # record number in the report, from 1
    reference: str  # the `Payment.reference` that it answers
    result: Result
    amount: int | None  # minor units, where the report says it
    currency: str | None = None
    reason: str = ""  # the bank's code
    text: str = ""  # the bank's words
    evidence: str = ""  # the bank's own reference of this event, where it gives one
    on: date | None = None  # the bank's date of the event
    file_reference: str = ""  # the `Batch.reference`, where the report says it


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    """The bank's answer about a whole file."""

    position: int
    reference: str  # the `Batch.reference`
    result: Result  # ACCEPTED, REJECTED, DUPLICATE or PENDING; PENDING also for "part"
    reason: str = ""
    text: str = ""
    evidence: str = ""
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A record that could not be read; it is kept and shown, and blocks no other."""

    position: int
    reason: str


Record = PaymentAnswer | FileAnswer | Quarantined
