"""A profile's rows, worked out once: a quick look at a payment, many rows' bytes, the way back.

Each gives what the long way gives (`writer`, `reader`), or says that it does not know: then the
long way is gone, which names what is wrong, or finds that nothing is.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from operator import attrgetter, itemgetter
from typing import Any, Final

from adapters._columns import BYTES, Looking, encoded, is_one, joined, lines_of, payments
from adapters.lines.profile import AMOUNT_DIGITS_MAX, Profile, written_amount
from adapters.lines.spelling import BLANK, Column, Fixed
from disburse.adapter import Payment

# Characters that are in an encoding with so many bytes each, all of them, and need no closer look.
_IDEOGRAPHS: Final = "\u4e00-\u9fa5"
IDEOGRAPH_BYTES: Final = {"gb18030": 2, "gbk": 2, "utf-8": 3}
# A profile's own form that can be part of a larger one: nothing in it matches a line's end.
_EMBEDDABLE: Final = re.compile(r"[0-9A-Za-z\[\]{}()|?:+*,-]*", re.ASCII)
_PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F)))

Write = Callable[[int, Sequence[Payment]], bytes]
Read = Callable[[Sequence[bytes], int], Sequence[Payment] | None]
Cut = Callable[[Sequence[bytes]], Sequence[Sequence[Any]] | None]
Clean = Callable[..., Sequence[str]]


def looking(profile: Profile) -> Looking | None:
    """Return what sees that nothing is wrong with payments, unless the profile hinders it."""
    texts = [one for one in profile.row if one.field not in {"", "number", "amount"}]
    (amount,) = (one for one in profile.row if one.field == "amount")
    most = min(profile.capabilities.amount_max, _largest(profile, amount))
    forms = {one.field: _form(profile, one) for one in texts}
    known = {field: form for field, form in forms.items() if form is not None}
    if amount.pattern is not None or known != forms:
        return None
    return Looking(known, most)


def _largest(profile: Profile, column: Column) -> int:
    """Return nines: the largest amount of as many digits as the column has room for."""
    sizes = range(1, AMOUNT_DIGITS_MAX + 1)
    fitting = [10**n - 1 for n in sizes if len(written_amount(profile, 10**n - 1)) <= column.width]
    return max(fitting, default=0)


def _form(profile: Profile, column: Column) -> str | None:
    """Return the form of a text that fits, or None where the profile's own form hinders it."""
    own = "" if column.pattern is None else column.pattern.pattern
    if _EMBEDDABLE.fullmatch(own) is None:
        return None
    refused, encoding = profile.spelling.refused, profile.encoding
    narrow = "".join(re.escape(one) for one in _PRINTABLE if one not in refused)
    sizes = {narrow: 1}
    if encoding in IDEOGRAPH_BYTES:  # a text of both is as short as one of ideographs only
        one = 1 if profile.spelling.characters else IDEOGRAPH_BYTES[encoding]
        sizes[narrow + _IDEOGRAPHS] = one
    texts = [
        f"(?! )[{letters}]{{1,{column.width // size}}}(?<! )"
        for letters, size in sizes.items() if column.width >= size
    ]  # fmt: skip
    looked_for = f"(?=(?:{own})(?:\n|$))" if own else ""
    return (
        f"{looked_for}(?:{'|'.join(texts)})"
        if not column.optional
        else (f"(?:{looked_for}(?:{'|'.join(texts)}))?")
    )


def writing(profile: Profile) -> Write:
    """Return what makes the bytes of rows, from a number on, of payments that fit."""
    columns = [one for one in profile.row if one.field]
    fields = [one.field for one in columns]
    amount = fields.index("amount")
    number = fields.index("number") if "number" in fields else None
    getter = attrgetter(*(one if one != "number" else "amount" for one in fields))
    texts = tuple(at for at, one in enumerate(fields) if one not in {"number", "amount"})
    amount_text = _amount_text(profile, columns[amount])
    characters, encoding = profile.spelling.characters, profile.encoding
    template = "".join(_written(profile)) + profile.line_end.decode("ascii")
    if not characters:
        template = template.encode(encoding).decode(BYTES)

    def write(first: int, some: Sequence[Payment]) -> bytes:
        found: list[Any] = list(zip(*map(getter, some), strict=True))
        found[amount] = map(amount_text, found[amount])
        if number is not None:
            found[number] = range(first, first + len(some))
        if not characters:
            for at in texts:
                found[at] = encoded(found[at], encoding)
        rows = "".join(map(template.__mod__, zip(*found, strict=True)))
        return rows.encode(encoding if characters else BYTES)

    return write


def _amount_text(profile: Profile, column: Column) -> Callable[[int], str]:
    """Return what `written_amount` is for this column, with its zeros before it."""
    _, point, decimals = written_amount(profile, 0).partition(".")
    digits = len(decimals) - profile.zeros
    unit = 10**digits
    form = f"%0{column.width - len(point + decimals)}d" if column.fill != BLANK else "%d"
    form += point + (f"%0{digits}d" if digits else "") + "0" * profile.zeros
    if not digits:
        return lambda minor: form % minor
    return lambda minor: form % divmod(minor, unit)


def _written(profile: Profile) -> Iterator[str]:
    """Yield a row's columns for "%"."""
    delimited = not isinstance(profile.spelling, Fixed)
    for at, column in enumerate(profile.row):
        if delimited and at:
            yield profile.spelling.refused.replace("%", "%%")
        kind = "d" if column.field == "number" else "s"
        side = "" if column.right else "-"
        zero = "0" if kind == "d" and column.fill != BLANK else ""
        if not column.field:
            yield _constant(profile, column).replace("%", "%%")
        else:
            yield f"%{kind}" if delimited else f"%{side}{zero}{column.width}{kind}"


