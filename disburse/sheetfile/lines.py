"""Reads one line of a sheet from its members: written by hand, because 100,000 come at once."""

from __future__ import annotations

from typing import Final

from disburse.domain.finding import Code
from disburse.domain.identity import normalise, normalise_account
from disburse.domain.sheet import Confirmation, IdType, Line
from disburse.sheetfile.columns import DEDUCTION_COLUMNS, GROSS_COLUMNS, LINE, Column
from disburse.sheetfile.draft import Findings
from disburse.sheetfile.fields import Fields, Members, masked

GROSS_PREFIX: Final = "gross_"
DEDUCTION_PREFIX: Final = "deduction_"
_ITEM_NAMES: Final = frozenset(column.name for column in (*GROSS_COLUMNS, *DEDUCTION_COLUMNS))
LINE_MEMBERS: Final = (frozenset(LINE) - _ITEM_NAMES) | {"gross_items", "deductions"}

_GROSS: Final = {column.name.removeprefix(GROSS_PREFIX): column for column in GROSS_COLUMNS}
_DEDUCTIONS: Final = {
    column.name.removeprefix(DEDUCTION_PREFIX): column for column in DEDUCTION_COLUMNS
}
_ID_TYPES: Final = {id_type.value: id_type for id_type in IdType}
_CONFIRMATIONS: Final = {method.value: method for method in Confirmation}

_NUMBER: Final = LINE["number"]
_NAME: Final = LINE["name"]
_ID_TYPE: Final = LINE["id_type"]
_ID_NUMBER: Final = LINE["id_number"]
_MOBILE: Final = LINE["mobile"]
_TEAM: Final = LINE["team"]
_TRADE: Final = LINE["trade"]
_DAYS: Final = LINE["days"]
_HOURS: Final = LINE["hours"]
_QUANTITY: Final = LINE["quantity"]
_UNIT_PRICE: Final = LINE["unit_price"]
_GROSS_TOTAL: Final = LINE["gross"]
_TOTAL_DEDUCTIONS: Final = LINE["total_deductions"]
_NET: Final = LINE["net"]
_BANK_CODE: Final = LINE["bank_code"]
_BANK_NAME: Final = LINE["bank_name"]
_ACCOUNT: Final = LINE["account"]
_BACK_PAY: Final = LINE["back_pay"]
_CONFIRMED_BY: Final = LINE["confirmed_by"]
_CONFIRMED_AT: Final = LINE["confirmed_at"]
_CONFIRMATION_DIGEST: Final = LINE["confirmation_digest"]


class LineReader:
    """Reads the lines of one file; every fault goes to `findings`."""

    def __init__(self, findings: Findings, currency: str) -> None:
        self._fields = Fields(findings, currency)
        self._findings = findings

    def read(
        self, members: Members, row: int, *, told: frozenset[str] = frozenset()
    ) -> Line | None:
        """Read the line that stands at `row`; None when any of it could not be read.

        `told` are the columns whose cells have a finding already.
        """
        fields = self._fields
        number = members.get("number")
        fields.line = number if type(number) is int else None
        fields.row = row
        fields.told = told
        before = self._findings.total
        fields.unknown(members, LINE_MEMBERS)
        line = self._line(fields, members)
        return line if self._findings.total == before and not told else None

    def not_a_line(self, wanted: str, found: str, row: int) -> None:
        """Refuse what stands where a line should."""
        facts = {"wanted": wanted}
        self._findings.refuse(Code.WRONG_TYPE, "lines", found, row=row, facts=facts)

    def _line(self, fields: Fields, members: Members) -> Line:
        id_type = fields.choice(members, _ID_TYPE, _ID_TYPES) or IdType.RESIDENT_CARD
        return Line(
            number=fields.count(members, _NUMBER),
            name=fields.text(members, _NAME),
            id_type=id_type,
            id_number=normalise(id_type, long_number(fields, members, _ID_NUMBER)),
            mobile=mobile(fields, members),
            team=fields.shared(members, _TEAM),
            trade=fields.shared(members, _TRADE),
            days=fields.decimal(members, _DAYS),
            hours=fields.decimal(members, _HOURS),
            quantity=fields.decimal(members, _QUANTITY),
            unit_price=fields.amount(members, _UNIT_PRICE),
            gross_items=_items(fields, members, "gross_items", _GROSS),
            deductions=_items(fields, members, "deductions", _DEDUCTIONS),
            gross=fields.amount(members, _GROSS_TOTAL) or 0,
            total_deductions=fields.amount(members, _TOTAL_DEDUCTIONS) or 0,
            net=fields.amount(members, _NET) or 0,
            bank_code=fields.shared(members, _BANK_CODE),
            bank_name=fields.shared(members, _BANK_NAME),
            account=normalise_account(long_number(fields, members, _ACCOUNT)),
            back_pay=fields.flag(members, _BACK_PAY),
            confirmed_by=fields.choice(members, _CONFIRMED_BY, _CONFIRMATIONS),
            confirmed_at=fields.instant(members, _CONFIRMED_AT),
            confirmation_digest=fields.digest(members, _CONFIRMATION_DIGEST),
        )


def _items(
    fields: Fields, members: Members, name: str, columns: dict[str, Column]
) -> tuple[tuple[str, int], ...]:
    """Read the amounts of one group, in the order of the sheet's columns, without zeros."""
    amounts = fields.group(members, name)
    if not amounts:
        return ()
    fields.unknown(amounts, frozenset(columns))
    found = []
    for item, column in columns.items():
        if item in amounts:
            minor = fields.money(amounts[item], column)
            if minor:
                found.append((item, minor))
    return tuple(found)


def long_number(fields: Fields, members: Members, column: Column) -> str:
    """Read a number that spreadsheets destroy: 6.20201E+17 has lost its last digits."""
    text = fields.text(members, column)
    if "E+" in text or "e+" in text:
        fields.refuse(Code.NUMERIC_IDENTITY, column.name, masked(column.name, text))
    return text


def mobile(fields: Fields, members: Members) -> str:
    """Read a phone number without blanks; "+86" in front of digits is no formula."""
    raw = members.get("mobile")
    if type(raw) is str and raw.startswith("+"):
        digits = raw[1:].replace(" ", "")
        if digits.isascii() and digits.isdigit() and len(raw) <= _MOBILE.limit:
            return f"+{digits}"
    return fields.text(members, _MOBILE).replace(" ", "")
