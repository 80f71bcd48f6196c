"""One bank's delimited files as it writes them down: every key checked before the first batch."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from adapters._keys import Keys
from adapters._profiled import digest
from disburse.adapter import (
    Answers,
    Capabilities,
    Confidence,
    Head,
    Payment,
    Refusal,
    Result,
    Silence,
    write_money,
)

ENCODINGS: Final = ("gb18030", "gbk", "gb2312", "big5", "utf-8", "ascii")
DELIMITERS: Final = ("|", ",", ";", "\t", "^", "~", "#")
LINE_ENDS: Final = {"crlf": b"\r\n", "lf": b"\n"}

PAYMENT_FIELDS: Final = frozenset(field.name for field in fields(Payment)) - {"wage"}
HEAD_FIELDS: Final = frozenset(field.name for field in fields(Head))
ROW_FIELDS: Final = PAYMENT_FIELDS | {"number"}
ROW_NEEDS: Final = frozenset({"reference", "account", "amount"})
ANSWER_ROW_FIELDS: Final = frozenset(
    {"number", "reference", "account", "name", "amount", "status", "reason", "text", "evidence",
     "date", "skip"}
)  # fmt: skip
ANSWER_HEAD_FIELDS: Final = frozenset(
    {"reference", "date", "status", "count", "total", "paid_count", "paid_total", "skip"}
)
_NAME_PARTS: Final = frozenset({"reference", "sequence", "pay_on"})
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)
_SAFE_LITERAL: Final = re.compile(r"[\x20-\x7e\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a line: a constant, or a field with its greatest width in bytes."""

    field: str  # "" for a constant
    constant: str = ""
    bytes_max: int = 0
    optional: bool = False
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How the bank's return file (回盘) looks: fields in order, "=X" for the constant X."""

    header: tuple[str, ...]
    row: tuple[str, ...]
    trailer: tuple[str, ...]
    statuses: Mapping[str, Result]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that differs from bank to bank."""

    version: str
    currency: str
    major: bool  # amounts with a decimal point; else whole minor units
    encoding: str
    delimiter: str
    line_end: bytes
    basic_dates: bool
    file_name: str
    header: tuple[Column, ...]
    row: tuple[Column, ...]
    trailer: tuple[Column, ...]
    answer: Answer
    capabilities: Capabilities


def load(name: str, mapping: Mapping[str, object]) -> Profile:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    keys = Keys(name, mapping)
    keys.one_of("adapter", ("delimited",))
    version, currency = keys.text("version"), keys.text("currency")
    try:
        write_money(1, currency)
    except Refusal as why:
        raise keys.wrong("currency", why.detail) from why
    encoding, delimiter = keys.one_of("encoding", ENCODINGS), keys.one_of("delimiter", DELIMITERS)
    amounts = keys.one_of("amounts", ("major", "minor"))
    line_end = LINE_ENDS[keys.one_of("line_end", tuple(LINE_ENDS))]
    dates = keys.one_of("dates", ("basic", "extended"))
    header = _columns(keys, "header", HEAD_FIELDS, delimiter)
    row = _columns(keys, "row", ROW_FIELDS, delimiter)
    trailer = _columns(keys, "trailer", HEAD_FIELDS, delimiter, may_be_empty=True)
    states = frozenset(column.field for column in (*header, *trailer) if column.field)
    keys.has("header", states, frozenset({"reference", "count", "total"}))
    keys.has("row", {column.field for column in row}, ROW_NEEDS)
    profile = Profile(
        version=f"{version}-{digest(mapping)}",
        currency=currency,
        major=amounts == "major",
        encoding=encoding,
        delimiter=delimiter,
        line_end=line_end,
        basic_dates=dates == "basic",
        file_name=_file_name(keys),
        header=header,
        row=row,
        trailer=trailer,
        answer=_answer(keys.inside("answer"), delimiter),
        capabilities=_capabilities(
            keys, currency=currency, encoding=encoding, row=row, states=states
        ),
    )
    keys.none_left()
    return profile


def _capabilities(
    keys: Keys, *, currency: str, encoding: str, row: tuple[Column, ...], states: frozenset[str]
) -> Capabilities:
    carries = {column.field for column in row} & PAYMENT_FIELDS
    return Capabilities(
        format=f"delimited: {keys.text('title')}",
        currencies=frozenset({currency}),
        charset=encoding,
        payments_max=keys.number("payments_max"),
        bytes_max=keys.number("bytes_max"),
        amount_max=keys.number("amount_max"),
        carries=frozenset(carries),
        states=states,
        needs=frozenset(c.field for c in row if not c.optional) & carries,
        file_names=keys.text("file_name"),
        reports=("delimited return file",),
        answers=keys.member("answers", Answers),
        silence=keys.member("silence", Silence),
        deduplicates=keys.switch("deduplicates"),
        confidence=keys.member("confidence", Confidence),
    )


def _columns(
    keys: Keys, key: str, known: frozenset[str], delimiter: str, *, may_be_empty: bool = False
) -> tuple[Column, ...]:
    """Read one line's columns; every field of `known` at most once, every constant harmless."""
    columns = []
    for inside in keys.tables(key):
        if inside.holds("constant"):
            column = Column(field="", constant=_constant(inside, "constant", delimiter))
        else:
            pattern = inside.text("pattern") if inside.holds("pattern") else ""
            column = Column(
                field=inside.one_of("field", tuple(sorted(known))),
                bytes_max=inside.number("bytes"),
                optional=inside.holds("optional") and inside.switch("optional"),
                pattern=inside.regex("pattern", pattern) if pattern else None,
            )
        inside.none_left()
        columns.append(column)
    named = [column.field for column in columns if column.field]
    if len(set(named)) != len(named):
        raise keys.wrong(key, "each field at most once")
    if not named and not may_be_empty:
        raise keys.wrong(key, "a list of columns")
    return tuple(columns)


