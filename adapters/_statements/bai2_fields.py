"""The records of a BAI2 file, their fields, and the control totals that prove them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Final, NamedTuple

from disburse.adapter import UnreadableStatement

# Fields that follow a funds type: distribution by days, by value date, or in pairs.
_FIXED_AFTER: Final = {"S": 3, "V": 2}
_INTEGER: Final = re.compile(r"([+-]?)([0-9]{1,17})", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{6}", re.ASCII)


class Logical(NamedTuple):
    """A record with the continuations behind it."""

    code: str
    fields: list[str]
    records: int  # physical ones


class Transaction(NamedTuple):
    """Record 16; `amount` is as it was written, without a sign of its direction."""

    code: str
    amount: int
    bank_reference: str
    our_reference: str
    text: str


class Control:
    """What was counted of an account, a group or the file, until its trailer says what it was."""

    def __init__(self) -> None:
        self.total = 0
        self.parts = 0
        self.records = 0

    def require(self, what: str, fields: list[str], *, with_parts: bool) -> None:
        """Raise `UnreadableStatement` unless the trailer's total and counts are the counted."""
        wanted = [self.total, *([self.parts] if with_parts else []), self.records]
        stated = [integer(one) for one in fields[: len(wanted)]]
        if stated != wanted:
            raise UnreadableStatement(
                f"{what} states total and counts {stated}, its records give {wanted}; "
                "fetch it from the bank again"
            )


def logical_records(content: bytes) -> Iterator[Logical]:
    """Yield each record joined with its continuations (88)."""
    open_: Logical | None = None
    for raw in BytesIO(content):
        line = _decoded(raw).strip("\r\n ")
        if not line:
            continue
        code, _, rest = line.partition(",")
        fields = rest.rstrip().removesuffix("/").split(",")
        if code != "88":
            if open_ is not None:
                yield open_
            open_ = Logical(code, fields, 1)
        elif open_ is None:
            raise UnreadableStatement("it begins with a continuation")
        else:
            open_ = Logical(open_.code, open_.fields + fields, open_.records + 1)
    if open_ is not None:
        yield open_


def balances_of(fields: list[str]) -> tuple[dict[str, int], int]:
    """Return the amounts of record 03 by type code, and their sum for the control total."""
    balances: dict[str, int] = {}
    moved = at = 0
    while at < len(fields):
        code, amount = fields[at], field(fields, at + 1)
        if amount:
            value = integer(amount)
            moved += value
            if code:
                balances.setdefault(code, value)
        at = _behind_funds(fields, at + 3)
    return balances, moved


def transaction_of(fields: list[str]) -> Transaction:
    """Read record 16, or raise `UnreadableStatement`."""
    at = _behind_funds(fields, 2)
    return Transaction(
        code=field(fields, 0),
        amount=integer(field(fields, 1) or "0"),
        bank_reference=field(fields, at),
        our_reference=field(fields, at + 1),
        text=",".join(fields[at + 2 :]).strip(),
    )


def field(fields: list[str], at: int) -> str:
    """Return the field's text; "" when the record is shorter."""
    return fields[at].strip() if at < len(fields) else ""


def integer(said: str) -> int:
    """Return a whole number such as "-1600", or raise `UnreadableStatement`."""
    match = _INTEGER.fullmatch(said.strip())
    if match is None:
        raise UnreadableStatement("an amount or a count in it is no whole number")
    return -int(match[2]) if match[1] == "-" else int(match[2])


def day_of(said: str) -> date:
    """Return the date that YYMMDD is, or raise `UnreadableStatement`."""
    if _DATE.fullmatch(said) is None:
        raise UnreadableStatement("a date in it is not of the form YYMMDD")
    try:
        return date(2000 + int(said[:2]), int(said[2:4]), int(said[4:]))
    except ValueError as why:
        raise UnreadableStatement("a date in it is none") from why


def _behind_funds(fields: list[str], at: int) -> int:
    """Return where the fields go on behind the funds type at `at`."""
    kind = field(fields, at)
    if kind == "D":
        pairs = field(fields, at + 1)
        return at + 2 + 2 * (integer(pairs) if pairs else 0)
    return at + 1 + _FIXED_AFTER.get(kind, 0)


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
