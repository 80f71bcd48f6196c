"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final, NoReturn

from adapters._ascii import ascii_lines
from adapters.bacs.profile import DATA, LABEL, Profile
from disburse.adapter import Head, Payment, UnreadableFile

_NAME: Final = re.compile("[0-9A-Z.&/-][0-9A-Z.&/ -]*", re.ASCII)
_REFERENCE: Final = re.compile("[0-9A-Z]{1,18}", re.ASCII)


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every column is as this profile's files have it, and contra
    record and totals are the payments' count and sum.
    """
    lines = ascii_lines(content, profile.line_end, longest=DATA, widths=(LABEL, DATA))
    opening = [next(lines, "") for _ in range(4)]
    sequence, label, day = _opening(profile, opening)
    count = total = 0
    payer = ""
    by_latin_name = profile.names == "latin_name"
    line = ""
    for line in lines:
        if line[14:17] != "099":
            break
        payer = payer or line[17:31]
        name, reference, amount = line[82:].rstrip(" "), line[64:82].rstrip(" "), line[35:46]
        if (
            len(line) != DATA
            or line[17:35] != f"{payer}    "
            or line[46:64] != f"{profile.originator:<18}"
            or not f"{line[:14]}{payer}{amount}".isdecimal()
            or not _NAME.fullmatch(name)
            or not _REFERENCE.fullmatch(reference)
        ):
            _another(f"record {count + 1} is another")
        count, total = count + 1, total + int(amount)
        yield Payment(
            reference=reference, name="" if by_latin_name else name, account=line[6:14],
            bank_code=line[:6], bank_name="", amount=int(amount), note="",
            latin_name=name if by_latin_name else "",
        )  # fmt: skip
    contra = re.fullmatch(
        rf"{payer}017{payer}    {total:011d}([0-9A-Z]{{1,16}}) +CONTRA {{12}}"
        rf"{re.escape(profile.originator)} *",
        line,
    )
    sums = f"UTL1{total:013d}{total:013d}{1:07d}{count:07d}{'':36}"
    closing = [f"EOF1{label}", f"EOF2F0200000100{'':35}00{'':28}", sums]
    if not count or contra is None or len(line) != DATA or [*lines] != closing:
        _another("its contra record and totals are not its payments'")
    yield Head(
        reference=contra[1], sequence=sequence, pay_on=profile.near(day, 1), currency="GBP",
        debtor_number=payer[6:], debtor_bank_code=payer[:6], count=count, total=total,
    )  # fmt: skip


def _opening(profile: Profile, lines: list[str]) -> tuple[int, str, date]:
    """Return the file's number, the rest of its label, and the day of processing."""
    user = profile.service_user
    volume = re.fullmatch(rf"VOL1([0-9]{{6}}) {{31}}{user} {{32}}1", lines[0])
    serial = volume[1] if volume else _another("its first label is another")
    label = re.fullmatch(
        rf"HDR1(A{user}S   {user}{serial}00010001 {{6}} ([0-9]{{5}}) ([0-9]{{5}}) 000000 {{20}})",
        lines[1],
    )
    number = int(serial) % 1000
    daily = f"{'1 DAILY':<9}{number:03d}"
    header = re.fullmatch(rf"UHL1 ([0-9]{{5}})999999 {{4}}00000000{daily} {{40}}", lines[3])
    if label is None or header is None or lines[2] != f"HDR2F0200000100{'':35}00{'':28}":
        _another("its labels are others")
    _day(label[2])
    day = _day(header[1])
    if _day(label[3]) != day + timedelta(days=1) or not profile.works_on(day):
        _another("its days are others")
    return int(serial), label[1], day


def _day(text: str) -> date:
    try:
        first = date(2000 + int(text[:2]), 1, 1)
        found = first + timedelta(days=int(text[2:]) - 1)
    except (ValueError, OverflowError):
        _another("a date is none")
    if found.year != first.year:
        _another("a date is none")
    return found


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
