"""Reads and checks a sheet's bytes, in any of the three forms."""

from __future__ import annotations

from datetime import date
from pathlib import PurePath
from typing import Final

from disburse.domain import checks
from disburse.sheetfile.csv_form import read_csv
from disburse.sheetfile.draft import BYTES_MAX, Draft, UnreadableSheet
from disburse.sheetfile.json_form import read_json
from disburse.sheetfile.xlsx_form import read_xlsx

JSON: Final = "application/vnd.disburse.sheet+json"
CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_READERS: Final = {JSON: read_json, CSV: read_csv, XLSX: read_xlsx}
_SUFFIXES: Final = {".json": JSON, ".csv": CSV, ".xlsx": XLSX}


def media_type_of(file_name: str) -> str:
    """Return the media type that a file's suffix stands for, or raise `UnreadableSheet`."""
    suffix = PurePath(file_name).suffix.lower()
    if suffix not in _SUFFIXES:
        raise UnreadableSheet(
            f"sheets end in {', '.join(_SUFFIXES)}, not {suffix[:10]!r}; save the sheet as one "
            "of these"
        )
    return _SUFFIXES[suffix]


def read(content: bytes, media_type: str) -> Draft:
    """Read the sheet as far as it can be read, with every fault of every row as a finding.

    `media_type` may carry parameters. Raises `UnreadableSheet` when nothing can be read.
    """
    known = media_type.partition(";")[0].strip().lower()
    if known not in _READERS:
        raise UnreadableSheet(f"{media_type[:80]!r} is no sheet; use one of: {', '.join(_READERS)}")
    if len(content) > BYTES_MAX:
        raise UnreadableSheet(
            f"the sheet has {len(content)} bytes, more than {BYTES_MAX}; split it into several",
            bytes_max=BYTES_MAX,
        )
    return _READERS[known](content)


def examine(content: bytes, media_type: str, *, today: date) -> Draft:
    """Read the sheet and run every check that needs nothing but the sheet.

    Raises `UnreadableSheet` when nothing can be read; everything else is in `Draft.findings`.
    """
    draft = read(content, media_type)
    for finding in checks.check(
        draft.header, draft.lines, today=today, rows=draft.rows, complete=draft.complete
    ):
        draft.collected.add(finding)
    return draft
