"""Reads a return file: the records that were sent, with what became of each in columns 231 to 240.

A record with codes that the profile does not know, or that contradict each other, is quarantined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final, NoReturn

from adapters.cnab240.profile import COLUMNS, Profile
from disburse.adapter import PaymentAnswer, Quarantined, Record, Result, UnreadableReport

HEADS: Final = 2  # the file's header and trailer
LINES_MAX: Final = 500_000  # 125,000 payments with three segments more; longer is another bank's
_OWN: Final = re.compile("[0-9A-Z]{1,16}", re.ASCII)


def read_report(profile: Profile, content: bytes) -> Iterator[Record]:
    """Yield one record per segment A, numbered from 1 as the file has them.

    Raises `UnreadableReport`, before the first record, for a file that is cut, that is no return
    of this bank's, or whose trailers are not its records' count and sum.
    """
    lines = _lines(content)
    if lines[0][:8] != f"{profile.bank}00000" or lines[0][142] != "2":
        raise UnreadableReport("this is not a return file of this bank's")
    own = lines[0][191:211].strip(" ")
    details = _details(profile, lines)
    reference = own if _OWN.fullmatch(own) else ""
    for position, line in enumerate(details, start=1):
        yield _record(profile, position, line, reference)


def _details(profile: Profile, lines: list[str]) -> list[str]:
    """Return the segments A of every lot, once every trailer is its records'."""
    found: list[str] = []
    lots = start = 0
    inside = 0  # records of the lot that is open, with its header
    for number, line in enumerate(lines[1:], start=2):
        kind = line[7]
        if line[:3] != profile.bank:
            _damaged(f"line {number} is another bank's")
        if kind == "1" and not inside:
            lots, inside, start = lots + 1, 1, len(found)
        elif kind == "3" and inside:
            inside += 1
            if line[13] == "A":
                found.append(line)
        elif kind == "5" and inside:
            _prove(line, inside + 1, found[start:])
            inside = 0
        elif kind == "9" and not inside and number == len(lines):
            if line[17:29] != f"{lots:06d}{number:06d}":
                _damaged("it has other lots and records than it states")
            return found
        else:
            _damaged(f"line {number} has no place there")
    raise UnreadableReport("the return file is cut short; fetch it from the bank again")


def _prove(trailer: str, records: int, details: list[str]) -> None:
    """Raise `UnreadableReport` unless a lot's trailer can be its records'."""
    if trailer[17:23] != f"{records:06d}":
        _damaged("a lot has another number of records than it states")
    amounts = [line[119:134] for line in details]
    known = sum(int(one) for one in amounts if one.isdecimal())
    bad = sum(not one.isdecimal() for one in amounts)
    stated = trailer[23:41]
    if not stated.isdecimal() or int(stated) < known or (int(stated) > known and not bad):
        _damaged("a lot's sum is not its records'")


def _record(profile: Profile, position: int, line: str, file_reference: str) -> Record:
    """Return what a segment A says, or why it cannot be read."""
    reference, amount, paid = line[73:93].strip(" "), line[119:134], line[162:177]
    codes = [one for at in range(230, COLUMNS, 2) if (one := line[at : at + 2].strip())]
    meanings = {profile.occurrences.get(code) for code in codes}
    why = ""
    if not (line.isascii() and line.isprintable()):
        why = "its bytes are damaged"
    elif not reference:
        why = "it does not say which payment it answers"
    elif not amount.isdecimal():
        why = "its amount is none"
    elif None in meanings or len(meanings) != 1:
        why = f"its occurrences {' '.join(codes)[:20]!r} are unknown, contradictory or missing"
    elif Result.PAID in meanings and paid.strip("0 ") and paid != amount:
        why = "another amount was paid than was ordered"
    if why:
        return Quarantined(position=position, reason=why)
    (result,) = (one for one in meanings if one)
    return PaymentAnswer(
        position=position,
        reference=reference,
        result=result,
        amount=int(amount),
        currency="BRL",
        reason=codes[0],
        text=" ".join(codes),
        evidence=line[134:154].strip(" "),
        on=_day(line[154:162]),
        file_reference=file_reference,
    )


def _lines(content: bytes) -> list[str]:
    """Return the lines; bytes outside ASCII stay, one character each, and damage their record."""
    lines = [line.removesuffix("\r") for line in content.decode("latin-1").split("\n")]
    while lines and not lines[-1].strip("\x1a"):  # an old end-of-file mark
        lines.pop()
    if not HEADS <= len(lines) <= LINES_MAX:
        raise UnreadableReport("the return file is empty, cut short or far too long")
    if any(len(line) != COLUMNS for line in lines):
        raise UnreadableReport("the return file has lines that are not 240 columns wide")
    return lines


def _day(text: str) -> date | None:
    try:
        return date(int(text[4:]), int(text[2:4]), int(text[:2]))
    except ValueError:
        return None


def _damaged(why: str) -> NoReturn:
    raise UnreadableReport(f"the return file is damaged ({why}); fetch it from the bank again")
