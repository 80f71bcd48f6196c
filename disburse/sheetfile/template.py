"""Writes the XLSX template that people fill in, empty or with a sheet in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from disburse.domain.finding import LANGUAGES, Language
from disburse.domain.sheet import Header, Line
from disburse.sheetfile import xlsx_form
from disburse.sheetfile.columns import (
    HEADER_COLUMNS,
    LINE_COLUMNS,
    NUMERIC_FORMS,
    Choice,
    Column,
    Form,
)
from disburse.sheetfile.draft import LINES_MAX
from disburse.sheetfile.writing import header_members, line_cells, table_cell

_TEXT_FORMAT: Final = "@"
_BOLD: Final = Font(bold=True)
_WRAP: Final = Alignment(wrap_text=True, vertical="center")
_SHADE: Final = PatternFill("solid", fgColor="DDEBF7")

_HINTS: Final = {
    Form.MONTH: "2026-07",
    Form.DATE: "2026-07-31",
    Form.INSTANT: "2026-07-31T18:00+08:00",
    Form.AMOUNT: "6500.00",
    Form.TEXTS: "A、B、C",
}

_INSTRUCTIONS: Final[Mapping[Language, str]] = {
    "zh": """\
一、先填“表头”，再填“工资明细”，每名工人一行，序号从 1 起连续编号。带 * 的栏目必填。
二、所有单元格保持文本格式。证件号码、银行账号、金额若为数值单元格会丢失位数，整张表将被退回。
三、不得使用公式、宏、外部链接、隐藏的行列或工作表；合计请直接填写数字。
四、金额写成 6500.00，不带符号、千分位和货币符号；没有的项目留空。
五、应发各项之和 = 应发合计；扣款各项之和 = 扣款合计；应发合计 − 扣款合计 = 实发金额；
    各行实发金额之和 = 表头实发总额。
六、日期写成 2026-07-31；确认时间写成 2026-07-31T18:00+08:00。
七、赔偿扣款不得超过当月工资的 20%。每名工人须本人确认自己的一行。
八、提交前可运行 disburse sheet check 检查全部错误；签名后文件不得再改动。""",
    "en": """\
1. Fill in “Header”, then “Lines”: one line per worker, numbered 1, 2, 3 …; * must be filled.
2. Keep every cell as text: in number cells, long numbers lose digits, and the sheet is refused.
3. No formulas, macros, links, hidden rows, columns or worksheets; write totals as text.
4. Write amounts like 6500.00, without signs, separators or symbols; leave what there is not empty.
5. Gross items add up to gross, deductions to total deductions; gross − total deductions = net;
   the lines' nets add up to the header's total net.
6. Write dates like 2026-07-31 and confirmation times like 2026-07-31T18:00+08:00.
7. Damages are at most 20 % of the month's wage. Every worker confirms the own line.
8. Before you submit, `disburse sheet check` shows every mistake; after signing, change nothing.""",
}


def template(
    target: Path | IO[bytes],
    *,
    languages: Sequence[Language] = LANGUAGES,
    header: Mapping[str, str] | None = None,
) -> None:
    """Write an empty workbook for `read`; `header` fills in fields that are known already."""
    _write(target, languages, header or {}, ())


def write_xlsx(
    target: Path | IO[bytes],
    header: Header,
    lines: Iterable[Line],
    *,
    languages: Sequence[Language] = LANGUAGES,
) -> None:
    """Write a sheet as a filled template."""
    members = header_members(header)
    filled = {name: table_cell(value) for name, value in members.items()}
    _write(target, languages, filled, (line_cells(line, header.currency) for line in lines))


def _write(
    target: Path | IO[bytes],
    languages: Sequence[Language],
    header: Mapping[str, str],
    lines: Iterable[list[str]],
) -> None:
    workbook = Workbook()
    first = workbook.active
    if isinstance(first, Worksheet):
        workbook.remove(first)
    _instructions(workbook.create_sheet(_joined(xlsx_form.INSTRUCTIONS, languages)), languages)
    _header(workbook.create_sheet(_joined(xlsx_form.HEADER, languages)), languages, header)
    _lines(workbook.create_sheet(_joined(xlsx_form.LINES, languages)), languages, lines)
    workbook.active = 1
    workbook.save(target)


def _instructions(sheet: Worksheet, languages: Sequence[Language]) -> None:
    sheet.column_dimensions["A"].width = 110
    for language in languages:
        for text in _INSTRUCTIONS[language].splitlines():
            sheet.append([text])
            sheet.cell(sheet.max_row, 1).alignment = _WRAP


def _header(sheet: Worksheet, languages: Sequence[Language], header: Mapping[str, str]) -> None:
    sheet.append([_joined({"zh": "栏目", "en": "field"}, languages), "value"])
    for letter, width in (("A", 36), ("B", 40), ("C", 28)):
        sheet.column_dimensions[letter].width = width
    for number, column in enumerate(HEADER_COLUMNS, start=2):
        sheet.cell(number, 1, _label(column, languages)).font = _BOLD
        _text(sheet, number, 2, header.get(column.name, ""))
        _text(sheet, number, 3, _HINTS.get(column.form, ""))
        _drop_down(sheet, column, languages, f"B{number}")
    sheet.freeze_panes = "B2"


def _lines(sheet: Worksheet, languages: Sequence[Language], lines: Iterable[list[str]]) -> None:
    sheet.append([_label(column, languages) for column in LINE_COLUMNS])
    for number, column in enumerate(LINE_COLUMNS, start=1):
        title = sheet.cell(1, number)
        title.font, title.fill, title.alignment = _BOLD, _SHADE, _WRAP
        letter = get_column_letter(number)
        dimension = sheet.column_dimensions[letter]
        dimension.width = column.width
        if column.form not in NUMERIC_FORMS:
            dimension.number_format = _TEXT_FORMAT
        _drop_down(sheet, column, languages, f"{letter}2:{letter}{LINES_MAX + 1}")
    for row, line in enumerate(lines, start=2):
        for number, text in enumerate(line, start=1):
            if text:
                _text(sheet, row, number, text)
    sheet.freeze_panes = "C2"


def _text(sheet: Worksheet, row: int, column: int, text: str) -> None:
    """Fill a cell with text, and with nothing else: what begins with "=" is no formula here."""
    cell = sheet.cell(row, column, text or None)
    cell.number_format = _TEXT_FORMAT
    if text:
        cell.data_type = "s"


def _drop_down(sheet: Worksheet, column: Column, languages: Sequence[Language], cells: str) -> None:
    if not column.choices:
        return
    entries = ",".join(_entry(choice, languages[0]) for choice in column.choices)
    validation = DataValidation(
        type="list", formula1=f'"{entries}"', allow_blank=True, showErrorMessage=column.strict
    )
    validation.add(cells)
    sheet.add_data_validation(validation)


def _entry(choice: Choice, language: Language) -> str:
    label = choice.zh if language == "zh" else choice.en
    return choice.code if label == choice.code else f"{choice.code} {label}"


def _label(column: Column, languages: Sequence[Language]) -> str:
    star = "*" if column.required else ""
    return star + " ".join(column.label(language) for language in languages)


def _joined(labels: Mapping[Language, str], languages: Sequence[Language]) -> str:
    return " ".join(labels[language] for language in languages)
