"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from typing import Any, Final

from adapters.lines.profile import PAYMENT_FIELDS, Profile, read_amount, written_amount
from adapters.lines.row import Read, reading
from adapters.lines.spelling import Column, NotALine
from disburse.adapter import Head, Payment, Refusal, UnreadableFile

LINE_BYTES_MAX: Final = 1 << 16  # far more than the widest line; a file without ends stops here

Value = str | int | date


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every line is the profile's, rows are numbered without a gap,
    header and trailer agree, and count and sum are the payments'.
    """
    said, quick = {}, reading(profile)
    pieces = _pieces(profile, content)
    rows = next(pieces, [])
    if profile.header:
        said = _values(profile, profile.header, rows[0] if rows else None)
    rows = rows[bool(profile.header) :]
    count = total = 0
    last: list[bytes] = []  # the line that may be the trailer
    for more in chain(pieces, (None,)):
        if profile.trailer:
            rows, last = rows[:-1], rows[-1:]
        for payment in _payments(profile, quick, rows, count + 1):
            count, total = count + 1, total + payment.amount
            yield payment
        rows = last + (more or [])
    if profile.trailer:
        trailer = last[0] if last else None
        for field, value in _values(profile, profile.trailer, trailer).items():
            if said.setdefault(field, value) != value:
                raise UnreadableFile(f"not a file of ours: header and trailer disagree on {field}")
    if not count or (said.get("count", count), said.get("total", total)) != (count, total):
        raise UnreadableFile("not a file of ours: its payments are not its count and sum")
    yield _head(said)


def _pieces(profile: Profile, content: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield some whole lines; bytes behind the last line end mean that the file was cut."""
    rest, end = b"", profile.line_end
    for piece in content:
        *whole, rest = (rest + piece).split(end)
        if end != b"\n" and b"\n" in b"".join(whole):
            raise UnreadableFile("not a file of ours: a line ends in another way")
        if whole:
            yield whole
        if len(rest) > LINE_BYTES_MAX:
            raise UnreadableFile("not a file of ours: a line without end")
    if rest:
        raise UnreadableFile("not a file of ours: it is cut short")


def _payments(
    profile: Profile, quick: Read, rows: Sequence[bytes], first: int
) -> Iterable[Payment]:
    """Return the rows' payments: all at once, or where that cannot be, each by itself."""
    found = quick(rows, first) if rows else ()
    if found is None:
        return (_payment(profile, line, number) for number, line in enumerate(rows, start=first))
    return found


def _values(profile: Profile, columns: tuple[Column, ...], line: bytes | None) -> dict[str, Value]:
    """Return a line's fields, each in the one form that the writer has for it."""
    if line is None:
        raise UnreadableFile("not a file of ours: a line is missing")
    try:
        texts = profile.spelling.split(columns, line)
    except NotALine as why:
        raise UnreadableFile(f"not a file of ours: in a line, {why}") from why
    values: dict[str, Value] = {}
    for column, text in zip(columns, texts, strict=True):
        if column.field:
            values[column.field] = _value(profile, column.field, text)
        elif text != column.constant:
            raise UnreadableFile("not a file of ours: a constant is another")
    return values


def _value(profile: Profile, field: str, text: str) -> Value:
    if field in {"amount", "total"}:
        return _amount(profile, text)
    if field in {"number", "count", "sequence"}:
        return _number(text)
    if field == "pay_on":
        return _date(profile, text)
    return text


def _payment(profile: Profile, line: bytes, number: int) -> Payment:
    values = _values(profile, profile.row, line)
    if values.pop("number", number) != number:
        raise UnreadableFile(f"not a file of ours: row {number} has another number")
    amount = values.pop("amount")
    texts: dict[str, Any] = {
        field: str(values.get(field, "")) for field in PAYMENT_FIELDS - {"amount"}
    }
    return Payment(**texts, amount=int(str(amount)))


def _head(said: dict[str, Value]) -> Head:
    return Head(**said)  # type: ignore[arg-type]  # each value has its field's type by `_value`


def _amount(profile: Profile, text: str) -> int:
    try:
        minor = read_amount(profile, text)
        if written_amount(profile, minor) == text:
            return minor
    except Refusal as why:
        raise UnreadableFile("not a file of ours: an amount is none") from why
    raise UnreadableFile("not a file of ours: an amount has another form")


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and str(int(text)) == text):
        raise UnreadableFile("not a file of ours: a number is none")
    return int(text)


def _date(profile: Profile, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as why:
        raise UnreadableFile("not a file of ours: a date is none") from why
    if text != (f"{day:%Y%m%d}" if profile.basic_dates else day.isoformat()):
        raise UnreadableFile("not a file of ours: a date has another form")
    return day