def _constant(profile: Profile, column: Column) -> str:
    """Return a constant with the blanks behind it."""
    length = (
        column.constant if profile.spelling.characters else column.constant.encode(profile.encoding)
    )
    return column.constant + BLANK * (column.width - len(length))


def reading(profile: Profile) -> Read:
    """Return what makes payments of rows without their ends, from a number on; None: look closer.

    No row has a line feed in it.
    """
    if any(one.right and one.field not in {"number", "amount"} for one in profile.row):
        return lambda _lines, _first: None
    cut, clean = _cutting(profile)
    places = {one.field: at for at, one in enumerate(profile.row) if one.field}
    constants = [
        (at, _constant(profile, one)) for at, one in enumerate(profile.row) if not one.field
    ]
    numbered = next((one for one in _written(profile) if one.endswith("d")), "")
    number, amount = places.pop("number", None), places.pop("amount")
    amounts = _amounts(profile, profile.row[amount])

    def numbers(first: int, count: int) -> str:
        return f"{numbered}\n" * count % tuple(range(first, first + count))

    def read(lines: Sequence[bytes], first: int) -> Sequence[Payment] | None:
        try:
            found = cut(lines)
            if found is None or any(set(clean(found[at])) != {one} for at, one in constants):
                return None
            if number is not None and joined(clean(found[number])) != numbers(first, len(lines)):
                return None
            sums = amounts(clean(found[amount]))
            texts = {field: clean(found[at], BLANK) for field, at in places.items()}
        except UnicodeDecodeError:
            return None
        return None if sums is None else list(payments(sums, texts))

    return read


def _cutting(profile: Profile) -> tuple[Cut, Clean]:
    """Return what cuts lines into columns, and what gives the texts of a column.

    The first returns None where a line has another length or other columns; the second takes off
    what fills a column up.
    """
    encoding, spelling = profile.encoding, profile.spelling
    if not isinstance(spelling, Fixed):
        return _by_delimiter(
            encoding, spelling.refused, len(profile.row)
        ), lambda texts, _="": texts
    widths = [one.width for one in profile.row]
    if spelling.characters:
        return _by_characters(encoding, widths), _stripped
    width, unpack = sum(widths), struct.Struct("".join(f"{one}s" for one in widths)).iter_unpack

    def cut(lines: Sequence[bytes]) -> Sequence[Sequence[bytes]] | None:
        same = set(map(len, lines)) == {width}
        return list(zip(*unpack(b"".join(lines)), strict=True)) if same else None

    def clean(column: Sequence[bytes], fill: str = "") -> Sequence[str]:
        some = column[:1] if is_one(column) else column
        bare = [one.rstrip(b" ") for one in some] if fill else some
        found = b"\n".join(bare).decode(encoding).split("\n")
        return found if len(found) == len(column) else found * len(column)

    return cut, clean


def _stripped(texts: Sequence[str], fill: str = "") -> Sequence[str]:
    return [one.rstrip(fill) for one in texts] if fill else texts


def _by_characters(encoding: str, widths: list[int]) -> Cut:
    ends = list(accumulate(widths))
    # the empty one behind: an itemgetter of less than two returns no tuple
    slices = itemgetter(*map(slice, (0, *ends), (*ends, 0)))

    def cut(lines: Sequence[bytes]) -> Sequence[Sequence[str]] | None:
        texts = b"\n".join(lines).decode(encoding).split("\n")
        same = set(map(len, texts)) == {ends[-1]}
        return list(zip(*map(slices, texts), strict=True)) if same else None

    return cut


def _by_delimiter(encoding: str, delimiter: str, count: int) -> Cut:
    def cut(lines: Sequence[bytes]) -> Sequence[Sequence[str]] | None:
        texts = b"\n".join(lines).decode(encoding).split("\n")
        rows = [one.split(delimiter) for one in texts]
        return list(zip(*rows, strict=True)) if set(map(len, rows)) == {count} else None

    return cut


def _amounts(profile: Profile, column: Column) -> Callable[[Sequence[str]], Sequence[int] | None]:
    """Return what reads a column of amounts, each in the one form that it is written in."""
    form = lines_of(_amount(profile, column))
    behind = 10**profile.zeros

    def read(texts: Sequence[str]) -> Sequence[int] | None:
        lines = joined(texts)
        if form.fullmatch(lines) is None:
            return None
        found = list(map(int, lines.replace(".", "").split("\n")[:-1]))
        return [one // behind for one in found] if behind > 1 else found

    return read


def _amount(profile: Profile, column: Column) -> str:
    """Return an amount's form."""
    _, point, decimals = written_amount(profile, 0).partition(".")
    digits = len(decimals) - profile.zeros
    behind = rf"\.[0-9]{{{digits}}}0{{{profile.zeros}}}" if point else ""
    most = AMOUNT_DIGITS_MAX - digits
    if column.fill != BLANK:
        return f"0*[0-9]{{1,{most}}}{behind}"
    blanks = f"{BLANK}*" if isinstance(profile.spelling, Fixed) else ""
    whole = f"(?:0|[1-9][0-9]{{0,{most - 1}}}){behind}"
    return blanks + whole if column.right else whole + blanks
