"""What a bank adapter must do. Adapter authors need this module and nothing else of ours.

An adapter is pure: a batch goes in, bytes come out; a report goes in, records come out. It opens
no file, no socket and no clock, so the same batch always gives the same bytes. It refuses rather
than cuts, transliterates or rounds. How bytes travel is none of its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from disburse.domain.money import parse as parse_money
from disburse.domain.money import write as write_money
from disburse.domain.refusal import Refusal

__all__ = [
    "Account",
    "Adapter",
    "Answers",
    "Batch",
    "Capabilities",
    "Confidence",
    "Fault",
    "FileAnswer",
    "Payment",
    "PaymentAnswer",
    "Quarantined",
    "Record",
    "Refusal",
    "Result",
    "Silence",
    "UnreadableFile",
    "UnreadableReport",
    "Unrenderable",
    "parse_money",
    "write_money",
]


class Unrenderable(Refusal):
    """The bank's format cannot carry the batch; `facts["faults"]` lists every bad field."""

    code = "unrenderable"


class UnreadableReport(Refusal):
    """The bank's report is damaged as a whole, or is not this bank's."""

    code = "unreadable-report"


class UnreadableFile(Refusal):
    """The bytes are not a file that this adapter wrote."""

    code = "unreadable-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account that pays: the project's special account."""

    holder: str
    number: str
    bank_code: str  # CNAPS number or BIC
    bank_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One payment to one worker, as the bank is told."""

    reference: str  # ours, unique for ever: ≤ 13 characters of 0-9A-Z
    name: str
    account: str
    bank_code: str  # "" when the paying bank finds it by the account number
    bank_name: str
    amount: int  # minor units of the batch's currency
    note: str  # what the worker reads on the own statement; may be ""
    latin_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Payments for one bank file: one account, one currency, one pay date.

    `payments` can be walked more than once and comes in file order; `count` and `total` (minor
    units) are what the approvers signed, so a writer needs no second pass to fill its header.
    """

    reference: str  # ours, unique for ever: ≤ 16 characters of 0-9A-Z
    sequence: int  # the file's number at this bank connection, from 1
    created: datetime  # UTC; decided when the batch was made, never read from a clock
    pay_on: date  # in the bank's zone
    currency: str
    debtor: Account
    count: int
    total: int
    payments: Iterable[Payment]


@dataclass(frozen=True, slots=True)
class Fault:
    """A field of a payment that this bank would refuse."""

    field: str  # name of the `Payment` field
    code: str  # "too-long", "charset", "missing", "bad-account", "bad-bank-code", "amount"
    detail: str  # what to do about it; never repeats the whole value


class Result(StrEnum):
    """What the bank says of a payment or of a whole file."""

    PENDING = "pending"  # seen, nothing decided: changes no state
    ACCEPTED = "accepted"  # the bank has it and means to pay it
    PAID = "paid"
    REJECTED = "rejected"  # not paid, and will not be
    RETURNED = "returned"  # paid, then it came back
    CANCELLED = "cancelled"  # taken back on our request: not paid, and will not be
    DUPLICATE = "duplicate"  # the bank has this already; never a rejection


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


class Silence(StrEnum):
    """What it means when an answered file does not name one of its payments."""

    NOTHING = "nothing"  # wait: only named payments move
    ACCEPTED = "accepted"  # the bank names rejections only


class Answers(StrEnum):
    """What the bank refuses when one payment is bad."""

    PER_PAYMENT = "per-payment"
    WHOLE_FILE = "whole-file"


class Confidence(StrEnum):
    """How sure the format's facts are."""

    CONFIRMED = "confirmed"  # official schema or bank guide, or tried at a bank
    UNCONFIRMED = "unconfirmed"  # secondary sources; the module's docstring names them


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the format can carry and what its bank promises; the core picks its path by these."""

    format: str  # such as "ISO 20022 pain.001.001.09"
    currencies: frozenset[str]
    charset: str  # a Python codec name, or a named ISO 20022 character set
    payments_max: int
    bytes_max: int
    amount_max: int  # minor units of one payment
    needs: frozenset[str] = field(
        default_factory=frozenset
    )  # `Payment` fields it cannot do without
    answers: Answers = Answers.PER_PAYMENT
    silence: Silence = Silence.NOTHING
    deduplicates: bool = False  # the bank recognises the same file sent twice
    confidence: Confidence = Confidence.UNCONFIRMED


class Adapter(Protocol):
    """Turns a batch into one bank's file, and that bank's report into records."""

    @property
    def name(self) -> str:
        """Return the entry point's name, with ":profile" behind it where it has one."""
        ...

    @property
    def version(self) -> str:
        """Return what is stored with every file; it changes when the same batch gives other bytes."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Return what the format can carry and its bank promises."""
        ...

    def file_name(self, batch: Batch) -> str:
        """Return the name that the bank wants; depends on the batch only."""
        ...

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why this bank would refuse `payment`; () when it would not."""
        ...

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`."""
        ...

    def read_back(self, content: Iterable[bytes]) -> Iterator[Payment]:
        """Read the payments of a file that `render` wrote, or raise `UnreadableFile`.

        Its own reading, not the writer's bookkeeping: the core compares every field, count and
        sum with what was approved before it lets the file go.
        """
        ...

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read the bank's answer record by record, or raise `UnreadableReport`."""
        ...