def _constant(keys: Keys, key: str, delimiter: str) -> str:
    constant = keys.text(key)
    if delimiter in constant or _SAFE_LITERAL.fullmatch(constant) is None:
        raise keys.wrong(key, "printable text without the delimiter")
    return constant


def _answer(keys: Keys, delimiter: str) -> Answer:
    """Read the return file's layout; its header or trailer must say how many records follow."""
    header = keys.names("header", ANSWER_HEAD_FIELDS)
    row = keys.names("row", ANSWER_ROW_FIELDS)
    trailer = keys.names("trailer", ANSWER_HEAD_FIELDS)
    keys.has("header", {*header, *trailer}, frozenset({"reference", "count"}))
    keys.has("row", set(row), frozenset({"reference", "status"}))
    if any(delimiter in name for name in (*header, *row, *trailer)):
        raise keys.wrong("header", "constants without the delimiter")
    table = keys.inside("statuses")
    statuses = {word: table.member(word, Result) for word in table.all()}
    if not statuses:
        raise keys.wrong("statuses", "a table of the bank's words or codes")
    keys.none_left()
    return Answer(header=header, row=row, trailer=trailer, statuses=statuses)


def _file_name(keys: Keys) -> str:
    """Read the file name's pattern, and try it: it must name the file's reference or number."""
    pattern = keys.text("file_name")
    want = f"a name such as DF{{sequence:06d}}_{{reference}}.txt from {sorted(_NAME_PARTS)}"
    try:
        named = {part for _, part, _, _ in string.Formatter().parse(pattern) if part is not None}
        sample = pattern.format(reference="F1", sequence=1, pay_on=date(2026, 9, 30))
    except (ValueError, KeyError, IndexError, AttributeError) as why:
        raise keys.wrong("file_name", want) from why
    if not named <= _NAME_PARTS or not named & {"reference", "sequence"}:
        raise keys.wrong("file_name", want)
    if _FILE_NAME.fullmatch(sample) is None:
        raise keys.wrong("file_name", "letters, digits, dot, hyphen and underscore only")
    return pattern
