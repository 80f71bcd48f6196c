"""One bank's files of lines as it writes them down: every key checked before the first batch."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from adapters._keys import Keys
from adapters._profiled import digest
from adapters.lines.columns import DELIMITERS, answer_columns, columns, spelt
from adapters.lines.spelling import Column, Delimited, Spelling
from disburse.adapter import (
    Answers,
    Capabilities,
    Confidence,
    Head,
    Payment,
    Refusal,
    Result,
    Silence,
    parse_money,
    write_money,
)

ENCODINGS: Final = ("gb18030", "gbk", "gb2312", "big5", "utf-8", "ascii")
AMOUNTS: Final = ("major", "minor")
LINE_ENDS: Final = {"crlf": b"\r\n", "lf": b"\n"}

PAYMENT_FIELDS: Final = frozenset(field.name for field in fields(Payment)) - {"wage"}
HEAD_FIELDS: Final = frozenset(field.name for field in fields(Head))
ROW_FIELDS: Final = PAYMENT_FIELDS | {"number"}
ROW_NEEDS: Final = frozenset({"reference", "account", "amount"})
ROW_ANSWERS: Final = frozenset({"reference", "status"})
# A delimited file must say which one it is; one of fixed lines may leave that to its name.
REFERENCE_IN: Final = {"delimited": frozenset({"reference"}), "fixed_width": frozenset[str]()}
ANSWER_ROW_FIELDS: Final = frozenset(
    {"number", "reference", "account", "name", "amount", "status", "reason", "text", "evidence",
     "date", "skip"}
)  # fmt: skip
ANSWER_HEAD_FIELDS: Final = frozenset(
    {"reference", "date", "status", "count", "total", "paid_count", "paid_total", "skip"}
)
AMOUNT_DIGITS_MAX: Final = 15  # no amount has more (`parse_money`)
DECIMALS_MAX: Final = 6  # zeros that some banks want behind the minor unit
_NAME_PARTS: Final = frozenset({"reference", "sequence", "pay_on"})
_FILE_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How the bank's return file (回盘) looks."""

    spelling: Spelling
    header: tuple[Column, ...]
    row: tuple[Column, ...]
    trailer: tuple[Column, ...]
    statuses: Mapping[str, Result]
    more: bool = False  # rows may have further columns, of which nothing is known
    find_reference: bool = False  # no column is known to hold it: it is known by its form


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that differs from bank to bank."""

    version: str
    currency: str
    major: bool  # amounts with a decimal point; else whole minor units
    zeros: int  # behind the minor unit, where the bank wants more decimals than the currency has
    encoding: str
    spelling: Spelling
    line_end: bytes
    basic_dates: bool
    file_name: str
    header: tuple[Column, ...]
    row: tuple[Column, ...]
    trailer: tuple[Column, ...]
    answer: Answer
    capabilities: Capabilities


def load(name: str, mapping: Mapping[str, object], kind: str) -> Profile:
    """Check a whole profile; raise `BadProfile` with every fault: its key and what it must be."""
    keys = Keys.gathering(name, mapping)
    keys.one_of("adapter", (kind,))
    version, currency = keys.text("version"), _currency(keys)
    encoding, amounts = keys.one_of("encoding", ENCODINGS), keys.one_of("amounts", AMOUNTS)
    line_end = LINE_ENDS[keys.one_of("line_end", tuple(LINE_ENDS))]
    dates = keys.one_of("dates", ("basic", "extended"))
    spelling = spelt(keys, kind, encoding)
    header = columns(keys, "header", HEAD_FIELDS, spelling)
    row = columns(keys, "row", ROW_FIELDS, spelling)
    trailer = columns(keys, "trailer", HEAD_FIELDS, spelling)
    states = frozenset(column.field for column in (*header, *trailer) if column.field)
    if kind == "delimited" or states:  # a file of fixed lines may be its rows and nothing else
        keys.has("header", states, frozenset({"count", "total"}) | REFERENCE_IN[kind])
    keys.has("row", {column.field for column in row}, ROW_NEEDS)
    zeros = _zeros(keys, amounts)
    _numbered(keys, row)
    profile = Profile(
        version=f"{version}-{digest(mapping)}",
        currency=currency,
        major=amounts == "major",
        zeros=zeros,
        encoding=encoding,
        spelling=spelling,
        line_end=line_end,
        basic_dates=dates == "basic",
        file_name=_file_name(keys),
        header=header,
        row=row,
        trailer=trailer,
        answer=_answer(keys.inside("answer"), kind, spelling, encoding),
        capabilities=_capabilities(
            keys, kind, currency=currency, encoding=encoding, row=row, states=states
        ),
    )
    keys.none_left()
    keys.raise_noted()
    return profile


def _zeros(keys: Keys, amounts: str) -> int:
    zeros = keys.number("zeros") if keys.holds("zeros") else 0
    if zeros > DECIMALS_MAX or (zeros and amounts != "major"):
        keys.note("zeros", f"1 to {DECIMALS_MAX}, and only where amounts are 'major'")
    return zeros


def _numbered(keys: Keys, row: tuple[Column, ...]) -> None:
    """Note a row's number that has no room for the last row's."""
    most = len(str(keys.number("payments_max")))
    if any(column.field == "number" and column.width < most for column in row):
        keys.note("row", f"a list whose number has {most} places, as payments_max has")


def written_amount(profile: Profile, minor: int) -> str:
    """Return minor units as the bank writes them."""
    if not profile.major:
        return str(minor)
    text = write_money(minor, profile.currency)
    return text + ("" if "." in text or not profile.zeros else ".") + "0" * profile.zeros


def read_amount(profile: Profile, text: str) -> int:
    """Return minor units, or raise the refusal of `parse_money`."""
    if not profile.major:
        return parse_money(text, "JPY")  # a currency without decimals reads whole units as they are
    if profile.zeros and text.endswith("0" * profile.zeros):
        text = text[: -profile.zeros].removesuffix(".")
    return parse_money(text, profile.currency)


def _currency(keys: Keys) -> str:
    currency = keys.text("currency")
    try:
        write_money(1, currency)
    except Refusal as why:
        keys.note("currency", why.detail)
        return "CNY"
    return currency


def _capabilities(
    keys: Keys,
    kind: str,
    *,
    currency: str,
    encoding: str,
    row: tuple[Column, ...],
    states: frozenset[str],
) -> Capabilities:
    carries = {column.field for column in row} & PAYMENT_FIELDS
    return Capabilities(
        format=f"{kind.replace('_', ' ')}: {keys.text('title')}",
        currencies=frozenset({currency}),
        charset=encoding,
        payments_max=keys.number("payments_max"),
        bytes_max=keys.number("bytes_max"),
        amount_max=keys.number("amount_max"),
        carries=frozenset(carries),
        states=states,
        needs=frozenset(c.field for c in row if not c.optional) & carries,
        file_names=keys.text("file_name"),
        reports=(f"{kind.replace('_', ' ')} return file",),
        answers=keys.member("answers", Answers),
        silence=keys.member("silence", Silence),
        deduplicates=keys.switch("deduplicates"),
        confidence=keys.member("confidence", Confidence),
    )


def _answer(keys: Keys, kind: str, spelling: Spelling, encoding: str) -> Answer:
    """Read the return file's layout; a delimited one's header or trailer counts its records."""
    if kind == "fixed_width" and keys.holds("delimiter"):
        delimiter = keys.one_of("delimiter", DELIMITERS)
        spelling = Delimited(encoding=encoding, delimiter=delimiter)
    header = answer_columns(keys, "header", ANSWER_HEAD_FIELDS, spelling)
    row = answer_columns(keys, "row", ANSWER_ROW_FIELDS, spelling)
    trailer = answer_columns(keys, "trailer", ANSWER_HEAD_FIELDS, spelling)
    find = keys.holds("find_reference") and keys.switch("find_reference")
    more = keys.holds("more_columns") and keys.switch("more_columns")
    said = {column.field for column in (*header, *trailer)}
    if kind == "delimited" or said:
        keys.has("header", said, frozenset({"count"}) | REFERENCE_IN[kind])
    keys.has("row", {c.field for c in row}, frozenset({"status"} if find else ROW_ANSWERS))
    if find and "reference" in {column.field for column in row}:
        keys.note("find_reference", "left out: the row has a column for the reference")
    table = keys.inside("statuses")
    statuses = {word: table.member(word, Result) for word in table.all()}
    if not statuses:
        keys.note("statuses", "a table of the bank's words or codes")
    keys.none_left()
    return Answer(
        spelling=spelling,
        header=header,
        row=row,
        trailer=trailer,
        statuses=statuses,
        more=more,
        find_reference=find,
    )


def _file_name(keys: Keys) -> str:
    """Read the file name's pattern, and try it: it must name the file's reference or number."""
    pattern = keys.text("file_name")
    want = f"a name such as DF{{sequence:06d}}_{{reference}}.txt from {sorted(_NAME_PARTS)}"
    try:
        named = {part for _, part, _, _ in string.Formatter().parse(pattern) if part is not None}
        sample = pattern.format(reference="F1", sequence=1, pay_on=date(2026, 9, 30))
    except (ValueError, KeyError, IndexError, AttributeError):
        keys.note("file_name", want)
        return pattern
    if not named <= _NAME_PARTS or not named & {"reference", "sequence"}:
        keys.note("file_name", want)
    elif _FILE_NAME.fullmatch(sample) is None:
        keys.note("file_name", "letters, digits, dot, hyphen and underscore only")
    return pattern
