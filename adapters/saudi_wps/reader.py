"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NoReturn

from adapters.saudi_wps.profile import ROW_BYTES_MAX, Profile
from disburse.adapter import Head, Payment, UnreadableFile, Wage

NO_DAY: Final = date.min


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every column is as this profile's files have it, net is what is
    earned less deductions, and the total is the payments'.
    """
    lines = _lines(profile, content)
    money = rf"((?:0|[1-9][0-9]{{0,11}}){re.escape(profile.decimal_mark)}[0-9]{{2}})"
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
    number, day, stated, reference, employer = said.groups()
    if next(lines, None) is not None or _minor(stated) != total:
        _another("it goes on behind its end, or its total is not its payments'")
    yield Head(
        reference=reference, pay_on=_day(day), currency="SAR", debtor_number=number,
        debtor_bank_code=profile.bank, count=count, total=total, employer=employer,
    )  # fmt: skip


def _lines(profile: Profile, content: Iterable[bytes]) -> Iterator[str]:
    """Yield whole lines; bytes behind the last line end mean that the file was cut."""
    end, rest = profile.line_end.encode(), b""
    for piece in content:
        *whole, rest = (rest + piece).split(end)
        for line in whole:
            text = line.decode("latin-1")
            if not text.isascii() or "\r" in text or "\n" in text:
                _another("a line is not ASCII, or ends in another way")
            yield text
        if len(rest) > ROW_BYTES_MAX:
            _another("a line without end")
    if rest:
        _another("it is cut short")


def _payment(profile: Profile, match: re.Match[str]) -> Payment:
    net, account, name, bank, reference, basic, housing, other, less, worker = match.groups()
    amount, gross = _minor(net), _minor(basic) + _minor(housing) + _minor(other)
    deducted = _minor(less)
    if gross - deducted != amount:
        _another("a net amount is not what is earned less deductions")
    by_latin_name = profile.names == "latin_name"
    return Payment(
        reference=reference, name="" if by_latin_name else name, account=account, bank_code=bank,
        bank_name="", amount=amount, note="", latin_name=name if by_latin_name else "",
        wage=Wage(
            id_type="", id_number=worker, worked_from=NO_DAY, worked_to=NO_DAY, days="",
            items=(("other", gross),) if gross else (),
            deductions=(("other", deducted),) if deducted else (),
        ),
    )  # fmt: skip


def _minor(text: str) -> int:
    return int(text[:-3] + text[-2:])


def _day(text: str) -> date:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        _another("a date is none")


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
