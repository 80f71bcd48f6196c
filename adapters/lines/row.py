"""A profile's row, worked out once: a quick look at a payment, its bytes, and the way back.

Each gives what the long way gives (`writer`, `reader`), or says that it does not know: then the
long way is gone, which names what is wrong, or finds that nothing is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from operator import attrgetter, itemgetter
from typing import Final

from adapters.lines.profile import AMOUNT_DIGITS_MAX, Profile, written_amount
from adapters.lines.spelling import BLANK, Column, Fixed
from disburse.adapter import Payment

# Characters that are in an encoding with so many bytes each, all of them, and need no closer look.
_IDEOGRAPHS: Final = "\u4e00-\u9fa5"
IDEOGRAPH_BYTES: Final = {"gb18030": 2, "gbk": 2, "utf-8": 3}
# A profile's own form that can be part of a larger one: nothing in it matches a line's end.
_EMBEDDABLE: Final = re.compile(r"[0-9A-Za-z\[\]{}()|?:+*,-]*", re.ASCII)
BYTES: Final = "latin-1"  # each byte as a character, so that widths count bytes
_PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F)))
_FIELDS: Final = (
    "reference", "name", "account", "bank_code", "bank_name", "note", "latin_name",
)  # fmt: skip

Look = Callable[[Payment], bool]
Write = Callable[[int, Payment], bytes]
Read = Callable[[bytes, int], Payment | None]


def looking(profile: Profile) -> Look:
    """Return what says of a payment that nothing is wrong with it; False: look closer."""
    texts = [one for one in profile.row if one.field not in {"", "number", "amount"}]
    (amount,) = (one for one in profile.row if one.field == "amount")
    most = min(profile.capabilities.amount_max, _largest(profile, amount))
    forms = [_form(profile, column) for column in texts]
    if amount.pattern is not None or None in forms:
        return lambda _: False
    fits = re.compile("\n".join(map(str, forms))).fullmatch
    told = attrgetter(*(column.field for column in texts))  # reference and account at least
    return lambda one: 1 <= one.amount <= most and fits("\n".join(told(one))) is not None


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
    """Return what makes a row's bytes, with its end, of a payment that fits."""
    columns = [one for one in profile.row if one.field]
    fields = [one.field for one in columns]
    amount = fields.index("amount")
    # where no column is the number, it is put behind all of them, and left out
    number = fields.index("number") if "number" in fields else len(fields)
    getter = attrgetter(*(one if one != "number" else "amount" for one in fields), "amount")
    texts = tuple(at for at, one in enumerate(fields) if one not in {"number", "amount"})
    amount_text = _amount_text(profile, columns[amount])
    characters, encoding = profile.spelling.characters, profile.encoding
    template = "".join(_written(profile)) + profile.line_end.decode("ascii")
    if not characters:
        template = template.encode(encoding).decode(BYTES)

    def write(place: int, payment: Payment) -> bytes:
        found = list(getter(payment))
        found[amount] = amount_text(payment.amount)
        found[number] = place
        if characters:
            return (template % tuple(found[:-1])).encode(encoding)
        for at in texts:
            if not found[at].isascii():
                found[at] = found[at].encode(encoding).decode(BYTES)
        return (template % tuple(found[:-1])).encode(BYTES)

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
    """Return what makes a payment of a row without its end; None: look closer."""
    if any(one.right and one.field not in {"number", "amount"} for one in profile.row):
        return lambda _line, _number: None
    encoding = profile.encoding
    by_bytes = isinstance(profile.spelling, Fixed) and not profile.spelling.characters
    match = _matching(profile, by_bytes=by_bytes)
    pick = _picking([one.field for one in profile.row if one.field])
    numbered = next((one for one in _written(profile) if one.endswith("d")), "")
    clean: Callable[[str], str] | None = None
    width = 0
    if isinstance(profile.spelling, Fixed):
        width = sum(column.width for column in profile.row)
        clean = _cleaning(encoding) if by_bytes else _without_blanks

    def read(line: bytes, number: int) -> Payment | None:
        try:
            whole = line.decode(BYTES if by_bytes else encoding)
            found = match(whole)
            if found is None or (width and len(whole) != width):
                return None
            place, major, minor, *texts = pick((*found.groups(), ""))
            if numbered and place != numbered % number:
                return None
            reference, name, account, code, bank, note, latin = (
                map(clean, texts) if clean else texts
            )
        except UnicodeDecodeError:
            return None
        return Payment(
            reference=reference, name=name, account=account, bank_code=code, bank_name=bank,
            amount=int(major + minor), note=note, latin_name=latin,
        )  # fmt: skip

    return read


def _without_blanks(text: str) -> str:
    return text.rstrip(BLANK)


def _cleaning(encoding: str) -> Callable[[str], str]:
    """Return what takes a text out of a column of bytes, each of which came as a character."""

    def clean(text: str) -> str:
        bare = text.rstrip(BLANK)
        return bare if bare.isascii() else bare.encode(BYTES).decode(encoding)

    return clean


def _picking(fields: list[str]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """Return what puts a row's groups into the order of `reading`; the last group is empty."""
    groups = [
        name for one in fields for name in (("major", "minor") if one == "amount" else (one,))
    ]
    return itemgetter(*(
        groups.index(one) if one in groups else len(groups)
        for one in ("number", "major", "minor", *_FIELDS)
    ))  # fmt: skip


def _matching(profile: Profile, *, by_bytes: bool) -> Callable[[str], re.Match[str] | None]:
    """Return what matches a row: a group for each field, and two for the amount."""
    delimiter = "" if isinstance(profile.spelling, Fixed) else profile.spelling.refused
    parts: list[str] = []
    for column in profile.row:
        if not column.field:
            constant = _constant(profile, column)
            if by_bytes:
                constant = constant.encode(profile.encoding).decode(BYTES)
            parts.append(re.escape(constant))
        elif column.field == "amount":
            parts.append(_amount(profile, column))
        else:
            parts.append(f"([^{re.escape(delimiter)}]*)" if delimiter else f"(.{{{column.width}}})")
    return re.compile(re.escape(delimiter).join(parts), re.DOTALL).fullmatch


def _amount(profile: Profile, column: Column) -> str:
    """Return an amount's form, in two groups: what stands before the decimal point and behind."""
    _, point, decimals = written_amount(profile, 0).partition(".")
    digits = len(decimals) - profile.zeros
    behind = rf"\.([0-9]{{{digits}}})0{{{profile.zeros}}}" if point else "()"
    most = AMOUNT_DIGITS_MAX - digits
    if column.fill != BLANK:
        return f"0*([0-9]{{1,{most}}}){behind}"
    blanks = f"{BLANK}*" if isinstance(profile.spelling, Fixed) else ""
    whole = f"(0|[1-9][0-9]{{0,{most - 1}}}){behind}"
    return blanks + whole if column.right else whole + blanks
