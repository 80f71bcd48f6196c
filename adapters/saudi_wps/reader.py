"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import chain, islice
from operator import sub
from typing import Final, NoReturn

from adapters._ascii import ascii_lines
from adapters._columns import all_have, lines_of, minor, payments, together_or_alone, wages
from adapters.saudi_wps.profile import ROW_BYTES_MAX, Profile
from disburse.adapter import Head, Payment, UnreadableFile

SOME: Final = 256  # rows that are read together


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every column is as this profile's files have it, net is what is
    earned less deductions, and the total is the payments'.
    """
    lines = ascii_lines(content, profile.line_end, longest=ROW_BYTES_MAX, delimiter="\t")
    money = rf"(0|[1-9][0-9]{{0,11}}){re.escape(profile.decimal_mark)}([0-9]{{2}})"
    said = re.fullmatch(
        rf"{profile.bank}\t{profile.establishment}\t(SA[0-9A-Z]{{22}})\tSAR\t([0-9]{{8}})\t{money}\t\t"
        r"([0-9A-Z]{1,16})\t\t([0-9]{2,15})",
        next(lines, ""),
        re.ASCII,
    )
    if said is None:
        _another("its first line is another")
    count = total = 0
    forms = _forms(profile)
    while some := list(islice(lines, SOME)):
        closed = "-" in some
        rows = some[: some.index("-")] if closed else some
        read = partial(_rows, profile, forms, count + 1)
        for payment in together_or_alone(read, rows, 1) if rows else ():
            count, total = count + 1, total + payment.amount
            yield payment
        if closed:
            lines = chain(some[len(rows) + 1 :], lines)
            break
    else:
        _another("it is cut short")
    number, day, riyals, halalas, reference, employer = said.groups()
    if next(lines, None) is not None or int(riyals + halalas) != total:
        _another("it goes on behind its end, or its total is not its payments'")
    yield Head(
        reference=reference, pay_on=_day(day), currency="SAR", debtor_number=number,
        debtor_bank_code=profile.bank, count=count, total=total, employer=employer,
    )  # fmt: skip


def _forms(profile: Profile) -> list[re.Pattern[str]]:
    """Return the form of each column of a row."""
    money = rf"(?:0|[1-9][0-9]{{0,11}}){re.escape(profile.decimal_mark)}[0-9]{{2}}"
    forms = (
        money, "SA[0-9A-Z]{22}", "[ -~]{1,140}", "[0-9A-Z]{4,11}", "[0-9A-Z]{1,16}", "",
        money, money, money, money, "[0-9]{10}", "", "", "",
    )  # fmt: skip
    return list(map(lines_of, forms))


def _rows(
    profile: Profile, forms: Sequence[re.Pattern[str]], first: int, lines: Sequence[str], place: int
) -> Iterable[Payment]:
    """Return the payments of some rows, or raise `UnreadableFile`."""
    rows = [line.split("\t") for line in lines]
    columns: list[tuple[str, ...]] = []
    if set(map(len, rows)) == {len(forms)}:
        columns = list(zip(*rows, strict=True))
    if not columns or not all(map(all_have, forms, columns)):
        _another(f"row {first + place} is another")
    paid, account, name, bank, reference, _, *earned, less, worker, _, _, _ = columns
    mark = profile.decimal_mark
    amounts, deducted = minor(paid, mark), minor(less, mark)
    gross = list(map(sum, zip(*[minor(one, mark) for one in earned], strict=True)))
    if list(map(sub, gross, deducted)) != amounts:
        _another("a net amount is not what is earned less deductions")
    texts = {"reference": reference, profile.names: name, "account": account, "bank_code": bank}
    return payments(amounts, texts, wages(worker, gross=gross, deducted=deducted))


def _day(text: str) -> date:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        _another("a date is none")


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
