"""What a bank adapter must do. Adapter authors need this module and nothing else of ours.

An adapter is pure: a batch goes in, bytes come out; a report or a statement goes in, records come
out. It opens no file, no socket and no clock, and asks nothing of the machine (time zone, language,
random numbers), so the same batch always gives the same bytes. It refuses rather than cuts,
transliterates or rounds; where a bank needs Latin names it writes the worker's `latin_name`, or
refuses the line. How bytes travel is none of its business.

What it refuses, it refuses by a `Refusal` of this module, whatever bytes or texts come in: any
other exception is a defect. Its words never repeat a name or an account: they go into logs.

Memory: `render` and `read_back` work in pieces and hold none of the file. A report or statement
comes as bytes, of which the service takes 64 MiB at most (`REPORT_BYTES_MAX`); beyond them, what a
reader keeps must not grow with the number of records. What a reader cannot make sense of it hands
over as `Quarantined` with position and reason, and goes on.

Read the records in the order of your work: `Capabilities` (`disburse/domain/capabilities.py`, with
`promise.py` beside it) says what you declare, `disburse/domain/answer.py` and `result.py` what a
report comes down to, `disburse/domain/statement_record.py` what a statement does, and only where an
authority wants to know what wages are made of, `wage.py`. Import them all from here.

It is announced by an entry point of the group "disburse.adapters": a callable `make(name,
profile)` that returns an `Adapter`. `profile` is None, or the mapping of a TOML file when the
operator enables "NAME:PROFILE"; `disburse.banks` reads that file from the operator's folder, or
from the folder `profiles` that a distribution ships in the top package of its entry point; its key
`adapter` says NAME. `make` checks the whole profile, or raises `BadProfile`.

`disburse certify NAME` tries an announced adapter on all of this; one that optionally writes its
bank's answers (`BankDouble`), on damaged answers, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, runtime_checkable

from disburse.domain.answer import FileAnswer, PaymentAnswer, Quarantined, Record
from disburse.domain.capabilities import Capabilities, CutOff
from disburse.domain.money import parse as parse_money
from disburse.domain.money import write as write_money
from disburse.domain.promise import Answers, Confidence, Numbering, Silence
from disburse.domain.refusal import Refusal
from disburse.domain.result import Result
from disburse.domain.statement_record import (
    EntryPart,
    EntryStatus,
    StatementClosed,
    StatementEntry,
    StatementKind,
    StatementOpened,
    StatementRecord,
)
from disburse.domain.wage import Wage

__all__ = [
    "Account", "Adapter", "Answers", "BadProfile", "BankDouble", "Batch", "Capabilities",
    "Confidence", "CutOff", "EntryPart", "EntryStatus", "ExampleAnswer", "Fault", "FileAnswer",
    "Head", "Make", "NoStatements", "Numbering", "Payment", "PaymentAnswer", "Quarantined",
    "Record", "Refusal", "Result", "Silence", "StatementClosed", "StatementEntry", "StatementKind",
    "StatementOpened", "StatementRecord", "UnreadableFile", "UnreadableReport",
    "UnreadableStatement", "Unrenderable", "Wage", "parse_money", "write_money",
]  # fmt: skip


class Unrenderable(Refusal):
    """The bank's format cannot carry the batch.

    `facts["faults"]` lists every bad field as a pair of the reference that it belongs to and its
    `Fault`; `()` where no field is to blame: `Unrenderable("why", faults=((reference, fault),))`.
    """

    code = "unrenderable"


class UnreadableReport(Refusal):
    """The bank's report is damaged as a whole, or is not this bank's."""

    code = "unreadable-report"


class UnreadableStatement(Refusal):
    """The bank's statement is damaged as a whole, or is in another format."""

    code = "unreadable-statement"


class NoStatements(UnreadableStatement):
    """The adapter reads no statements: its `Capabilities.statements` is empty."""

    code = "no-statements"


class UnreadableFile(Refusal):
    """The bytes are not a file that this adapter wrote."""

    code = "unreadable-file"


