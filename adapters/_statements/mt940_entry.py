"""Fields 60, 61, 62 and 86 of an MT940: balances, entries, and the banks' words about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple

from adapters._amount import minor
from disburse.adapter import EntryStatus, Refusal, StatementEntry, UnreadableStatement

_BALANCE: Final = re.compile(
    r"(?P<sign>[CD])(?P<day>[0-9]{6})(?P<currency>[A-Z]{3})(?P<amount>[0-9]{1,15},[0-9]{0,5})",
    re.ASCII,
)
_LINE: Final = re.compile(
    r"(?P<value>[0-9]{6})(?P<booked>[0-9]{4})?(?P<sign>E?[CD]|R[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>[0-9]{1,15},[0-9]{0,5})(?P<code>[A-Z][A-Z0-9]{3})"
    r"(?P<ours>(?:(?!//).)*)(?://(?P<banks>.*))?",
    re.ASCII,
)
# R takes an earlier entry back: a reversed credit is a debit. E is only expected.
_SIGN: Final = {"C": 1, "D": -1, "RC": -1, "RD": 1, "EC": 1, "ED": -1}
_NOTHING: Final = frozenset({"NONREF", "NOTPROVIDED", ""})
_CENTURY_TURNS: Final = 80  # two digits of a year from here on are of the last century
_DECEMBER: Final = 12
_SUBFIELD: Final = re.compile(r"\?([0-9]{2})")
_PLUS: Final = re.compile(r"(?:^|\n)(EREF|KREF|PREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|RTRN|IBAN|BIC)\+")
_SLASH: Final = re.compile(
    r"/(EREF|KREF|PREF|IREF|RTRN|RTYP|REMI|CNTP|BENM|ORDP|NAME|ACCT|IBAN|BIC|TRCD|MARF|CSID|ISDT"
    r"|SVCL|PURP|ADDR|CHGS|EXCH|OCMT|ULTB|ULTC|ULTD|CDTRREF|USTD|STRD)/"
)


class Balance(NamedTuple):
    """An opening or closing balance; minor units, negative where the account is overdrawn."""

    amount: int
    currency: str
    on: date


class Line(NamedTuple):
    """One field 61."""

    amount: int
    status: EntryStatus
    is_reversal: bool
    value_on: date
    booked_on: date
    code: str
    ours: str
    banks: str
    more: str


def balance_of(said: str) -> Balance:
    """Read field 60 or 62, or raise `UnreadableStatement`."""
    match = _BALANCE.fullmatch(said)
    if match is None:
        raise UnreadableStatement("a balance is not of the form C261010CNY1234,56")
    currency = match["currency"]
    try:
        amount = minor(_decimal(match["amount"]), currency)
    except Refusal as why:
        raise UnreadableStatement(f"a balance is unreadable: {why.detail}") from why
    return Balance(_SIGN[match["sign"]] * amount, currency, _day(match["day"]))


def line_of(lines: Sequence[str], currency: str) -> Line:
    """Read field 61 with its supplementary line, or raise a `Refusal`."""
    match = _LINE.fullmatch(lines[0].rstrip())
    if match is None:
        raise UnreadableStatement("it is not of the form of field 61")
    sign, value_on = match["sign"], _day(match["value"])
    return Line(
        amount=_SIGN[sign] * minor(_decimal(match["amount"]), currency),
        status=EntryStatus.INFORMATION if sign.startswith("E") else EntryStatus.BOOKED,
        is_reversal=sign.startswith("R"),
        value_on=value_on,
        booked_on=_near(value_on, match["booked"]) if match["booked"] else value_on,
        code=match["code"],
        ours=_known(match["ours"]),
        banks=_known(match["banks"] or ""),
        more=" ".join(one.strip() for one in lines[1:]),
    )


def entry_of(position: int, line: Line, words: Sequence[str]) -> StatementEntry:
    """Return the entry of a field 61 and the field 86 behind it."""
    said = _details(words)
    named = _known(said.get("EREF", ""))
    return StatementEntry(
        position=position,
        amount=line.amount,
        status=line.status,
        booked_on=line.booked_on,
        value_on=line.value_on,
        reference=line.banks,
        is_reversal=line.is_reversal,
        payment_reference=named or line.ours,
        file_reference=_known(said.get("PREF", "")) or _known(said.get("KREF", "")) or line.ours,
        counterparty_account=said.get("account", ""),
        counterparty_name=said.get("name", ""),
        return_reason=said.get("RTRN", ""),
        code=line.code,
        text=said.get("text", "") or line.more,
    )


def _details(words: Sequence[str]) -> dict[str, str]:
    """Return what field 86 names, and the words for people under "text"."""
    joined = "".join(words)
    if _SUBFIELD.search(joined[:8]):
        return _subfields(joined)
    said = {"text": " ".join(one.strip() for one in words)}
    parts = _SLASH.split("".join(words))
    for name, word in zip(parts[1::2], parts[2::2], strict=True):
        said.setdefault(name, word.strip("/ "))
    said["account"] = said.get("IBAN", "") or said.get("ACCT", "")
    said["name"] = said.get("NAME", "")
    return said


def _subfields(joined: str) -> dict[str, str]:
    """Read "166?00...?20EREF+...?31account?32name": the German banks' custom."""
    parts = _SUBFIELD.split(joined)
    by_number: dict[str, str] = {}
    for number, word in zip(parts[1::2], parts[2::2], strict=True):
        by_number.setdefault(number, word)
    purpose = "\n".join(  # a subfield may end inside a word, so that nothing stands between
        word for number, word in by_number.items() if "20" <= number <= "29" or number >= "60"
    )
    said = {
        "text": purpose.replace("\n", "").strip(),
        "account": by_number.get("31", "").strip(),
        "name": (by_number.get("32", "") + by_number.get("33", "")).strip(),
    }
    pieces = _PLUS.split(purpose)
    for name, word in zip(pieces[1::2], pieces[2::2], strict=True):
        said.setdefault(name, word.replace("\n", "").strip())
    return said


def _known(word: str) -> str:
    stripped = word.strip()
    return "" if stripped in _NOTHING else stripped


def _decimal(written: str) -> str:
    """Return MT940's amount, whose comma is always there, as decimal text."""
    whole, _, fraction = written.partition(",")
    return f"{whole}.{fraction}" if fraction else whole


def _day(digits: str) -> date:
    """Return the date that YYMMDD is, or raise `UnreadableStatement`."""
    year = int(digits[:2])
    century = 1900 if year >= _CENTURY_TURNS else 2000
    try:
        return date(century + year, int(digits[2:4]), int(digits[4:]))
    except ValueError as why:
        raise UnreadableStatement("a date in it is none") from why


def _near(value_on: date, month_and_day: str) -> date:
    """Return the booking date MMDD in the year that brings it nearest to the value date."""
    month, day = int(month_and_day[:2]), int(month_and_day[2:])
    year = value_on.year
    if (value_on.month, month) == (_DECEMBER, 1):
        year += 1
    elif (value_on.month, month) == (1, _DECEMBER):
        year -= 1
    try:
        return date(year, month, day)
    except ValueError as why:
        raise UnreadableStatement("a date in it is none") from why
