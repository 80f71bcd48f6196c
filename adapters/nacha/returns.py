"""Reads a return file: payments that came back (addenda 99), and changes asked for (addenda 98).

A bank returns a credit within two banking days, and asks for a change of an account or a name
that has to be made before the next payment. Entries are matched by the individual identification
number, which is our reference. The original trace number alone says the place in a file, and which
file nobody knows here: such an entry is quarantined with it. Disputes between the two banks
(R61 to R79) are quarantined too: what they mean for the worker, only the bank can say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from adapters.nacha.proven import Entry, ReturnFile, entries_of
from disburse.adapter import PaymentAnswer, Quarantined, Record, Result, UnreadableReport

# The words that the rules have for the codes which credits come back with.
REASONS: Final = {
    "R02": "account closed",
    "R03": "no account, or unable to locate it",
    "R04": "invalid account number",
    "R06": "returned at our bank's request",
    "R12": "account sold to another bank",
    "R13": "invalid routing number",
    "R14": "representative payee deceased",
    "R15": "account holder deceased",
    "R16": "account frozen",
    "R17": "questionable entry",
    "R20": "not an account that takes payments",
    "R23": "refused by the receiver",
    "R24": "duplicate entry",
    "C01": "other account number",
    "C02": "other routing number",
    "C03": "other routing number and account number",
    "C04": "other name",
    "C05": "other account type",
    "C06": "other account number and account type",
    "C07": "other routing number, account number and account type",
    "C09": "other identification number",
    "C13": "addenda in another form",
}
RETURNS_OF_CREDITS: Final = frozenset({"21", "31", "41", "51"})
_RETURNED: Final = re.compile("R(?:0[1-9]|[1-5][0-9]|60|8[0-9]|9[0-9])", re.ASCII)
_CHANGED: Final = re.compile("C(?:0[1-9]|1[0-9])", re.ASCII)


def read_report(content: bytes) -> Iterator[Record]:
    """Yield one record per entry, numbered from 1 as the file has them.

    An entry that cannot be read is quarantined. Raises `UnreadableReport`, before the first
    record, for a file that is cut, whose counts, hash or sums are not its entries', or that holds
    payments instead of returns.
    """
    file = entries_of(content)
    addenda = [one[1:3] for entry in file.entries for one in entry.addenda]
    if file.entries and not {"98", "99"} & set(addenda):
        raise UnreadableReport("the file holds payments and no returns; it answers nothing")
    for position, entry in enumerate(file.entries, start=1):
        yield _record(position, entry, file)


def _record(position: int, entry: Entry, file: ReturnFile) -> Record:
    """Return what an entry says, or why it cannot be read."""
    line, reference = entry.line, entry.line[39:54].strip()
    if why := _unreadable(entry):
        return Quarantined(position=position, reason=why)
    (addenda,) = entry.addenda
    code, trace = addenda[3:6], addenda[6:21].strip()
    if not reference:
        return Quarantined(
            position=position,
            reason=f"{code} without an identification number; original trace number {trace}",
        )
    returned = addenda[1:3] == "99"
    if (_RETURNED if returned else _CHANGED).fullmatch(code) is None:
        return Quarantined(position=position, reason=f"the code {code!r} is none for the company")
    own = entry.batch[20:40].rstrip()
    return PaymentAnswer(
        position=position,
        reference=reference,
        result=Result.RETURNED if returned else Result.PENDING,
        amount=int(line[29:39]) if returned else None,  # a change has no amount
        currency="USD",
        reason=code,
        text=_words(code, addenda),
        evidence=line[79:94].strip(),
        on=_settled(entry.batch[75:78], file.created),
        file_reference=own if re.fullmatch("[0-9A-Z]{1,16}", own, re.ASCII) else "",
    )


def _unreadable(entry: Entry) -> str:
    """Return why an entry is no return of a credit; "" when it is one."""
    if not entry.whole:
        return "a line of the entry is damaged"
    if not re.fullmatch("[0-9]{10}", entry.line[29:39], re.ASCII):
        return "an amount that is none"
    if entry.batch[50:53] == "IAT":
        return "an international entry; it has other columns"
    if len(entry.addenda) != 1 or entry.addenda[0][1:3] not in {"98", "99"}:
        return "not one addenda with the reason"
    if entry.line[1:3] not in RETURNS_OF_CREDITS:
        return f"transaction code {entry.line[1:3]} is not a credit's return"
    return ""


def _words(code: str, addenda: str) -> str:
    """Return what the code means and what the bank adds: the corrected particulars of a change."""
    said = addenda[35:79] if code.startswith("R") else addenda[35:64]
    died = addenda[21:27].strip() if code in {"R14", "R15"} else ""
    parts = (REASONS.get(code, ""), died, " ".join(said.split()))
    return ": ".join(part for part in parts if part)


def _settled(day: str, created: date) -> date:
    """Return the settlement date, which is a day of the year, or else the file's own date."""
    if not day.isdecimal() or not 1 <= int(day) <= 366:  # noqa: PLR2004  (days of a year)
        return created
    years = (created.year - 1, created.year, created.year + 1)
    days = (date(year, 1, 1) + timedelta(days=int(day) - 1) for year in years)
    return min(days, key=lambda one: abs(one - created))
