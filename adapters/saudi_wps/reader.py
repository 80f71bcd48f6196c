"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NoReturn

from adapters._ascii import ascii_lines
from adapters._wages import told
from adapters.saudi_wps.profile import ROW_BYTES_MAX, Profile
from disburse.adapter import Head, Payment, UnreadableFile


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
    row = re.compile(
        rf"{money}\t(SA[0-9A-Z]{{22}})\t([ -~]{{1,140}})\t([0-9A-Z]{{4,11}})\t"
        r"([0-9A-Z]{1,16})\t\t"
        rf"{money}\t{money}\t{money}\t{money}\t([0-9]{{10}})\t\t\t",
        re.ASCII,
    )
    if said is None:
        _another("its first line is another")
    count = total = 0
    for line in lines:
        if line == "-":
            break
        match = row.fullmatch(line)
        if match is None:
            _another(f"row {count + 1} is another")
        payment = _payment(profile, match)
        count, total = count + 1, total + payment.amount
        yield payment
    else:
        _another("it is cut short")
    number, day, riyals, halalas, reference, employer = said.groups()
    if next(lines, None) is not None or int(riyals + halalas) != total:
        _another("it goes on behind its end, or its total is not its payments'")
    yield Head(
        reference=reference, pay_on=_day(day), currency="SAR", debtor_number=number,
        debtor_bank_code=profile.bank, count=count, total=total, employer=employer,
    )  # fmt: skip


def _payment(profile: Profile, match: re.Match[str]) -> Payment:
    a, b, account, name, bank, reference, c, d, e, f, g, h, i, j, worker = match.groups()
    amount, gross, deducted = int(a + b), int(c + d) + int(e + f) + int(g + h), int(i + j)
    if gross - deducted != amount:
        _another("a net amount is not what is earned less deductions")
    by_latin_name = profile.names == "latin_name"
    return Payment(
        reference=reference, name="" if by_latin_name else name, account=account, bank_code=bank,
        bank_name="", amount=amount, note="", latin_name=name if by_latin_name else "",
        wage=told(worker, "", gross, deducted),
    )  # fmt: skip


def _day(text: str) -> date:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        _another("a date is none")


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
