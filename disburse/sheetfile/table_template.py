"""Writes empty tables as an XLSX workbook whose cells are text, for people to fill in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Final

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from disburse.sheetfile.columns import NUMERIC_FORMS, Column
from disburse.sheetfile.tables import Titles

ROWS: Final = 20_000  # that have drop-downs
_TEXT_FORMAT: Final = "@"
_BOLD: Final = Font(bold=True)


def write_tables(target: IO[bytes], wanted: Iterable[tuple[Titles, tuple[Column, ...]]]) -> None:
    """Write one worksheet per table, with its column names in Chinese and English; * is needed."""
    workbook = Workbook()
    first = workbook.active
    if isinstance(first, Worksheet):
        workbook.remove(first)
    for title, columns in wanted:
        sheet = workbook.create_sheet(f"{title['zh']} {title['en']}")
        for number, column in enumerate(columns, start=1):
            _column(sheet, number, column)
        sheet.freeze_panes = "B2"
    workbook.save(target)


def _column(sheet: Worksheet, number: int, column: Column) -> None:
    star = "*" if column.required else ""
    sheet.cell(1, number, f"{star}{column.zh} {column.en}").font = _BOLD
    letter = get_column_letter(number)
    dimension = sheet.column_dimensions[letter]
    dimension.width = column.width + 6
    if column.form not in NUMERIC_FORMS:
        dimension.number_format = _TEXT_FORMAT
    if column.choices:
        entries = ",".join(choice.code for choice in column.choices)
        validation = DataValidation(
            type="list", formula1=f'"{entries}"', allow_blank=True, showErrorMessage=column.strict
        )
        validation.add(f"{letter}2:{letter}{ROWS + 1}")
        sheet.add_data_validation(validation)
