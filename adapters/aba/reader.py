"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final, NoReturn

from adapters._ascii import ascii_lines
from adapters.aba.profile import CHARACTERS, COLUMNS, Profile
from disburse.adapter import Head, Payment, UnreadableFile

_BSB: Final = "([0-9]{3})-([0-9]{3})"
_ACCOUNT: Final = "( {0,4}[0-9]{5,9})"


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every column is as this profile's files have it, every record
    has the same trace, and the totals are the payments' count and sum.
    """
    lines = ascii_lines(content, profile.line_end, longest=COLUMNS, widths=(COLUMNS,))
    opening = _opening(profile).fullmatch(next(lines, ""))
    if opening is None:
        _another("its first line is another")
    record, by_latin_name = _record(profile), profile.names == "latin_name"
    count = total = 0
    trace = line = ""
    for line in lines:
        match = record.fullmatch(line)
        if match is None:
            break
        bank, branch, account, amount, name, reference, said = match.groups()
        trace = trace or said
        name, reference = name.rstrip(" "), reference.rstrip(" ")
        if said != trace or not reference or not name or " " in reference or name[0] == " ":
            _another(f"record {count + 1} is another")
        count, total = count + 1, total + int(amount)
        yield Payment(
            reference=reference, name="" if by_latin_name else name, account=account.lstrip(" "),
            bank_code=f"{bank}{branch}", bank_name="", amount=int(amount), note="",
            latin_name=name if by_latin_name else "",
        )  # fmt: skip
    sums = f"{total:010d}{total:010d}{0:010d}"
    wanted = f"7999-999{'':12}{sums}{'':24}{count:06d}{'':40}"
    if not count or line != wanted or next(lines, None) is not None:
        _another("its totals are not its payments'")
    yield Head(
        reference=opening[1], pay_on=_day(opening[2]), currency="AUD",
        debtor_number=trace[7:].lstrip(" "), debtor_bank_code=trace[:3] + trace[4:7], count=count,
        total=total,
    )  # fmt: skip


def _opening(profile: Profile) -> re.Pattern[str]:
    """Return the form of the descriptive record: reference and pay date are its groups."""
    who = f"{re.escape(profile.user_name)} {{{26 - len(profile.user_name)}}}{profile.user_id}"
    return re.compile(
        rf"0 {{17}}01{profile.bank} {{7}}{who}(?=.{{12}}[0-9])([0-9A-Z]{{1,12}}) *"
        r"([0-9]{6}) {40}"
    )


def _record(profile: Profile) -> re.Pattern[str]:
    """Return a credit's form: its fields, and its trace."""
    return re.compile(
        rf"1{_BSB}(?=.{{9}} ){_ACCOUNT} 53([0-9]{{10}})([{CHARACTERS}]{{32}})([0-9A-Z ]{{18}})"
        rf"((?:[0-9]{{3}})-(?:[0-9]{{3}})(?: {{0,4}}[0-9]{{5,9}})){re.escape(profile.remitter)}"
        rf" {{{16 - len(profile.remitter)}}}0{{8}}",
        re.ASCII,
    )


def _day(text: str) -> date:
    try:
        return date(2000 + int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        _another("a date is none")


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
