"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import partial
from itertools import islice
from operator import add, gt, sub
from typing import Final, NoReturn

from adapters._ascii import ascii_lines
from adapters._columns import (
    all_have,
    joined,
    lines_of,
    minor,
    payments,
    together_or_alone,
    wages,
)
from adapters.qatar_wps.profile import LINE_BYTES_MAX, Profile
from disburse.adapter import Head, Payment, UnreadableFile

_MONEY: Final = r"(0|[1-9][0-9]{0,11})\.([0-9]{2})"
COLUMNS: Final = 20
SOME: Final = 256  # rows that are read together
_IBAN: Final = "(QA[0-9A-Z]{27})"


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every column is as this profile's files have it, rows are
    numbered without a gap, net is what is earned less deductions, and count and total are theirs.
    """
    lines = ascii_lines(content, profile.line_end, longest=LINE_BYTES_MAX)
    titles, said, more = next(lines, ""), next(lines, ""), next(lines, "")
    match = re.fullmatch(
        rf"([0-9]{{8}}),([0-9]{{8}}),[0-2][0-9][0-5][0-9],{profile.payer},([0-9A-Z]{{2,4}}),{_IBAN},"
        rf"((?!0000)[0-9]{{4}})(0[1-9]|1[0-2]),{_MONEY},([1-9][0-9]{{0,5}}),01",
        said,
        re.ASCII,
    )
    if match is None or (titles, more) != (profile.file_titles, profile.row_titles):
        _another("its first lines are others")
    employer, made, bank, number, year, month, riyals, dirhams, stated = match.groups()
    _day(made)
    count, forms = 0, _forms(profile)
    total = 0
    while some := list(islice(lines, SOME)):
        read = partial(_rows, profile, forms, count + 1)
        for payment in together_or_alone(read, some, 1):
            count, total = count + 1, total + payment.amount
            yield payment
    if (int(stated), int(riyals + dirhams)) != (count, total):
        _another("its payments are not its count and total")
    yield Head(
        currency="QAR", debtor_number=number, debtor_bank_code=bank, count=count, total=total,
        period=date(int(year), int(month), 1), employer=employer,
    )  # fmt: skip


def _forms(profile: Profile) -> list[re.Pattern[str]]:
    """Return the form of each column of a row but the worker's two, which are one here."""
    money = r"(?:0|[1-9][0-9]{0,11})\.[0-9]{2}"
    forms = (
        "[1-9][0-9]{0,5}", f"[^,\\n]{{1,{profile.name_max}}}", "[0-9A-Z]{2,4}", "QA[0-9A-Z]{27}",
        profile.frequency, "[0-9]|[12][0-9]|3[01]", money, money, "0", money, money,
        re.escape(profile.payment_type), f"(?:{re.escape(profile.other_note)})?", *[money] * 4,
        "(?:/DRC/[0-9]{2})?", "[0-9]{11},|,(?![0-9]{11}\n)[0-9A-Z]{5,20}",
    )  # fmt: skip
    return list(map(lines_of, forms))


def _rows(
    profile: Profile, forms: Sequence[re.Pattern[str]], first: int, lines: Sequence[str], place: int
) -> Iterable[Payment]:
    """Return the payments of some rows, or raise `UnreadableFile`."""
    rows = [line.split(",") for line in lines]
    if set(map(len, rows)) != {COLUMNS}:
        _another(f"row {first + place} is another")
    number, qid, visa, *columns = zip(*rows, strict=True)
    who = list(map(",".join, zip(qid, visa, strict=True)))
    wanted = joined(map(str, range(first + place, first + place + len(rows))))
    if joined(number) != wanted or not all(map(all_have, forms, (number, *columns, who))):
        _another(f"row {first + place} is another")
    name, bank, account, _, days, *money, reason = columns
    paid, basic, _, extra, less, _, note, *allowances = money
    amounts, deducted = minor(paid, "."), minor(less, ".")
    allowed = list(map(sum, zip(*(minor(one, ".") for one in allowances), strict=True)))
    besides = minor(extra, ".")
    if not profile.allowances_in_extra:
        besides = list(map(add, besides, allowed))
    gross = list(map(add, minor(basic, "."), besides))
    if list(map(sub, gross, deducted)) != amounts:
        _another("a net amount is not what is earned less deductions")
    if any(map(gt, allowed, besides)):
        _another("allowances are more than what is earned besides")
    if any(map(_unreasoned, deducted, reason, note)):
        _another("a deduction has no reason, or a reason no deduction")
    workers = [one.strip(",") for one in who]
    texts = {profile.names: name, "account": account, "bank_code": bank}
    return payments(amounts, texts, wages(workers, days, gross, deducted))


def _unreasoned(deducted: int, reason: str, note: str) -> bool:
    return bool(deducted) is not bool(reason) or bool(note) is not (reason == "/DRC/99")


def _day(text: str) -> date:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        _another("a date is none")


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
