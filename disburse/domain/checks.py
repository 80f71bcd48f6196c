"""Everything that can be told about a payroll sheet from the sheet alone, in one pass."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from disburse.domain import identity, money
from disburse.domain.finding import Code, Finding
from disburse.domain.sheet import Header, Kind, Line

# Minor units. A slip of two decimal places on a whole month's wage stops here; a yuan
# millionaire's final settlement takes two sheets.
LINE_GROSS_MAX: Final = 10**8
# 100,000 lines of 100,000 yuan; far above any site's month.
SHEET_NET_MAX: Final = 10**12
# A month's sheet need not begin on the 1st (26th to 25th is usual), but it is one month.
REGULAR_DAYS_MAX: Final = 31
# Interim Provisions on Payment of Wages (劳部发〔1994〕489号) art. 16.
DAMAGES_PERCENT_MAX: Final = 20

_CREDIT_CODE_LENGTH: Final = 18


def check(
    header: Header | None,
    lines: Iterable[Line],
    *,
    today: date,
    rows: Sequence[int] = (),
    complete: bool = True,
) -> Iterator[Finding]:
    """Find everything that is wrong with the sheet, line by line and then as a whole.

    `rows` are the lines' places in the file. When `complete` is false, or without a header, some
    of the file could not be read: what only a whole sheet can answer for is not asked.
    """
    currency = header.currency if header else "CNY"
    first_seen: dict[str, int] = {}
    total_net = 0
    count = 0
    for count, line in enumerate(lines, start=1):
        row = rows[count - 1] if rows else None
        total_net += line.net
        if complete and line.number != count:
            yield Finding(
                Code.BAD_SEQUENCE, line.number, row, "number", str(line.number), {"wanted": count}
            )
        yield from _repeated(line, row, first_seen)
        yield from _amounts(line, row, currency)
        yield from _worker(line, row, today)
    if header is not None:
        yield from _header(header)
        if complete:
            yield from _totals(header, count, total_net)


def _repeated(line: Line, row: int | None, first_seen: dict[str, int]) -> Iterator[Finding]:
    person = line.id_type + line.id_number  # numbers come normalised from `sheetfile`
    if person not in first_seen:
        first_seen[person] = line.number
        return
    yield Finding(
        Code.SAME_WORKER_TWICE,
        line.number,
        row,
        "id_number",
        identity.mask_id(line.id_number),
        {"first": first_seen[person]},
    )


def _amounts(line: Line, row: int | None, currency: str) -> Iterator[Finding]:
    """Check the line's arithmetic: items = gross, deductions = total, gross − total = net."""
    if line.gross > LINE_GROSS_MAX:
        limit = money.write(LINE_GROSS_MAX, currency)
        yield Finding(Code.OVER_LIMIT, line.number, row, "gross", facts={"limit": limit})
        return
    gross = total_deductions = damages = 0
    for name, amount in line.gross_items:
        gross += amount
        if amount < 0:
            yield Finding(Code.NEGATIVE, line.number, row, f"gross_{name}")
    for name, amount in line.deductions:
        total_deductions += amount
        if name == "damages":
            damages = amount
        if amount < 0:
            yield Finding(Code.NEGATIVE, line.number, row, f"deduction_{name}")
    if line.gross != gross:
        yield _arithmetic(line, row, "gross", says=line.gross, wanted=gross, currency=currency)
    if line.total_deductions != total_deductions:
        yield _arithmetic(
            line,
            row,
            "total_deductions",
            says=line.total_deductions,
            wanted=total_deductions,
            currency=currency,
        )
    yield from _net(line, row, currency)
    if damages * 100 > line.gross * DAMAGES_PERCENT_MAX:
        yield Finding(
            Code.DAMAGES_OVER_LIMIT,
            line.number,
            row,
            "deduction_damages",
            money.write(damages, currency),
            {"percent": DAMAGES_PERCENT_MAX, "gross": money.write(line.gross, currency)},
        )