class BadProfile(Refusal):
    """A profile is not what its adapter can use; the message names the key and what it wants."""

    code = "bad-profile"


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
    wage: Wage | None = None  # only for formats whose `needs` say so: nobody else is told


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
    period: date | None = None  # the pay month, as its first day
    employer: str = ""  # registration number of who owes the wages


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a bank file says of itself as a whole; the format may leave some of it out."""

    reference: str | None = None  # the `Batch.reference`
    sequence: int | None = None
    pay_on: date | None = None
    currency: str | None = None
    debtor_number: str | None = None  # the `Account` that pays
    debtor_holder: str | None = None
    debtor_bank_code: str | None = None
    count: int | None = None
    total: int | None = None  # minor units
    period: date | None = None
    employer: str | None = None

    @classmethod
    def of(cls, batch: Batch) -> Head:
        """Return everything that a file of `batch` may say of itself."""
        return cls(
            reference=batch.reference,
            sequence=batch.sequence,
            pay_on=batch.pay_on,
            currency=batch.currency,
            debtor_number=batch.debtor.number,
            debtor_holder=batch.debtor.holder,
            debtor_bank_code=batch.debtor.bank_code,
            count=batch.count,
            total=batch.total,
            period=batch.period,
            employer=batch.employer,
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """A field of a payment that this bank would refuse."""

    field: str  # name of the `Payment` field
    code: str  # "too-long", "charset", "missing", "bad-account", "bad-bank-code", "amount"
    detail: str  # what to do about it; never repeats the whole value


class Adapter(Protocol):
    """Turns a batch into one bank's file, and that bank's report into records."""

    @property
    def name(self) -> str:
        """Return the entry point's name, with ":profile" behind it where it has one."""
        ...

    @property
    def version(self) -> str:
        """Return what is stored with every file; other bytes for a batch, other version."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Return what the format can carry and its bank promises."""
        ...

    def file_name(self, batch: Batch) -> str:
        """Return the name that the bank wants; depends on the batch only."""
        ...

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why this bank would refuse `payment`; () when it would not.

        Asked when a sheet comes in, before anybody approves it, so that a bad line is known while
        its sender can still mend it; the `Payment.reference` is another one then, of the same form.
        It looks at all that the bank looks at: fields that are needed, lengths (in bytes of the
        charset, where the bank counts bytes), characters, check digits, bank codes, the currency,
        amounts from 1 to `amount_max`, and the format's own separators and blanks at either end.
        What it passes, `render` writes whole and `read_back` returns unchanged; what it does not,
        `render` refuses. It never raises.
        """
        ...

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Yield the file in pieces, or raise `Unrenderable`, also after pieces: no file then.

        It refuses payments that `preflight` faults, a currency that it does not declare, none or
        more than `payments_max` payments, payments that are not the batch's `count` and `total`,
        a reference that is not of the form that `Batch` tells, a `created` without a zone, and what
        the format cannot hold of the paying account. It holds neither file nor payments: a header
        has count and sum from the batch. A file ends in a way that shows whether it was cut, by a
        trailer or by the count in its header.
        """
        ...

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`.

        Yields one `Head`, wherever the format puts it, and the payments in file order, with ""
        for the fields that the format does not carry. Its own reading, not the writer's
        bookkeeping: the core compares every field in `carries` and `states`, count and sum with
        what was approved before it lets the file go.
        """
        ...

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read the bank's answer record by record, or raise `UnreadableReport`.

        One record that makes no sense (an unknown code, a bad amount) is `Quarantined`, and the
        others count; a wrong count, sum or form of the whole is the refusal. It may come after
        records: the core collects them all before any of them counts. Codes come down to `Result`;
        of one that is not known nothing is guessed. Another bank's file, an empty one and one of
        our own are refused.
        """
        ...

    def read_statement(self, content: bytes) -> Iterator[StatementRecord]:
        """Read the bank's account statements record by record, or raise `UnreadableStatement`.

        Raises `NoStatements` where `Capabilities.statements` is empty. As with reports, the refusal
        may come after records. What an adapter hands over need not add up: the core checks opening,
        entries and closing, whether statements follow each other, and what was booked before.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleAnswer:
    """What an invented bank answers to a batch; the certification kit makes it wrong on purpose."""

    batch: Batch
    rows: tuple[tuple[Payment, Result], ...]  # in this order; may repeat or contradict each other
    count: int  # what the report states of its rows, where the format has a place for it
    total: int  # minor units, likewise
    whole: Result | None = None  # what it says of the whole file; None: nothing, or "in part"


@runtime_checkable
class BankDouble(Protocol):
    """An adapter that also plays its bank, so that `disburse certify` can damage its answers."""

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write the report exactly as told, with amounts and references wherever they have a place.

        Raises `Unrenderable` for a result that the bank's format has no word for.
        """
        ...


Make = Callable[[str, Mapping[str, object] | None], Adapter]  # what an entry point is
