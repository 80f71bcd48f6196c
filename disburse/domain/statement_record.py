"""What a bank's account statement says, record by record; part of the contract with adapters.

The records of one statement come as: one `StatementOpened`; for every entry its `EntryPart`s, if
it has several, then the `StatementEntry`; one `StatementClosed`. A file may hold several
statements, also of several accounts. What could not be read comes as `Quarantined` in its place.
Amounts are minor units of the account's currency, credits positive, debits negative. "" and None
mean that the bank does not say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from disburse.domain.answer import Quarantined


class StatementKind(StrEnum):
    """How much a statement promises."""

    STATEMENT = "statement"  # of a closed period: opening + booked entries = closing
    INTERIM = "interim"  # of a day that goes on: its balances are not the day's last
    NOTICE = "notice"  # single entries, usually without balances


class EntryStatus(StrEnum):
    """Whether an entry changes the booked balance; only `BOOKED` ones are ever added up."""

    BOOKED = "booked"
    PENDING = "pending"
    INFORMATION = "information"  # announced, or told for information only


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementOpened:
    """A statement begins."""

    position: int  # record number in the file, from 1
    reference: str  # the bank's identification of the statement
    kind: StatementKind
    account: str  # its number, as the bank writes it
    currency: str
    opening: int | None  # booked balance before the first entry
    opens_on: date | None
    number: str = ""  # the bank's sequence number, where it counts statements
    page: int | None = None  # of a statement that comes in pieces, from 1
    is_copy: bool = False  # the bank says that it was sent before


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPart:
    """One of the movements that a bank booked as a single entry; the `StatementEntry` follows."""

    position: int
    amount: int | None
    reference: str = ""  # the bank's own of this movement
    payment_reference: str = ""  # the `Payment.reference` that it repeats
    file_reference: str = ""  # the `Batch.reference` that it repeats
    counterparty_account: str = ""
    counterparty_name: str = ""
    return_reason: str = ""  # the bank's code; a movement that has one is a return
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementEntry:
    """One entry; `batch_count` and `batch_total` are what the bank says of a file booked at once.

    The fields of its only movement stand here; of several, each has an `EntryPart` before it.
    """

    position: int
    amount: int
    status: EntryStatus
    booked_on: date | None
    reference: str = ""  # the bank's own; unique on the account where the bank keeps its word
    value_on: date | None = None
    is_reversal: bool = False  # the bank takes an earlier entry of its own back
    payment_reference: str = ""
    file_reference: str = ""
    batch_count: int | None = None
    batch_total: int | None = None  # never negative
    counterparty_account: str = ""
    counterparty_name: str = ""
    return_reason: str = ""
    code: str = ""  # the bank's kind of transaction, such as "PMNT/ICDT/SALA" or "NTRF"
    text: str = ""
    parts: int = 0  # how many `EntryPart`s stand before it


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementClosed:
    """The statement that was opened last ends."""

    position: int
    closing: int | None  # booked balance behind the last entry
    closes_on: date | None
    entries: int  # how many the bank sent in it, readable or not, whatever their status
    is_last_page: bool = True


StatementRecord = StatementOpened | EntryPart | StatementEntry | StatementClosed | Quarantined
