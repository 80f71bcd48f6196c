"""Turns the rows of a table (CSV or XLSX) into the members that the readers take."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from disburse.domain.finding import Code
from disburse.domain.identity import mask_text
from disburse.sheetfile.columns import (
    DEDUCTION_COLUMNS,
    GROSS_COLUMNS,
    HEADER_COLUMNS,
    LINE_COLUMNS,
    NUMERIC_FORMS,
    Column,
    Form,
    by_label,
    choices_by_label,
    spelling,
)
from disburse.sheetfile.draft import Draft, Findings, UnreadableSheet
from disburse.sheetfile.fields import Members, masked
from disburse.sheetfile.header import currency_of, read_header
from disburse.sheetfile.lines import DEDUCTION_PREFIX, GROSS_PREFIX, LineReader

_SEPARATORS: Final = re.compile(r"[、;；,，\n]")
_WHOLE_DIGITS_MAX: Final = 9
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}
_HEADER_TITLES: Final = frozenset({"field", "栏目", "栏目field", "field栏目"})
_NO_CELLS: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One row: texts of the cells that hold something, by column from 0."""

    number: int  # as a spreadsheet shows it, from 1
    cells: Mapping[int, str]
    numeric: frozenset[int] = _NO_CELLS  # number cells
    formulas: frozenset[int] = _NO_CELLS
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a column's cells go: into which member, and as what."""

    index: int
    column: Column
    group: str  # "gross_items", "deductions" or ""
    member: str
    choices: Mapping[str, str]


def cell_name(index: int, row: int) -> str:
    """Return what a spreadsheet calls a cell: (3, 7) → "D7"."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def column_index(letters: str) -> int:
    """Return a spreadsheet column's place from 0: "D" → 3."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return index - 1


def read_header_rows(rows: Iterable[Row], draft: Draft) -> Members:
    """Read rows of field and value into the draft's header; return its members."""
    findings = draft.collected
    labels = by_label(HEADER_COLUMNS)
    members: dict[str, object] = {}
    told: set[str] = set()
    for row in rows:
        label, value = row.cells.get(0, ""), row.cells.get(1, "")
        if spelling(label) in _HEADER_TITLES or not (label or value):
            continue
        column = labels.get(spelling(label))
        if column is None:
            findings.refuse(Code.UNKNOWN_FIELD, mask_text(label), row=row.number)
            continue
        if column.name in members:
            findings.refuse(Code.REPEATED_FIELD, column.name, row=row.number)
        if _cell_refused(row, _place(1, column), findings, None):
            told.add(column.name)
        if value:
            members[column.name] = _converted(value, _place(1, column))
    draft.header = read_header(members, findings, told=frozenset(told))
    return members


def read_line_rows(rows: Iterator[Row], draft: Draft, header_members: Members) -> None:
    """Read the row of column names, and then every row that is not empty, into the draft.

    Raises `UnreadableSheet` when there is no row of column names.
    """
    titles = next(rows, None)
    if titles is None:
        raise UnreadableSheet("there is no row of column names; begin with the template")
    findings = draft.collected
    reader = LineReader(findings, currency_of(header_members))
    for row, members, told in read_rows(titles, rows, LINE_COLUMNS, findings):
        draft.add(reader.read(members, row.number, told=frozenset(told)), row.number)


def read_rows(
    titles: Row, rows: Iterable[Row], columns: tuple[Column, ...], findings: Findings
) -> Iterator[tuple[Row, Members, set[str]]]:
    """Yield each row with its members, and with the columns that have a finding already."""
    places = _places(titles, columns, findings)
    named = frozenset(place.index for place in places)
    for row in rows:
        told: set[str] = set()
        if not named.issuperset(row.cells):
            told.add("")
            for index in row.cells.keys() - named:
                name = cell_name(index, row.number)
                findings.refuse(Code.UNKNOWN_FIELD, name, row=row.number)
        yield row, _members(row, places, findings, told), told


def _places(titles: Row, columns: tuple[Column, ...], findings: Findings) -> list[_Place]:
    """Find each title's column; add findings for unknown, repeated and missing ones."""
    labels = by_label(columns)
    places: dict[str, _Place] = {}
    for index, label in sorted(titles.cells.items()):
        column = labels.get(spelling(label))
        if column is None:
            findings.refuse(Code.UNKNOWN_FIELD, mask_text(label), row=titles.number)
        elif column.name in places:
            findings.refuse(Code.REPEATED_FIELD, column.name, row=titles.number)
        else:
            places[column.name] = _place(index, column)
    for column in columns:
        if column.required and column.name not in places:
            findings.refuse(Code.MISSING_FIELD, column.name, row=titles.number)
    return list(places.values())


def _place(index: int, column: Column) -> _Place:
    group, member = "", column.name
    if column in GROSS_COLUMNS:
        group, member = "gross_items", column.name.removeprefix(GROSS_PREFIX)
    elif column in DEDUCTION_COLUMNS:
        group, member = "deductions", column.name.removeprefix(DEDUCTION_PREFIX)
    return _Place(index, column, group, member, choices_by_label(column))


def _members(
    row: Row, places: list[_Place], findings: Findings, told: set[str]
) -> dict[str, object]:
    members: dict[str, object] = {}
    groups: dict[str, dict[str, object]] = {"gross_items": {}, "deductions": {}}
    cells = row.cells
    suspicious = bool(row.numeric or row.formulas or row.hidden)
    for place in places:
        text = cells.get(place.index)
        if text is None:
            continue
        into = groups[place.group] if place.group else members
        into[place.member] = _converted(text, place)
    members.update((name, group) for name, group in groups.items() if group)
    if suspicious:
        number = members.get("number")
        line = number if isinstance(number, int) else None
        told.update(
            place.column.name for place in places if _cell_refused(row, place, findings, line)
        )
        if row.hidden:
            told.add("")
            facts = {"what": f"row {row.number}"}
            findings.refuse(Code.HIDDEN, "", line=line, row=row.number, facts=facts)
    return members


def _cell_refused(row: Row, place: _Place, findings: Findings, line: int | None) -> bool:
    """Add a finding when the cell is a formula, or a number where numbers lose digits."""
    name = place.column.name
    facts: dict[str, object] = {"cell": cell_name(place.index, row.number)}
    value = masked(name, row.cells.get(place.index, ""))
    if place.index in row.formulas:
        code = Code.FORMULA
    elif place.index not in row.numeric or place.column.form in NUMERIC_FORMS or name == "mobile":
        return False
    elif place.column.form in {Form.DATE, Form.MONTH, Form.INSTANT}:
        code = Code.BAD_DATE
        facts["wanted"] = "2026-07" if place.column.form is Form.MONTH else "2026-07-31"
    else:
        code = Code.NUMERIC_IDENTITY
    findings.refuse(code, name, value, line=line, row=row.number, facts=facts)
    return True


def _converted(text: str, place: _Place) -> object:
    """Return the JSON value that a cell's text stands for; the text itself when it is none."""
    form = place.column.form
    if form is Form.COUNT:
        whole = text.isascii() and text.isdigit() and len(text) <= _WHOLE_DIGITS_MAX
        return int(text) if whole else text
    if form is Form.FLAG:
        return _FLAGS.get(place.choices.get(spelling(text), text), text)
    if form is Form.TEXTS:
        return [part.strip() for part in _SEPARATORS.split(text) if part.strip()]
    if place.choices:
        return place.choices.get(spelling(text), text)
    return text
