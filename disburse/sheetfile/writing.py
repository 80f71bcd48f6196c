"""Writes a sheet as JSON or CSV, in pieces; the same sheet always gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Final

from disburse.domain import money
from disburse.domain.sheet import FORMAT_VERSION, Header, Line
from disburse.sheetfile.columns import HEADER_COLUMNS, LINE_COLUMNS
from disburse.sheetfile.lines import DEDUCTION_PREFIX, GROSS_PREFIX

_LINES_PER_PIECE: Final = 500


def write_json(header: Header, lines: Iterable[Line]) -> Iterator[bytes]:
    """Write the document that `read` takes as JSON; members that hold nothing are left out."""
    head = f'{{"disburse_sheet": {FORMAT_VERSION},\n"header": {_json(header_members(header))},\n'
    pieces = [head, '"lines": [']
    for place, line in enumerate(lines):
        pieces.append(",\n" if place else "\n")
        pieces.append(_json(line_members(line, header.currency)))
        if place % _LINES_PER_PIECE == _LINES_PER_PIECE - 1:
            yield "".join(pieces).encode()
            pieces = []
    yield "".join((*pieces, "\n]}\n")).encode()


def write_csv(header: Header, lines: Iterable[Line]) -> Iterator[bytes]:
    """Write the table that `read` takes as CSV: UTF-8 with a mark, so that Excel knows it."""
    yield b"\xef\xbb\xbf"
    fields = header_members(header)
    names = [column.name for column in HEADER_COLUMNS]
    rows = [
        ["field", "value"],
        *([name, table_cell(fields[name])] for name in names if name in fields),
    ]
    rows += [[], [column.name for column in LINE_COLUMNS]]
    for place, line in enumerate(lines):
        rows.append(line_cells(line, header.currency))
        if place % _LINES_PER_PIECE == _LINES_PER_PIECE - 1:
            yield _csv(rows)
            rows = []
    yield _csv(rows)


def header_members(header: Header) -> dict[str, object]:
    """Return the header as JSON members."""
    members: dict[str, object] = {
        "project": header.project,
        "general_contractor": header.general_contractor,
        "subcontractor": header.subcontractor,
        "teams": list(header.teams),
        "period": header.period.isoformat()[:7],
        "worked_from": header.worked_from.isoformat(),
        "worked_to": header.worked_to.isoformat(),
        "pay_on": header.pay_on.isoformat(),
        "currency": header.currency,
        "kind": header.kind.value,
        "number": header.number,
        "predecessor": header.predecessor,
        "head_count": header.head_count,
        "total_net": money.write(header.total_net, header.currency),
    }
    return _filled(members)


def line_members(line: Line, currency: str) -> dict[str, object]:
    """Return a line as JSON members."""
    price = line.unit_price
    members: dict[str, object] = {
        "number": line.number,
        "name": line.name,
        "id_type": line.id_type.value,
        "id_number": line.id_number,
        "mobile": line.mobile,
        "team": line.team,
        "trade": line.trade,
        "days": line.days,
        "hours": line.hours,
        "quantity": line.quantity,
        "unit_price": None if price is None else money.write(price, currency),
        "gross_items": {name: money.write(minor, currency) for name, minor in line.gross_items},
        "gross": money.write(line.gross, currency),
        "deductions": {name: money.write(minor, currency) for name, minor in line.deductions},
        "total_deductions": money.write(line.total_deductions, currency),
        "net": money.write(line.net, currency),
        "bank_code": line.bank_code,
        "bank_name": line.bank_name,
        "account": line.account,
        "back_pay": line.back_pay or None,
        "confirmed_by": line.confirmed_by and line.confirmed_by.value,
        "confirmed_at": line.confirmed_at and line.confirmed_at.isoformat(),
        "confirmation_digest": line.confirmation_digest,
    }
    return _filled(members)


def line_cells(line: Line, currency: str) -> list[str]:
    """Return a line as the cells of a table, in the order of `LINE_COLUMNS`."""
    members = line_members(line, currency)
    for prefix, items in (
        (GROSS_PREFIX, line.gross_items),
        (DEDUCTION_PREFIX, line.deductions),
    ):
        members.update((prefix + name, money.write(minor, currency)) for name, minor in items)
    return [table_cell(members.get(column.name)) for column in LINE_COLUMNS]


def _filled(members: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in members.items() if value not in ("", None, [], {})}


def table_cell(value: object) -> str:
    """Return a JSON member's value as a cell of a table."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "、".join(value)
    return "true" if value is True else str(value)


def _json(members: dict[str, object]) -> str:
    return json.dumps(members, ensure_ascii=False)


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
