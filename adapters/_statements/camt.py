"""Reads account statements: camt.052, .053 and .054, versions .02 to .12, by local name.

052 is a day that goes on, 053 a closed period, 054 single entries. An entry that cannot be read is
quarantined; what stops the whole file is a document that is cut short, not well-formed, declares a
document type, or is another message. One movement at a time is in memory, however many entries a
statement or movements an entry has.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adapters._source import Source
from adapters._statements.camt_entry import EntryReader, Found, entry_of, sign_of
from adapters._statements.camt_head import Head, head_of
from adapters._xml import Damaged, Element, closed, forget, forget_some, local, text
from disburse.adapter import (
    Quarantined,
    Refusal,
    StatementClosed,
    StatementKind,
    StatementOpened,
    StatementRecord,
    UnreadableStatement,
)

_MESSAGES: Final = {
    "BkToCstmrStmt": StatementKind.STATEMENT,
    "BkToCstmrAcctRpt": StatementKind.INTERIM,
    "BkToCstmrDbtCdtNtfctn": StatementKind.NOTICE,
}
_STATEMENTS: Final = frozenset({"Stmt", "Rpt", "Ntfctn"})
_PARTS: Final = (*_MESSAGES, *_STATEMENTS, "Ntry", "TxDtls")


def read_statement(content: bytes) -> Iterator[StatementRecord]:
    """Yield the records of every statement in the file, or raise `UnreadableStatement`."""
    try:
        yield from _Reading(content).records()
    except Damaged as why:
        raise UnreadableStatement(
            f"the statement is damaged ({why}); fetch it from the bank again"
        ) from why


class _Reading:
    """What was read so far; entries are handed over, never kept."""

    def __init__(self, content: bytes) -> None:
        self.source = Source(content, "Ntry")
        self.position = 0
        self.head: Head | None = None  # of the open statement
        self.statements = 0
        self.entries = 0
        self.trees = 0  # entries that became elements
        self.first: Element | None = None  # movement of the open entry, until a second one comes
        self.parts = 0
        self.reader = EntryReader()

    def records(self) -> Iterator[StatementRecord]:
        """Walk the document; the parts that matter come when they are whole, inner ones first."""
        messages = 0
        for element in closed(self.source.pieces(), _PARTS):
            name = local(element)
            if name == "TxDtls":
                if self._is_further(element):
                    yield from self._movements(element)
            elif name == "Ntry":
                if self.head is None:
                    yield self._open(element)
                yield from self._entries(element)
            elif name in _STATEMENTS:
                yield from self._close(element)
            elif name in _MESSAGES:
                messages += 1
        if not messages or not self.statements:
            raise UnreadableStatement("this is no camt.052, camt.053 or camt.054 account statement")

    def _next(self) -> int:
        self.position += 1
        return self.position

    def _is_further(self, element: Element) -> bool:
        """Say whether a movement is not its entry's first, which waits to know if it is alone."""
        if self.first is None and not self.parts:
            self.first = element
            return False
        return True

    def _movements(self, element: Element) -> Iterator[StatementRecord]:
        """Hand over a movement of several in an entry, with the first one where it waits."""
        entry = _entry_around(element)
        if entry is None:
            return  # details of something else
        if self.first is not None and _entry_around(self.first) is not entry:
            self.first = element  # what waited were details of something else
            return
        if self.head is None:
            yield self._open(entry)
        sign = sign_of(text(entry, "CdtDbtInd"))
        for one in (self.first, element):
            if one is not None:
                self.parts += 1
                yield self.reader.part(self._next(), one, self._currency, sign)
                forget(one)
        self.first = None

    def _entries(self, element: Element) -> Iterator[StatementRecord]:
        """Hand over an entry, and those that stand behind it and are written like one before."""
        statement = element.getparent()
        is_own = statement is not None and local(statement) in _STATEMENTS
        found = self.reader.read(element, alone=is_own and not self.parts)
        yield self._entry(found, self.parts)
        self.first, self.parts = None, 0
        self.trees += 1
        forget_some(element, self.trees)
        for like_it in self.source.run(self.reader.lift) if is_own else ():
            yield self._entry(like_it, 0)

    def _entry(self, found: Found, parts: int) -> StatementRecord:
        self.entries += 1
        self.position += 1
        try:
            return entry_of(found, self.position, self._currency, parts)
        except Refusal as why:
            return Quarantined(position=self.position, reason=f"entry {self.entries}: {why.detail}")

    def _open(self, entry: Element) -> StatementOpened:
        statement = entry.getparent()
        if statement is None or local(statement) not in _STATEMENTS:
            raise UnreadableStatement("an entry stands outside any statement")
        self.head = head_of(statement)
        return self._opened(self.head)

    def _opened(self, head: Head) -> StatementOpened:
        return StatementOpened(
            position=self._next(),
            reference=head.reference,
            kind=_MESSAGES.get(head.message, StatementKind.NOTICE),
            account=head.account,
            currency=head.currency,
            opening=head.opening,
            opens_on=head.opens_on,
            number=head.number,
            page=head.page,
            is_copy=head.is_copy,
        )

    def _close(self, element: Element) -> Iterator[StatementRecord]:
        whole = head_of(element)
        if self.head is None:
            yield self._opened(whole)
        elif (whole.opening, whole.account) != (self.head.opening, self.head.account):
            raise UnreadableStatement("a statement tells its account or balance behind its entries")
        yield StatementClosed(
            position=self._next(),
            closing=whole.closing,
            closes_on=whole.closes_on,
            entries=self.entries,
            is_last_page=whole.is_last_page,
        )
        self.head, self.entries = None, 0
        self.reader.leave()
        self.statements += 1
        forget(element)

    @property
    def _currency(self) -> str:
        return "" if self.head is None else self.head.currency


def _entry_around(element: Element) -> Element | None:
    """Return the entry that a movement is part of."""
    details = element.getparent()
    entry = None if details is None else details.getparent()
    return entry if entry is not None and local(entry) == "Ntry" else None
