"""Reads single members into values; every fault becomes a finding, none stops the reading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple, TypeVar

from disburse.domain import money
from disburse.domain.finding import Code
from disburse.domain.identity import mask_account, mask_id, mask_mobile, mask_name, mask_text
from disburse.sheetfile.columns import Column
from disburse.sheetfile.draft import Findings

Members = Mapping[str, object]
T = TypeVar("T")

# Most texts and amounts of a sheet come again and again: read once, kept once.
_REMEMBERED_MAX: Final = 20_000
_COUNT_MAX: Final = 1_000_000
_YEARS: Final = range(2000, 2200)  # a typing mistake outside; every offset from UTC fits inside

_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,2})?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MONTH: Final = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_FORMULA_STARTS: Final = ("=", "+", "-", "@")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_MASKS: Final = {
    "name": mask_name,
    "id_number": mask_id,
    "account": mask_account,
    "mobile": mask_mobile,
}
_TYPE_NAMES: Final = {
    str: "text", bool: "true or false", int: "a number", dict: "an object", list: "an array",
}  # fmt: skip


class Unquoted(NamedTuple):
    """A JSON number that is not a small whole one, as it was written; never a float."""

    text: str


class Repeated(dict[str, object]):
    """A JSON object in which a member stands twice; two parsers would see two amounts."""

    names: tuple[str, ...] = ()


def masked(column: str, text: str) -> str:
    """Return what a finding may show of `text` in that column."""
    return _MASKS.get(column, mask_text)(text)


class Fields:
    """Reads the members of one row after the other; remembers where it is and what it found."""

    def __init__(self, findings: Findings, currency: str) -> None:
        self.findings = findings
        self.currency = currency
        self.line: int | None = None
        self.row: int | None = None
        self.told: frozenset[str] = frozenset()  # columns of this row with a finding already
        self._amounts: dict[str, int] = {}
        self._texts: dict[tuple[str, str], str] = {}

    def refuse(self, code: Code, column: str, value: str = "", **facts: object) -> None:
        """Add a finding about this row, unless its cell has one already."""
        if column not in self.told:
            self.findings.refuse(code, column, value, line=self.line, row=self.row, facts=facts)

    def unknown(self, members: Members, known: frozenset[str]) -> None:
        """Refuse members that stand twice, and members that no sheet has."""
        if isinstance(members, Repeated):
            for name in members.names:
                self.refuse(Code.REPEATED_FIELD, mask_text(name))
        if not known.issuperset(members):
            for name in members:
                if name not in known:
                    self.refuse(Code.UNKNOWN_FIELD, mask_text(name))

    def text(self, members: Members, column: Column) -> str:
        """Read plain text without blanks around it; "" when it is absent and may be."""
        raw = self._string(members, column)
        text = raw.strip()
        if not text:
            if raw:  # nothing but blanks
                self._missing(column)
            return ""
        if len(text) > column.limit or not (text.isprintable() or _is_visible(text)):
            self.refuse(Code.BAD_TEXT, column.name, masked(column.name, text), limit=column.limit)
        elif text.startswith(_FORMULA_STARTS):
            self.refuse(Code.FORMULA, column.name, masked(column.name, text))
        return text

    def shared(self, members: Members, column: Column) -> str:
        """Read text that many lines have in common; one copy is kept."""
        raw = members.get(column.name)
        if raw is None or type(raw) is not str:
            return self.text(members, column)
        key = (column.name, raw)
        known = self._texts.get(key)
        if known is not None:
            return known
        before = self.findings.total
        text = self.text(members, column)
        if self.findings.total == before and len(self._texts) < _REMEMBERED_MAX:
            self._texts[key] = text
        return text

    def amount(self, members: Members, column: Column) -> int | None:
        """Read money into minor units; None when it is absent and may be, or is no money."""
        return self.money(members.get(column.name), column)

    def money(self, raw: object, column: Column) -> int | None:
        """Read decimal text into minor units, by the one rule of `domain.money`."""
        if type(raw) is not str:
            if raw is None:
                self._missing(column)
            else:
                self._wrong_type(raw, column, 'text such as "6500.00"')
            return None
        known = self._amounts.get(raw)
        if known is not None:
            return known
        try:
            minor = money.parse(raw, self.currency)
        except money.MoneyRefused:
            code = Code.NEGATIVE if raw.startswith("-") else Code.BAD_AMOUNT
            self.refuse(code, column.name, mask_text(raw), currency=self.currency)
            return None
        if len(self._amounts) < _REMEMBERED_MAX:
            self._amounts[raw] = minor
        return minor

    def decimal(self, members: Members, column: Column) -> str:
        """Read days, hours or a quantity: decimal text with at most two places."""
        raw = self._string(members, column)
        if raw and _DECIMAL.fullmatch(raw) is None:
            self.refuse(
                Code.BAD_NUMBER, column.name, mask_text(raw), wanted="a plain decimal such as 21.5"
            )
        return raw

    def count(self, members: Members, column: Column, *, least: int = 1) -> int:
        """Read a whole number from `least` to a million."""
        raw = members.get(column.name)
        if type(raw) is int and least <= raw <= _COUNT_MAX:
            return raw
        if raw is None:
            self._missing(column)
        else:
            value = raw.text if isinstance(raw, Unquoted) else str(raw)
            wanted = f"a whole number from {least} to {_COUNT_MAX}"
            self.refuse(Code.BAD_NUMBER, column.name, mask_text(value), wanted=wanted)
        return least

    def flag(self, members: Members, column: Column) -> bool:
        """Read true or false; absent is false."""
        raw = members.get(column.name)
        if raw is not None and type(raw) is not bool:
            self._wrong_type(raw, column, "true or false")
        return raw is True

    def choice(self, members: Members, column: Column, choices: Mapping[str, T]) -> T | None:
        """Read one of `choices`; None when it is absent and may be, or is none of them."""
        raw = self._string(members, column)
        found = choices.get(raw)
        if found is None and raw:
            names = ", ".join(choices)
            self.refuse(Code.BAD_CHOICE, column.name, mask_text(raw), choices=names)
        return found

    def day(self, members: Members, column: Column) -> date | None:
        """Read a calendar date, such as 2026-07-31."""
        return self._calendar(members, column, _DATE, "", "2026-07-31")

    def month(self, members: Members, column: Column) -> date | None:
        """Read a month, such as 2026-07, as its first day."""
        return self._calendar(members, column, _MONTH, "-01", "2026-07")

    def instant(self, members: Members, column: Column) -> datetime | None:
        """Read a date, time and offset from UTC, such as 2026-07-31T18:00+08:00."""
        raw = self._string(members, column)
        if not raw:
            return None
        try:
            instant = datetime.fromisoformat(raw)
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None or instant.year not in _YEARS:
            self._bad_date(column, raw, "2026-07-31T18:00+08:00")
            return None
        return instant

    def digest(self, members: Members, column: Column) -> str:
        """Read a SHA-256 in hexadecimal, in small letters; "" when absent."""
        raw = self._string(members, column)
        if raw and _DIGEST.fullmatch(raw) is None:
            self.refuse(Code.BAD_TEXT, column.name, mask_text(raw), limit=column.limit)
        return raw.lower()

    def group(self, members: Members, name: str) -> Members:
        """Read an object inside this one; {} when absent."""
        raw = members.get(name)
        if raw is None:
            return {}
        if not isinstance(raw, dict):
            self.refuse(Code.WRONG_TYPE, name, type_name(raw), wanted=_TYPE_NAMES[dict])
            return {}
        return raw

    def texts(self, members: Members, column: Column) -> tuple[str, ...]:
        """Read an array of plain texts; () when absent."""
        raw = members.get(column.name)
        if raw is None:
            return ()
        if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
            self._wrong_type(raw, column, "an array of texts")
            return ()
        return tuple(self.text({column.name: one}, column) for one in raw)

    def _string(self, members: Members, column: Column) -> str:
        raw = members.get(column.name)
        if type(raw) is str and raw:
            return raw
        if raw is None or raw == "":
            self._missing(column)
        else:
            self._wrong_type(raw, column, _TYPE_NAMES[str])
        return ""

    def _calendar(
        self, members: Members, column: Column, form: re.Pattern[str], tail: str, wanted: str
    ) -> date | None:
        raw = self._string(members, column)
        if not raw:
            return None
        try:
            found = date.fromisoformat(raw + tail)
        except ValueError:
            found = None
        if found is None or found.year not in _YEARS or form.fullmatch(raw) is None:
            self._bad_date(column, raw, wanted)
            return None
        return found

    def _missing(self, column: Column) -> None:
        if column.required:
            self.refuse(Code.MISSING_FIELD, column.name)

    def _bad_date(self, column: Column, raw: str, wanted: str) -> None:
        self.refuse(Code.BAD_DATE, column.name, mask_text(raw), wanted=wanted)

    def _wrong_type(self, raw: object, column: Column, wanted: str) -> None:
        self.refuse(Code.WRONG_TYPE, column.name, type_name(raw), wanted=wanted)


def type_name(raw: object) -> str:
    """Return what a person calls the type of a JSON value."""
    return _TYPE_NAMES.get(type(raw), "a number" if isinstance(raw, Unquoted) else "null")


def _is_visible(text: str) -> bool:
    """Allow what `str.isprintable` does not know yet: characters younger than this Python.

    Controls, direction marks and zero-width characters make two names look alike; half a
    surrogate pair is no character at all. Private-use characters are the banks' to judge.
    """
    return all(unicodedata.category(character) not in _INVISIBLE for character in text)
