"""Reads back the files that `writer` writes for the same profile; it shares no code with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Final

from adapters.uae_wps.profile import Profile
from disburse.adapter import Head, Payment, UnreadableFile, Wage

RECORD_BYTES_MAX: Final = 1 << 10  # far more than an EDR with its EVP; a file without ends stops
_MONEY: Final = r"((?:0|[1-9][0-9]{0,11})\.[0-9]{2})"
_DAY: Final = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_NUMBER: Final = "(0|[1-9][0-9]{0,3})"
# An EDR, and its EVP exactly where there is variable income, for the same worker.
_RECORD: Final = re.compile(
    rf"EDR,([0-9A-Za-z]{{14,35}}),([0-9]{{9}}),([0-9A-Z]{{1,23}}),({_DAY},{_DAY},[0-9]{{1,4}}),{_MONEY},"
    rf"(?:0\.00,{_NUMBER}\r\n|{_MONEY},{_NUMBER}\r\nEVP,\1,\2,([0-9.,]+)\r\n)",
    re.ASCII,
)
_VARIABLE: Final = re.compile(",".join([_MONEY] * 7), re.ASCII)
_CONTROL: Final = re.compile(
    rf"SCR,([0-9]{{13}}),([0-9]{{9}}),({_DAY}),([01][0-9]|2[0-3])[0-5][0-9],(0[1-9]|1[0-2])((?!0000)[0-9]{{4}}),"
    rf"([1-9][0-9]{{0,8}}),{_MONEY},AED,([0-9A-Z]{{1,16}})\r\n",
    re.ASCII,
)


def read_back(profile: Profile, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the payments, then the head; memory does not grow with the file.

    Raises `UnreadableFile` unless every record is as this profile's files have it, variable income
    is the sum of its parts, days are the period's, and count and sum are the payments'.
    """
    control = ""
    count = total = 0
    for text in _pieces(content):
        at = 0
        if profile.control_first and not control and (first := _CONTROL.match(text)):
            control, at = first[0], first.end()
        for match in _RECORD.finditer(text, at):
            if match.start() != at:
                break
            at = match.end()
            payment = _payment(profile, match)
            count, total = count + 1, total + payment.amount
            yield payment
        if not control and at < len(text) and (last := _CONTROL.fullmatch(text, at)):
            control, at = last[0], last.end()
        if at != len(text):
            raise UnreadableFile(f"not a file of ours: record {count + 1} is another")
    yield _head(control, count, total)


def _pieces(content: Iterable[bytes]) -> Iterator[str]:
    """Yield whole records with what belongs to them; other bytes fail where they are read."""
    rest = b""
    for piece in content:
        rest += piece
        if (cut := rest.rfind(b"\r\nEDR,")) >= 0:
            yield _text(rest[: cut + 2])
            rest = rest[cut + 2 :]
        if len(rest) > RECORD_BYTES_MAX:
            raise UnreadableFile("not a file of ours: a record without end")
    if rest:
        yield _text(rest)


def _text(some: bytes) -> str:
    try:
        return some.decode("ascii")
    except UnicodeDecodeError as why:
        raise UnreadableFile("not a file of ours: it is not ASCII") from why


def _payment(profile: Profile, match: re.Match[str]) -> Payment:
    """Return one record's payment."""
    who, bank, account, period, fixed, leave, variable, leave_too, parts = match.groups()
    worked_from, worked_to, days = _period(period)
    amount = int(fixed.replace(".", ""))
    if variable is not None:
        more = int(variable.replace(".", ""))
        found = _VARIABLE.fullmatch(parts)
        if (
            not found
            or not more
            or more != sum(int(one.replace(".", "")) for one in found.groups())
        ):
            raise UnreadableFile("not a file of ours: variable income is not the sum of its parts")
        amount, leave = amount + more, leave_too
    counted = profile.leave_counted
    if int(leave) > (days if counted else 0):
        raise UnreadableFile("not a file of ours: the leave is none of the period's")
    return Payment(
        reference="", name="", account=account, bank_code=bank, bank_name="", amount=amount,
        note="", wage=Wage(
            id_type="", id_number=who, worked_from=worked_from, worked_to=worked_to,
            days=str(days - int(leave)) if counted else "", items=(), deductions=(),
        ),
    )  # fmt: skip


@lru_cache(maxsize=256)
def _period(columns: str) -> tuple[date, date, int]:
    """Return the first day, the last, and how many they are, once that is what is said."""
    start, end, stated = columns.split(",")
    first, last = _day(start), _day(end)
    days = (last - first).days + 1
    if stated != str(days):
        raise UnreadableFile("not a file of ours: the days are not the period's")
    return first, last, days


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as why:
        raise UnreadableFile("not a file of ours: a date is none") from why


def _head(control: str, count: int, total: int) -> Head:
    """Return what the control record says, once it is the records' count and sum."""
    match = _CONTROL.fullmatch(control)
    if match is None:
        raise UnreadableFile("not a file of ours: it has no control record; it is cut short")
    employer, bank, made, _, month, year, stated, money, reference = match.groups()
    _day(made)
    if (int(stated), int(money.replace(".", ""))) != (count, total):
        raise UnreadableFile("not a file of ours: its payments are not its count and sum")
    return Head(
        reference=reference, currency="AED", debtor_bank_code=bank, count=count, total=total,
        period=date(int(year), int(month), 1), employer=employer,
    )  # fmt: skip
