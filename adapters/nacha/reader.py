"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from adapters._ascii import ascii_lines
from adapters.nacha.profile import Profile
from disburse.adapter import Head, Payment, UnreadableFile

COLUMNS: Final = 94
NINES: Final = "9" * COLUMNS
_MODIFIERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every column is as this profile's files have it, entries are
    traced without a gap, and count, hash, sum and blocks are the entries'.
    """
    lines = ascii_lines(content, profile.line_end.decode(), longest=COLUMNS, widths=(COLUMNS,))
    sequence = _sequence(profile, next(lines, ""))
    reference, pay_on = _batch(profile, next(lines, ""))
    count = total = entry_hash = 0
    opening, by_latin_name = f"6{profile.code}", profile.names == "latin_name"
    line = ""
    for line in lines:
        if not line.startswith(opening):
            break
        count += 1
        amount = line[29:39]
        if line[76:] != f"  0{profile.odfi}{count:07d}" or not amount.isdecimal():
            raise UnreadableFile(f"not a file of ours: entry {count} has other columns")
        bank_code, name = line[3:12], line[54:76].rstrip(" ")
        if not bank_code.isdecimal():
            raise UnreadableFile(f"not a file of ours: entry {count} has no routing number")
        entry_hash += int(bank_code[:8])
        total += int(amount)
        yield Payment(
            reference=line[39:54].rstrip(" "),
            name="" if by_latin_name else name,
            account=line[12:29].rstrip(" "),
            bank_code=bank_code,
            bank_name="",
            amount=int(amount),
            note="",
            latin_name=name if by_latin_name else "",
        )
    sums = f"{entry_hash % 10**10:010d}{'0' * 12}{total:012d}"
    _ending(profile, [line, *lines], count, sums)
    yield Head(
        reference=reference, sequence=sequence, pay_on=pay_on, currency="USD",
        debtor_number=profile.account, count=count, total=total,
    )  # fmt: skip


def _sequence(profile: Profile, line: str) -> int:
    """Return the file's number; its letter must belong to it, and the rest be the profile's."""
    opening = re.escape(f"101{profile.destination}{profile.origin}")
    names = re.escape(f"094101{profile.destination_name:<23}{profile.origin_name:<23}")
    match = re.fullmatch(rf"{opening}([0-9]{{6}})([0-9]{{4}})(.){names}([0-9]{{8}})", line)
    if match is None:
        raise UnreadableFile("not a file of ours: its first line is another")
    _date(match[1])
    sequence = int(match[4])
    if match[3] != _MODIFIERS[(sequence - 1) % 36]:
        raise UnreadableFile("not a file of ours: its letter is not its number's")
    return sequence


def _batch(profile: Profile, line: str) -> tuple[str, date]:
    """Return the file's reference and the pay date."""
    opening = re.escape(f"5220{profile.company_name:<16}")
    middle = re.escape(f"{profile.company_id:<10}PPD{'PAYROLL':<10}{'':6}")
    ending = re.escape(f"   1{profile.odfi}0000001")
    match = re.fullmatch(rf"{opening}([0-9A-Z]{{1,16}}) +{middle}([0-9]{{6}}){ending}", line)
    if match is None:
        raise UnreadableFile("not a file of ours: its batch header is another")
    return match[1], _date(match[2])


def _ending(profile: Profile, lines: list[str], count: int, sums: str) -> None:
    """Raise `UnreadableFile` unless what follows the entries says what they add up to."""
    blocks = -(-(count + 4) // 10)
    company = f"{profile.company_id:<10}{'':25}{profile.odfi}0000001"
    wanted = [
        f"8220{count:06d}{sums}{company}",
        f"9000001{blocks:06d}{count:08d}{sums}{'':39}",
        *[NINES] * (blocks * 10 - count - 4),
    ]
    if not count or lines != wanted:
        raise UnreadableFile("not a file of ours: its controls are not its entries'")


def _date(text: str) -> date:
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError as why:
        raise UnreadableFile("not a file of ours: a date is none") from why
