"""Reads a sheet as XLSX, in the outline of the template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from disburse.domain.finding import Code, Language
from disburse.sheetfile.columns import spelling
from disburse.sheetfile.draft import Draft, UnreadableSheet
from disburse.sheetfile.table import read_header_rows, read_line_rows
from disburse.sheetfile.workbook import Workbook, Worksheet

# Titles of the template's worksheets, by language; every language's are read.
INSTRUCTIONS: Final[Mapping[Language, str]] = {"zh": "填写说明", "en": "Instructions"}
HEADER: Final[Mapping[Language, str]] = {"zh": "表头", "en": "Header"}
LINES: Final[Mapping[Language, str]] = {"zh": "工资明细", "en": "Lines"}


def read_xlsx(content: bytes) -> Draft:
    """Read a filled template.

    Raises `UnreadableSheet` for what is no workbook, is over a limit, holds programs or links, or
    lacks the header's or the lines' worksheet.
    """
    draft = Draft()
    workbook = Workbook(content)
    header = _worksheet(workbook, HEADER)
    lines = _worksheet(workbook, LINES)
    known = _titles(INSTRUCTIONS)
    for worksheet in workbook.worksheets:
        if worksheet not in {header, lines} and spelling(worksheet.title) not in known:
            # People sign the whole workbook: nothing in it may look like a sheet and be none.
            draft.collected.refuse(Code.UNKNOWN_FIELD, worksheet.title[:31])
        elif worksheet.hidden:
            what = f"worksheet {worksheet.title[:31]}"
            draft.collected.refuse(Code.HIDDEN, "", facts={"what": what})
    members = read_header_rows(workbook.rows(header), draft)
    read_line_rows(workbook.rows(lines), draft, members)
    return draft


def _worksheet(workbook: Workbook, titles: Mapping[Language, str]) -> Worksheet:
    known = _titles(titles)
    found = [sheet for sheet in workbook.worksheets if spelling(sheet.title) in known]
    if len(found) != 1:
        raise UnreadableSheet(
            f"the workbook needs one worksheet “{titles['zh']}” / “{titles['en']}”, found "
            f"{len(found)}; begin with the template"
        )
    return found[0]


def _titles(titles: Mapping[Language, str]) -> frozenset[str]:
    zh, en = titles["zh"], titles["en"]
    return frozenset(map(spelling, (zh, en, f"{zh} {en}", f"{en} {zh}")))
