"""Reads MT940, SWIFT's customer statement, also as banks send it without its envelope.

Fields: SWIFT's user handbook, category 9. What banks write into field 86 is their own; read are
the two customs that name our references: "EREF+..." inside "?20" subfields, and "/EREF/...".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from adapters._statements.mt940_entry import Balance, Line, balance_of, entry_of, line_of
from disburse.adapter import (
    Quarantined,
    Refusal,
    StatementClosed,
    StatementKind,
    StatementOpened,
    StatementRecord,
    UnreadableStatement,
)

_TAG: Final = re.compile(r":([0-9]{2}[A-Z]?):", re.ASCII)
_ENVELOPE: Final = re.compile(r"(?:\{[1235]:[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\{4:|-\}|\}|[\x01\x03])+")
_NUMBER: Final = re.compile(r"([0-9]{1,5})(?:/([0-9]{1,5}))?", re.ASCII)
_MESSAGE_ENDS: Final = frozenset({"-", "-}"})

Field = tuple[str, list[str]]  # tag and lines


def read_statement(content: bytes) -> Iterator[StatementRecord]:
    """Yield the records of every message in the file, or raise `UnreadableStatement`."""
    yield from _Reading().records(content)


class _Reading:
    """What was read so far; one entry with its words is kept until the next field."""

    def __init__(self) -> None:
        self.position = 0
        self.reference = self.account = self.number = ""
        self.page: int | None = None
        self.opening: Balance | None = None  # of the open statement
        self.entries = 0
        self.line: Line | None = None
        self.words: list[str] = []
        self.closed = 0

    def records(self, content: bytes) -> Iterator[StatementRecord]:
        for tag, lines in _fields(content):
            if tag == "86" and self.line is not None and not self.words:
                self.words = lines
                continue
            yield from self._entry()
            yield from self._field(tag, lines)
        yield from self._entry()
        if self.opening is not None:
            raise UnreadableStatement("the last statement has no closing balance: it was cut short")
        if not self.closed:
            raise UnreadableStatement("this is no MT940 account statement")

    def _field(self, tag: str, lines: list[str]) -> Iterator[StatementRecord]:
        said = lines[0].strip()
        if tag == "20":
            self._begin(said)
        elif tag == "25":
            self.account = said
        elif tag in {"28C", "28"}:
            self._numbered(said)
        elif tag in {"60F", "60M"}:
            yield self._open(said)
        elif tag == "61":
            yield from self._line(lines)
        elif tag in {"62F", "62M"}:
            yield self._close(said, is_last=tag == "62F")

    def _begin(self, said: str) -> None:
        if self.opening is not None:
            raise UnreadableStatement("a statement begins before the one before it was closed")
        self.reference, self.account, self.number, self.page = said, "", "", None

    def _numbered(self, said: str) -> None:
        match = _NUMBER.fullmatch(said)
        if match is None:
            raise UnreadableStatement("its field 28C is no statement number")
        self.number, self.page = match[1], int(match[2]) if match[2] else None

    def _open(self, said: str) -> StatementOpened:
        if self.opening is not None:
            raise UnreadableStatement("a statement is opened twice")
        self.opening = balance_of(said)
        self.entries = 0
        return StatementOpened(
            position=self._next(),
            # banks use one word in field 20 for every message; the number tells them apart
            reference="/".join(filter(None, (self.reference, self.number))),
            kind=StatementKind.STATEMENT,
            account=self.account,
            currency=self.opening.currency,
            opening=self.opening.amount,
            opens_on=self.opening.on,
            number=self.number,
            page=self.page,
        )

    def _line(self, lines: list[str]) -> Iterator[StatementRecord]:
        if self.opening is None:
            raise UnreadableStatement("an entry stands outside any statement")
        self.entries += 1
        try:
            self.line = line_of(lines, self.opening.currency)
        except Refusal as why:
            yield Quarantined(position=self._next(), reason=f"entry {self.entries}: {why.detail}")

    def _entry(self) -> Iterator[StatementRecord]:
        if self.line is not None:
            yield entry_of(self._next(), self.line, self.words)
        self.line, self.words = None, []

    def _close(self, said: str, *, is_last: bool) -> StatementClosed:
        if self.opening is None:
            raise UnreadableStatement("a statement is closed that was not opened")
        closing = balance_of(said)
        if closing.currency != self.opening.currency:
            raise UnreadableStatement("a statement opens in one currency and closes in another")
        self.opening = None
        self.closed += 1
        return StatementClosed(
            position=self._next(),
            closing=closing.amount,
            closes_on=closing.on,
            entries=self.entries,
            is_last_page=is_last,
        )

    def _next(self) -> int:
        self.position += 1
        return self.position


def _fields(content: bytes) -> Iterator[Field]:
    """Yield tag and lines of each field; what stands around the messages is left out."""
    tag, lines = "", [""]
    for raw in BytesIO(content):
        line = _decoded(raw).rstrip("\r\n")
        if line.startswith("{") or line in _MESSAGE_ENDS or "\x01" in line or "\x03" in line:
            line = _ENVELOPE.sub("", line)
            line = "" if line == "-" else line
        match = _TAG.match(line)
        if match:
            if tag:
                yield tag, lines
            tag, lines = match[1], [line[match.end() :]]
        elif line and tag:
            lines.append(line)
    if tag:
        yield tag, lines


def _decoded(raw: bytes) -> str:
    """Return the line's text: SWIFT's characters are ASCII, but banks' words are not always."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
