"""What the three subcontractors pay in two months, and the sheets that they write of it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Final

from disburse import sheetfile
from disburse.demo.contract import a_header
from disburse.demo.people import Worker, a_credit_code, a_worker
from disburse.domain.sheet import Confirmation, Header, IdType, Kind, Line
from disburse.sheetfile.template import write_xlsx

PROJECT: Final = "JYG-2026-017"

AUGUST: Final = date(2026, 8, 1)
SEPTEMBER: Final = date(2026, 9, 1)
PAY_ON: Final = {AUGUST: date(2026, 9, 10), SEPTEMBER: date(2026, 10, 12)}
SUFFIXES: Final = {sheetfile.JSON: "json", sheetfile.CSV: "csv", sheetfile.XLSX: "xlsx"}

ADVANCE: Final = 200_000  # fen: less than what is left on the account when the story ends
ADVANCED: Final = 4  # whose account the story never changes

_CONFIRMED_BY: Final = tuple(Confirmation)
_INSURANCE: Final = 36_050  # fen a month
_OVERTIME: Final = 15_000  # fen for each day of it
_HEAT: Final = 20_000  # fen: 高温津贴, paid until August


@dataclass(frozen=True, slots=True, kw_only=True)
class Subcontractor:
    """One of the three, and the form in which it writes each month's sheet."""

    letter: str
    name: str
    registration: str
    first: int  # its workers on the site, both included
    last: int
    forms: dict[date, str]

    @property
    def workers(self) -> list[Worker]:
        """Return its workers as they were in August; line numbers count from 1 in this order."""
        return [a_worker(place) for place in range(self.first, self.last + 1)]


_JSON, _CSV, _XLSX = sheetfile.JSON, sheetfile.CSV, sheetfile.XLSX
SUBCONTRACTORS: Final = (
    Subcontractor(letter="A", name="示例甲劳务有限公司（A）", registration=a_credit_code(21),
                  first=1, last=45, forms={AUGUST: _JSON, SEPTEMBER: _CSV}),
    Subcontractor(letter="B", name="示例乙劳务有限公司（B）", registration=a_credit_code(22),
                  first=46, last=85, forms={AUGUST: _XLSX, SEPTEMBER: _JSON}),
    Subcontractor(letter="C", name="示例丙劳务有限公司（C）", registration=a_credit_code(23),
                  first=86, last=120, forms={AUGUST: _CSV, SEPTEMBER: _XLSX}),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetFile:
    """A sheet's bytes as the subcontractor signs them."""

    name: str
    media_type: str
    content: bytes


def a_line(number: int, worker: Worker, month: date) -> Line:
    """Return what `worker` earned: days and overtime less insurance, in fen."""
    days = 22 + (worker.place + month.month) % 5
    items = {
        "base": days * worker.day_rate,
        "overtime": worker.place % 4 * _OVERTIME,
        "allowance": _HEAT if month == AUGUST else 0,
    }
    gross = sum(items.values())
    seconds = f"{worker.place % 60:02d}"
    return Line(
        number=number,
        name=worker.name,
        id_type=IdType.RESIDENT_CARD,
        id_number=worker.id_number,
        mobile=worker.mobile,
        team=worker.team,
        trade=worker.trade,
        days=str(days),
        hours="",
        quantity="",
        unit_price=None,
        gross_items=tuple((name, amount) for name, amount in items.items() if amount),
        deductions=(("social_insurance", _INSURANCE),),
        gross=gross,
        total_deductions=_INSURANCE,
        net=gross - _INSURANCE,
        bank_code=worker.bank_code,
        bank_name=worker.bank_name,
        account=worker.account,
        back_pay=False,
        confirmed_by=_CONFIRMED_BY[worker.place % len(_CONFIRMED_BY)],
        confirmed_at=datetime(2026, month.month + 1, 2, 10, 30, int(seconds), tzinfo=UTC),
        confirmation_digest=sha256(f"{month} {worker.place}".encode()).hexdigest(),
    )


def lines_of(workers: Sequence[Worker], month: date) -> list[Line]:
    """Return one line for each worker."""
    return [a_line(number, worker, month) for number, worker in enumerate(workers, start=1)]


def _header(subcontractor: Subcontractor, month: date, lines: Sequence[Line]) -> Header:
    return a_header(PROJECT, subcontractor.registration, month, lines, pay_on=PAY_ON[month])


def a_sheet(
    subcontractor: Subcontractor, month: date, workers: Sequence[Worker] | None = None
) -> SheetFile:
    """Return the month's sheet in the subcontractor's form."""
    lines = lines_of(subcontractor.workers if workers is None else workers, month)
    return _written(subcontractor, month, _header(subcontractor, month, lines), lines)


def an_advance() -> bytes:
    """Return a sheet for whoever explores: 2,000 yuan for one worker of A, ahead of October."""
    subcontractor, month = SUBCONTRACTORS[0], date(2026, 10, 1)
    usual = a_line(1, subcontractor.workers[ADVANCED], SEPTEMBER)
    line = replace(
        usual,
        gross_items=(("base", ADVANCE),),
        deductions=(),
        gross=ADVANCE,
        total_deductions=0,
        net=ADVANCE,
    )
    header = replace(
        _header(subcontractor, SEPTEMBER, [line]),
        period=month,
        worked_from=month,
        worked_to=month.replace(day=31),
        pay_on=date(2026, 10, 20),
        kind=Kind.ADVANCE,
    )
    return b"".join(sheetfile.write_csv(header, [line]))


def a_faulty_sheet(subcontractor: Subcontractor, month: date) -> SheetFile:
    """Return a first try with what goes wrong when a table is typed; five faults in all.

    Line 3 is worker 2 again, line 5 pays more than its parts make, line 20 is numbered 19, and so
    the header counts one worker too many and another total.
    """
    workers = subcontractor.workers
    workers[2] = workers[1]
    lines = lines_of(workers, month)
    header = _header(subcontractor, month, lines)
    lines[4] = replace(lines[4], net=lines[4].net + 10_000)
    lines[19] = replace(lines[19], number=19)
    header = replace(header, head_count=header.head_count + 1)
    written = _written(subcontractor, month, header, lines)
    return replace(written, name=written.name.replace(".", "_faulty."))


def tampered(sheet: SheetFile) -> SheetFile:
    """Return the sheet with one digit of one wage raised after it was signed."""
    head, mark, tail = sheet.content.partition(b'"net": "')
    raised = b"9" if tail[:1] != b"9" else b"8"
    name = sheet.name.replace(".", "_tampered.")
    return replace(sheet, name=name, content=head + mark + raised + tail[1:])


def _written(
    subcontractor: Subcontractor, month: date, header: Header, lines: Sequence[Line]
) -> SheetFile:
    form = subcontractor.forms[month]
    stream = io.BytesIO()
    if form == sheetfile.XLSX:
        write_xlsx(stream, header, lines)
    else:
        writing = sheetfile.write_json if form == sheetfile.JSON else sheetfile.write_csv
        stream.writelines(writing(header, lines))
    name = f"{month:%Y-%m}_{subcontractor.letter}.{SUFFIXES[form]}"
    return SheetFile(name=name, media_type=form, content=stream.getvalue())
