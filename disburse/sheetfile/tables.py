"""Reads plain tables, one row of column names and one row per entry, from CSV or XLSX."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from disburse.domain.finding import Code, Language
from disburse.sheetfile.columns import Column, spelling
from disburse.sheetfile.csv_form import csv_rows
from disburse.sheetfile.draft import BYTES_MAX, Findings, UnreadableSheet
from disburse.sheetfile.fields import Fields, Members
from disburse.sheetfile.header import FALLBACK_CURRENCY
from disburse.sheetfile.reading import CSV, XLSX
from disburse.sheetfile.table import Row, read_rows
from disburse.sheetfile.workbook import Workbook

Titles = Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a table, as the text of its cells by column name."""

    row: int
    members: Members


def tables(content: bytes, media_type: str, wanted: Iterable[Titles]) -> dict[str, list[Row]]:
    """Return the rows of each worksheet by its English title; those of a CSV by "".

    A worksheet that is alone in its workbook may have any title, and stands for "" too. Others
    that are not `wanted` are left out. Raises `UnreadableSheet`.
    """
    known = media_type.partition(";")[0].strip().lower()
    if known not in {CSV, XLSX}:
        raise UnreadableSheet(f"{media_type[:80]!r} is no table; use CSV or XLSX")
    if len(content) > BYTES_MAX:
        raise UnreadableSheet(f"the file has more than {BYTES_MAX} bytes; split it")
    if known == CSV:
        return {"": list(_csv(content))}
    workbook = Workbook(content)
    names = {
        spelling(label): title["en"]
        for title in wanted
        for label in (title["zh"], title["en"], title["zh"] + title["en"])
    }
    visible = [sheet for sheet in workbook.worksheets if not sheet.hidden]
    found = {names[key]: sheet for sheet in visible if (key := spelling(sheet.title)) in names}
    if not found and len(visible) == 1:
        found = {"": visible[0]}
    return {title: list(workbook.rows(sheet)) for title, sheet in found.items()}


def entries(
    rows: Iterable[Row], columns: tuple[Column, ...], findings: Findings, *, most: int
) -> Iterator[tuple[Entry, Fields]]:
    """Yield each row that is not empty, with the reader of its fields set to it.

    Faults go to `findings`. Raises `UnreadableSheet` without a row of names, and over `most` rows.
    """
    left = (row for row in rows if row.cells or row.formulas)
    titles = next(left, None)
    if titles is None:
        raise UnreadableSheet("there is no row of column names")
    fields = Fields(findings, FALLBACK_CURRENCY)
    for place, (row, members, told) in enumerate(read_rows(titles, left, columns, findings)):
        if place >= most:
            raise UnreadableSheet(f"the table has more than {most} rows; split it")
        if not members and not told:
            findings.refuse(Code.MISSING_FIELD, columns[0].name, row=row.number)
            continue
        fields.row, fields.told = row.number, frozenset(told)
        yield Entry(row.number, members), fields


def _csv(content: bytes) -> Iterator[Row]:
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    try:
        yield from csv_rows(text)
    except UnicodeDecodeError:
        raise UnreadableSheet(
            "the bytes are not UTF-8; in the spreadsheet program choose “Save as: CSV UTF-8”, or "
            "give the workbook itself"
        ) from None
    except csv.Error as error:
        raise UnreadableSheet(f"not a table in CSV: {error}; save it again") from None
