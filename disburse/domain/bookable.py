"""From what a bank's file of statements says to what the ledger books; decides nothing by guessing.

Only booked entries of whole statements of one account count. An interim report or a notice tells
the same entries again in its statement, so it is never booked. What cannot be read, a missing page
or a missing balance stops the account's statement: half a statement would not add up anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from disburse.domain.answer import Quarantined
from disburse.domain.reference import attempt_of
from disburse.domain.statement import Entry, Statement, StatementBroken
from disburse.domain.statement_record import (
    EntryPart,
    EntryStatus,
    StatementClosed,
    StatementEntry,
    StatementKind,
    StatementOpened,
    StatementRecord,
)

ENTRIES_MAX: Final = 20_000  # in one file: a month of single bookings on the largest site
NUL: Final = "\0"  # the one character that PostgreSQL cannot store


class NothingToBook(StatementBroken):
    """The file has no whole statement of the account."""

    code = "nothing-to-book"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookable:
    """What of a file can be booked, in its order, and how much of it is none of the ledger's."""

    statements: Sequence[Statement]
    not_booked: int  # entries that are pending, informative, or of nothing
    passed_over: int  # statements of other accounts, interim reports and notices


@dataclass(slots=True)
class _Open:
    """A statement of the account while its records come in, page after page."""

    begun: StatementOpened
    entries: list[StatementEntry] = field(default_factory=list)
    parts: list[EntryPart] = field(default_factory=list)


def bookable(records: Iterable[StatementRecord], *, account: str, currency: str) -> Bookable:
    """Return the statements of `account` (its number, blanks aside), pages put together.

    Raises `NothingToBook` when there is none, `StatementBroken` where one cannot be booked whole.
    """
    reading = _Reading(_plain(account), currency)
    for record in records:
        reading.take(record)
    return reading.result()


class _Reading:
    def __init__(self, account: str, currency: str) -> None:
        self.account, self.currency = account, currency
        self.open: _Open | None = None  # also between two pages
        self.ours = False  # the records now coming are of the account's statement
        self.statements: list[Statement] = []
        self.not_booked = self.passed_over = self.moves = 0
        self.unread: list[str] = []

    def take(self, record: StatementRecord) -> None:
        if isinstance(record, StatementOpened):
            self._begin(record)
        elif isinstance(record, Quarantined):
            if self.ours or self.open is None:
                self.unread.append(f"record {record.position}: {record.reason}")
        elif not self.ours or self.open is None:
            return
        elif isinstance(record, EntryPart):
            self.open.parts.append(record)
        elif isinstance(record, StatementEntry):
            self._entry(self.open, record)
        else:
            self._close(self.open, record)

    def result(self) -> Bookable:
        if self.unread:
            shown = "; ".join(self.unread[:3])
            raise StatementBroken(
                f"{len(self.unread)} record(s) cannot be read, so it cannot be booked: {shown}",
                unread=tuple(self.unread),
            )
        if self.open is not None:
            raise StatementBroken("its last page is missing: send all pages in one file")
        if not self.statements:
            raise NothingToBook(
                "there is no whole statement of this project's account in it "
                f"({self.passed_over} of other accounts, interim reports or notices)"
            )
        return Bookable(
            statements=tuple(self.statements),
            not_booked=self.not_booked,
            passed_over=self.passed_over,
        )

    def _begin(self, begun: StatementOpened) -> None:
        self.ours = _plain(begun.account) == self.account and begun.kind is StatementKind.STATEMENT
        if not self.ours:
            self.passed_over += 1
        elif begun.currency != self.currency:
            raise StatementBroken(
                f"it is in {begun.currency[:10]!r}, the account in {self.currency}"
            )
        elif self.open is None:
            self.open = _Open(begun)
        elif self.open.begun.reference != begun.reference:
            raise StatementBroken("its last page is missing: send all pages in one file")

    def _entry(self, open_: _Open, entry: StatementEntry) -> None:
        parts, open_.parts = open_.parts, []
        if entry.status is not EntryStatus.BOOKED or not entry.amount:
            self.not_booked += 1
            return
        before = len(open_.entries)
        open_.entries += _moves(entry, parts)
        self.moves += len(open_.entries) - before
        if self.moves > ENTRIES_MAX:
            raise StatementBroken(f"it has more than {ENTRIES_MAX} entries; send fewer days")

    def _close(self, open_: _Open, closed: StatementClosed) -> None:
        self.ours = False
        if not closed.is_last_page:
            return
        begun, closing, closes_on = open_.begun, closed.closing, closed.closes_on
        if begun.opening is None or closing is None or closes_on is None:
            raise StatementBroken("it does not tell its opening and closing balance")
        reference = _storable(begun.reference or f"{closes_on:%Y%m%d}")
        entries = list(_ledger_entries(open_.entries, reference, closes_on))
        self.statements.append(
            Statement(
                reference=reference,
                closes_on=closes_on,
                opening=begun.opening,
                closing=closing,
                entries=entries,
            )
        )
        self.open = None


def _moves(entry: StatementEntry, parts: Sequence[EntryPart]) -> Iterator[StatementEntry]:
    """Yield the entry, or each of its movements where these are told whole.

    A file that was booked at once stays one entry, with how many it was: our reference or its sum
    and count tell which. Returns that were booked at once do not: each is another payment's.
    """
    amounts = [part.amount for part in parts]
    unnamed = not any(part.payment_reference or part.file_reference for part in parts)
    ours_at_once = entry.amount < 0 and (entry.file_reference or unnamed)
    told = None not in amounts and sum(filter(None, amounts)) == entry.amount
    if ours_at_once or not parts or not told or 0 in amounts:
        many = len(parts) if len(parts) > 1 else None
        yield replace(entry, batch_count=entry.batch_count or many)
        return
    for number, part in enumerate(parts, start=1):
        yield replace(
            entry,
            amount=part.amount or 0,
            reference=part.reference or (entry.reference and f"{entry.reference}/{number}"),
            payment_reference=part.payment_reference,
            file_reference=part.file_reference,
            counterparty_account=part.counterparty_account,
            return_reason=part.return_reason,
            text=part.text or entry.text,
            batch_count=None,
        )


def _ledger_entries(
    entries: Iterable[StatementEntry], statement: str, closes_on: date
) -> Iterator[Entry]:
    """Yield what the ledger keeps of each; one without a name is named by its place."""
    seen: set[str] = set()
    for place, entry in enumerate(entries, start=1):
        reference = _storable(entry.reference)
        if not reference or reference in seen:
            reference = f"{statement}#{place}"
        seen.add(reference)
        yield Entry(
            reference=reference,
            amount=entry.amount,
            booked_on=entry.booked_on or closes_on,
            names=_ours(entry),
            counterparty=_storable(_plain(entry.counterparty_account)),
            text=_storable(" ".join(filter(None, (entry.return_reason, entry.text)))),
            corrects=entry.is_reversal,
            count=entry.batch_count,
        )


def _ours(entry: StatementEntry) -> str:
    """Return the reference that may be ours: a payment's own before that of its file."""
    if attempt_of(entry.payment_reference) is not None:
        return entry.payment_reference
    return _storable(entry.file_reference or entry.payment_reference)


def _plain(account: str) -> str:
    return "".join(account.split())


def _storable(words: str) -> str:
    return words.replace(NUL, "\N{REPLACEMENT CHARACTER}")
