"""Reads a sheet as CSV: rows of field and value, an empty row, column names, lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Final

from disburse.sheetfile.draft import Draft, UnreadableSheet
from disburse.sheetfile.table import Row, read_header_rows, read_line_rows

# A header has 14 fields; without this a file of another kind would be read as header to its end.
HEADER_ROWS_MAX: Final = 50
COLUMNS_MAX: Final = 100


def read_csv(content: bytes) -> Draft:
    """Read a sheet in CSV as UTF-8, with or without byte order mark.

    Raises `UnreadableSheet` for other encodings, broken quotes and files of another outline.
    """
    draft = Draft()
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    try:
        rows = csv_rows(text)
        members = read_header_rows(_header_rows(rows), draft)
        read_line_rows((row for row in rows if row.cells), draft, members)
    except UnicodeDecodeError:
        raise UnreadableSheet(
            "the bytes are not UTF-8; in the spreadsheet program choose “Save as: CSV UTF-8”, or "
            "submit the workbook itself"
        ) from None
    except csv.Error as error:
        raise UnreadableSheet(f"not a table in CSV: {error}; save the sheet again") from None
    return draft


def csv_rows(text: io.TextIOWrapper) -> Iterator[Row]:
    """Yield every row, empty ones too; raise `UnreadableSheet` or what the decoders raise."""
    for number, cells in enumerate(csv.reader(text, strict=True), start=1):
        if len(cells) > COLUMNS_MAX:
            raise UnreadableSheet(f"row {number} has more than {COLUMNS_MAX} columns; remove them")
        yield Row(
            number,
            {index: stripped for index, cell in enumerate(cells) if (stripped := cell.strip())},
        )


def _header_rows(rows: Iterator[Row]) -> Iterator[Row]:
    """Yield the rows before the first empty one."""
    for number, row in enumerate(rows):
        if not row.cells:
            return
        if number >= HEADER_ROWS_MAX:
            raise UnreadableSheet(
                "an empty row is wanted between the header's fields and the lines' column names, "
                "and commas between the cells"
            )
        yield row