def _net(line: Line, row: int | None, currency: str) -> Iterator[Finding]:
    net = line.gross - line.total_deductions
    if line.net != net:
        yield _arithmetic(line, row, "net", says=line.net, wanted=net, currency=currency)
    if line.net < 0:
        yield Finding(Code.NEGATIVE, line.number, row, "net")
    elif line.net == 0:
        yield Finding(Code.ZERO_NET, line.number, row, "net")


def _arithmetic(
    line: Line, row: int | None, column: str, *, says: int, wanted: int, currency: str
) -> Finding:
    facts = {"wanted": money.write(wanted, currency)}
    return Finding(Code.ARITHMETIC, line.number, row, column, money.write(says, currency), facts)


def _worker(line: Line, row: int | None, today: date) -> Iterator[Finding]:
    """Check the person's numbers and whether the person confirmed."""
    if not identity.is_identity_number(line.id_type, line.id_number, today=today):
        yield Finding(
            Code.BAD_IDENTITY_NUMBER,
            line.number,
            row,
            "id_number",
            identity.mask_id(line.id_number),
            {"paper": line.id_type.value},
        )
    if not identity.is_account(line.account):
        masked = identity.mask_account(line.account)
        yield Finding(Code.BAD_ACCOUNT, line.number, row, "account", masked)
    if line.confirmed_by is None or line.confirmed_at is None:
        yield Finding(Code.UNCONFIRMED, line.number, row, "confirmed_by")
    if line.mobile and not identity.is_mobile(line.mobile):
        masked = identity.mask_mobile(line.mobile)
        yield Finding(Code.BAD_MOBILE, line.number, row, "mobile", masked)
    if line.bank_code and not identity.is_bank_code(line.bank_code):
        masked = identity.mask_text(line.bank_code)
        yield Finding(Code.BAD_BANK_CODE, line.number, row, "bank_code", masked)


def _header(header: Header) -> Iterator[Finding]:
    if not _period_fits(header):
        facts = {
            "from": header.worked_from.isoformat(),
            "to": header.worked_to.isoformat(),
            "period": header.period.isoformat()[:7],
            "kind": header.kind.value,
            "days": REGULAR_DAYS_MAX,
        }
        yield Finding(Code.PERIOD_MISMATCH, column="worked_from", facts=facts)
    if (header.number > 1) != (header.predecessor is not None):
        facts = {"number": header.number}
        yield Finding(Code.PREDECESSOR_MISSING, column="predecessor", facts=facts)
    for column, number in (
        ("general_contractor", header.general_contractor),
        ("subcontractor", header.subcontractor),
    ):
        # Only China's numbers have 18 characters; other countries' are not judged.
        if len(number) == _CREDIT_CODE_LENGTH and not identity.is_credit_code(number):
            yield Finding(Code.BAD_REGISTRATION, column=column, value=identity.mask_text(number))


def _period_fits(header: Header) -> bool:
    first, worked_from, worked_to = header.period, header.worked_from, header.worked_to
    last = first.replace(day=monthrange(first.year, first.month)[1])
    if first.day != 1 or worked_from > worked_to or worked_from > last:
        return False
    if header.kind is not Kind.REGULAR:
        return True
    return worked_to >= first and (worked_to - worked_from).days < REGULAR_DAYS_MAX


def _totals(header: Header, count: int, total_net: int) -> Iterator[Finding]:
    """Compare the header's head count and total net with the lines."""
    if count == 0:
        yield Finding(Code.NO_LINES)
    if header.head_count != count:
        yield Finding(
            Code.HEADER_COUNT,
            column="head_count",
            value=str(header.head_count),
            facts={"wanted": count},
        )
    says = money.write(header.total_net, header.currency)
    if header.total_net != total_net:
        facts = {"wanted": money.write(total_net, header.currency)}
        yield Finding(Code.HEADER_TOTAL, column="total_net", value=says, facts=facts)
    if total_net > SHEET_NET_MAX:
        limit = money.write(SHEET_NET_MAX, header.currency)
        yield Finding(Code.OVER_LIMIT, column="total_net", value=says, facts={"limit": limit})
