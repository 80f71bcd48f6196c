"""Reads BAI2, the cash management balance report of banks in the United States.

Records and type codes: BAI's technical reference, version 2. Codes 100 to 399 are credits, 400 to
699 debits, 920 to 959 a bank's own credits, 960 to 999 its own debits. Control totals are proved: a
file that does not add up was damaged on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final, NamedTuple

from adapters._statements.bai2_fields import (
    Control,
    balances_of,
    day_of,
    field,
    logical_records,
    transaction_of,
)
from disburse.adapter import (
    EntryStatus,
    Quarantined,
    StatementClosed,
    StatementEntry,
    StatementKind,
    StatementOpened,
    StatementRecord,
    UnreadableStatement,
)

_TO_BE_BOOKED: Final = "1"  # the group's status "update"; 2 deletes, 3 corrects, 4 is a test
_FINAL: Final = frozenset({"", "2", "4"})  # as-of-date modifiers; 1 and 3 are interim
_USUAL_CURRENCY: Final = "USD"
_CREDITS: Final = (range(100, 400), range(920, 960))
_DEBITS: Final = (range(400, 700), range(960, 1000))
_OPENING_LEDGER, _CLOSING_LEDGER = "010", "015"


class _Group(NamedTuple):
    """Record 02."""

    on: date
    currency: str
    kind: StatementKind
    counts: bool  # what it says is to be booked


_Take = Callable[[list[str]], StatementRecord | None]


def read_statement(content: bytes) -> Iterator[StatementRecord]:
    """Yield the records of every account in the file, or raise `UnreadableStatement`."""
    yield from _Reading().records(content)


class _Reading:
    """What was read so far; entries are handed over, never kept."""

    def __init__(self) -> None:
        self.position = 0
        self.file_number = ""  # of the file on its day
        self.group: _Group | None = None
        self.in_account = False
        self.closing: int | None = None
        self.entries = 0
        self.controls = [Control(), Control(), Control()]  # of the account, the group, the file
        self.ended = False
        self._beginning: dict[str, _Take] = {
            "01": self._begin_file,
            "02": self._begin_group,
            "03": self._open,
        }
        self._inside: dict[str, _Take] = {
            "16": self._entry,
            "49": self._close,
            "98": self._end_group,
            "99": self._end_file,
        }

    def records(self, content: bytes) -> Iterator[StatementRecord]:
        for code, fields, records in logical_records(content):
            if self.ended or (code == "01") is bool(self.file_number):
                raise UnreadableStatement("the file begins twice, or goes on behind its end")
            if code in self._beginning:
                told = self._beginning[code](fields)
                self._count(records)
            elif code in self._inside:
                self._count(records)
                told = self._inside[code](fields)
            else:
                raise UnreadableStatement(f"a record begins with {code[:10]!r}")
            if told is not None and (self.group is None or self.group.counts or code == "02"):
                self.position += 1
                yield replace(told, position=self.position)
        if not (self.ended and self.controls[2].parts):
            raise UnreadableStatement("this is no whole BAI2 file")

    def _count(self, records: int) -> None:
        for control in self.controls:
            control.records += records

    def _begin_file(self, fields: list[str]) -> None:
        self.file_number = field(fields, 4) or "0"

    def _begin_group(self, fields: list[str]) -> StatementRecord | None:
        if self.group is not None:
            raise UnreadableStatement("a group begins inside another")
        final = field(fields, 6) in _FINAL
        self.group = _Group(
            on=day_of(field(fields, 3)),
            currency=field(fields, 5) or _USUAL_CURRENCY,
            kind=StatementKind.STATEMENT if final else StatementKind.INTERIM,
            counts=field(fields, 2) == _TO_BE_BOOKED,
        )
        self.controls[1] = Control()
        if self.group.counts:
            return None
        reason = f"the group of {self.group.on} corrects another, or is a test: ask the bank"
        return Quarantined(position=0, reason=reason)

    def _open(self, fields: list[str]) -> StatementOpened:
        if self.group is None or self.in_account:
            raise UnreadableStatement("an account stands outside a group, or inside another")
        balances, moved = balances_of(fields[2:])
        self.controls[0] = Control()
        self.controls[0].total = moved
        self.in_account, self.entries = True, 0
        self.closing = balances.get(_CLOSING_LEDGER)
        return StatementOpened(
            position=0,
            reference=f"{self.group.on:%Y%m%d}-{self.file_number}",
            kind=self.group.kind,
            account=field(fields, 0),
            currency=field(fields, 1) or self.group.currency,
            opening=balances.get(_OPENING_LEDGER),
            opens_on=self.group.on,
        )

    def _entry(self, fields: list[str]) -> StatementRecord:
        if self.group is None or not self.in_account:
            raise UnreadableStatement("an entry stands outside any account")
        one = transaction_of(fields)
        self.controls[0].total += one.amount
        self.entries += 1
        sign = _sign(one.code)
        if not sign:
            reason = f"entry {self.entries}: type {one.code[:3]!r} is neither credit nor debit"
            return Quarantined(position=0, reason=reason)
        return StatementEntry(
            position=0,
            amount=sign * one.amount,
            status=EntryStatus.BOOKED,
            booked_on=self.group.on,
            reference=one.bank_reference,
            payment_reference=one.our_reference,
            file_reference=one.our_reference,
            code=one.code,
            text=one.text,
        )

    def _close(self, fields: list[str]) -> StatementClosed:
        if self.group is None or not self.in_account:
            raise UnreadableStatement("an account ends that did not begin")
        account, group, _ = self.controls
        account.require("an account", fields, with_parts=False)
        group.total += account.total
        group.parts += 1
        self.in_account = False
        return StatementClosed(
            position=0,
            closing=self.closing,
            closes_on=self.group.on,
            entries=self.entries,
        )

    def _end_group(self, fields: list[str]) -> None:
        _, group, file = self.controls
        if self.in_account or self.group is None:
            raise UnreadableStatement("a group ends inside an account, or twice")
        group.require("a group", fields, with_parts=True)
        file.total += group.total
        file.parts += 1
        self.group = None

    def _end_file(self, fields: list[str]) -> None:
        if self.group is not None:
            raise UnreadableStatement("the file ends inside a group")
        self.controls[2].require("the file", fields, with_parts=True)
        self.ended = True


def _sign(code: str) -> int:
    number = int(code) if code.isascii() and code.isdigit() else 0
    if any(number in some for some in _CREDITS):
        return 1
    return -1 if any(number in some for some in _DEBITS) else 0
