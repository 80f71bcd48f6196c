"""A piece of a file column by column: what Python does thousands of times faster than row by row.

A row at a time, a payment costs a dozen calls for each of its texts. A few hundred rows turned into
columns cost as many calls for each column. What such a look finds wrong, or does not know, its
caller looks at row by row, and then says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, Final

from disburse.adapter import Payment, UnreadableFile, Wage

NO_DAY: Final = date.min  # where a file does not say which days were worked
BYTES: Final = "latin-1"  # each byte as a character, so that places count bytes

Texts = Sequence[str]
_TEXTS: Final = (
    "reference", "name", "account", "bank_code", "bank_name", "note", "latin_name",
)  # fmt: skip


class _OpenPayment:
    """A payment that is still being written: the same slots, and nothing frozen yet.

    A frozen dataclass writes each field by a call of `object.__setattr__`, which takes longer than
    reading the row that the payment comes from.
    """

    __slots__ = (
        "account", "amount", "bank_code", "bank_name", "latin_name", "name", "note", "reference",
        "wage",
    )  # fmt: skip


class _OpenWage:
    """A wage that is still being written."""

    __slots__ = (
        "days", "deductions", "id_number", "id_type", "items", "worked_from", "worked_to",
    )  # fmt: skip


def wages(
    id_numbers: Texts,
    days: Texts | None = None,
    gross: Sequence[int] | None = None,
    deducted: Sequence[int] | None = None,
) -> list[Wage]:
    """Return what rows tell of wages: of items and deductions the sums, and no day worked."""
    nothing, found = (0,) * len(id_numbers), []
    texts, earned, less = days or ("",) * len(id_numbers), gross or nothing, deducted or nothing
    for number, some, items, deductions in zip(id_numbers, texts, earned, less, strict=True):
        one: Any = _OpenWage()
        one.id_type = ""
        one.id_number = number
        one.worked_from = one.worked_to = NO_DAY
        one.days = some
        one.items = (("other", items),) if items else ()
        one.deductions = (("other", deductions),) if deductions else ()
        one.__class__ = Wage
        found.append(one)
    return found


def payments(
    amounts: Sequence[int], texts: Mapping[str, Texts], wages: Sequence[Wage] | None = None
) -> Iterator[Payment]:
    """Yield a payment per row of the columns; a field of which there is no column is "".

    Raises `ValueError` where one column is longer than another, which would lose payments.
    """
    empty = ("",) * len(amounts)
    columns = [texts.get(one, empty) for one in _TEXTS]
    told: Iterable[Wage | None] = repeat(None, len(amounts)) if wages is None else wages
    for row in zip(amounts, told, *columns, strict=True):
        one: Any = _OpenPayment()
        (
            one.amount, one.wage, one.reference, one.name, one.account, one.bank_code,
            one.bank_name, one.note, one.latin_name,
        ) = row  # fmt: skip
        one.__class__ = Payment
        yield one


def encoded(texts: Texts, encoding: str) -> Texts:
    """Return the bytes of texts without line feeds, each byte as a character."""
    some = texts[:1] if is_one(texts) else texts
    lines = "\n".join(some)
    if lines.isascii():
        return texts
    found = lines.encode(encoding).decode(BYTES).split("\n")
    return found if len(found) == len(texts) else found * len(texts)


def lines_of(form: str) -> re.Pattern[str]:
    """Return what matches any number of lines of this form, which has no line feed in it."""
    return re.compile(f"(?:(?:{form})\n)*", re.ASCII | re.DOTALL)


def joined(texts: Iterable[str]) -> str:
    """Return the texts as lines, each with its end."""
    return "\n".join((*texts, ""))


def all_have(lines: re.Pattern[str], column: Iterable[str]) -> bool:
    """Return whether each text of a column is one line of `lines_of`."""
    distinct = {*column}  # of many columns a few
    text = joined(distinct)
    return lines.fullmatch(text) is not None and text.count("\n") == len(distinct)


def together_or_alone(
    read: Callable[[Sequence[str], int], Iterable[Payment]], lines: Sequence[str], step: int
) -> Iterable[Payment]:
    """Return the payments that `read` makes of lines, `step` of them each, from a place on.

    Where it refuses some lines together, each payment is read alone, so that the good ones before
    come first, and the refusal names the first that is wrong.
    """
    try:
        return read(lines, 0)
    except UnreadableFile:
        places = range(0, len(lines), step)
        return chain.from_iterable(read(lines[at : at + step], at) for at in places)


def is_one(column: Sequence[object]) -> bool:
    """Return whether a column holds one thing from top to bottom, as many do: a bank, a note."""
    return column.count(column[0]) == len(column)


def money(column: Sequence[int], behind: Sequence[str]) -> Sequence[str]:
    """Return amounts as decimals, given what hundredths look `behind` the whole."""
    some = column[:1] if is_one(column) else column
    found = [f"{one // 100}{behind[one % 100]}" for one in some]
    return found if len(found) == len(column) else found * len(column)


def hundredths(mark: str) -> list[str]:
    """Return a decimal mark with every number of hundredths."""
    return [f"{mark}{one:02d}" for one in range(100)]


def minor(column: Texts, mark: str) -> list[int]:
    """Return the minor units of amounts whose form is known to be that of `money`."""
    some = column[:1] if is_one(column) else column
    found = list(map(int, "\n".join(some).replace(mark, "").split("\n")))
    return found if len(found) == len(column) else found * len(column)


class Looking:
    """Whether payments have their fields' forms; False means: look closer."""

    def __init__(self, forms: Mapping[str, str], most: int) -> None:
        """Take each field's form, a regular expression, and the largest amount."""
        self._most = most
        self._told: attrgetter[Any] = attrgetter(*forms, "amount")
        self._form = re.compile("\n".join(map("(?:{})".format, forms.values())), re.ASCII)
        self._lines = [lines_of(form) for form in forms.values()]

    def at_one(self, payment: Payment) -> bool:
        """Look at a payment that comes alone."""
        try:
            *texts, amount = self._told(payment)
        except AttributeError:  # it has no wage
            return False
        return 1 <= amount <= self._most and self._form.fullmatch("\n".join(texts)) is not None

    def at_all(self, some: Sequence[Payment]) -> bool:
        """Look at many, column by column."""
        try:
            *columns, amounts = zip(*map(self._told, some), strict=True)
        except AttributeError:
            return False
        fit = min(amounts) >= 1 and max(amounts) <= self._most
        return fit and all(map(all_have, self._lines, columns))
