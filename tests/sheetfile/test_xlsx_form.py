"""Sheets in XLSX: the template, and what a spreadsheet program or an attacker makes of it."""

import io
import re
import zipfile

import openpyxl
import pytest

from disburse.domain.finding import Code
from disburse.sheetfile import XLSX, UnreadableSheet, examine, read, workbook
from disburse.sheetfile.columns import HEADER_COLUMNS, LINE_COLUMNS
from disburse.sheetfile.template import template, write_xlsx
from tests.sheets import TODAY, a_header, a_line, a_sheet_json, a_sheet_xlsx, lines

LETTERS = {
    column.name: openpyxl.utils.get_column_letter(at)
    for at, column in enumerate(LINE_COLUMNS, start=1)
}
FIELDS = {column.name: f"B{at}" for at, column in enumerate(HEADER_COLUMNS, start=2)}
SHEET = "xl/worksheets/sheet3.xml"


def faults(content):
    return [
        (finding.code, finding.row, finding.column, finding.facts.get("cell"))
        for finding in examine(content, XLSX, today=TODAY).findings
    ]


def saved(book):
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def edited(change):
    """Return the clean sheet after `change(header, lines)` in openpyxl."""
    book = openpyxl.load_workbook(io.BytesIO(a_sheet_xlsx()))
    change(*book.worksheets[1:])
    return saved(book)


def with_part(name, text, content=None):
    """Return the workbook with one part's bytes replaced or added."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content or a_sheet_xlsx())) as old:
        parts = {entry: old.read(entry) for entry in old.namelist()}
    parts[name] = text(parts.get(name, b"").decode()) if callable(text) else text
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for entry, part in parts.items():
            new.writestr(entry, part)
    return stream.getvalue()


def in_lines(old, new):
    return with_part(SHEET, lambda text: re.sub(old, new, text, count=1))


def test_a_sheet_comes_back_as_it_was_written():
    line = a_line(1, days="", hours="8.5", quantity="12", unit_price=1250, back_pay=True)
    given = [line, *lines(40)[1:]]
    found = examine(a_sheet_xlsx(*given), XLSX, today=TODAY)
    assert found.findings == []
    assert found.header == a_header(given)
    assert found.lines == given
    assert list(found.rows) == list(range(2, 42))


@pytest.mark.parametrize("languages", [("zh",), ("en",), ("en", "zh")])
def test_a_template_that_people_filled_in_gives_the_same_as_json(languages):
    stream = io.BytesIO()
    template(stream, languages=languages, header={"currency": "CNY", "kind": "regular"})
    book = openpyxl.load_workbook(stream)
    filled = openpyxl.load_workbook(io.BytesIO(a_sheet_xlsx()))
    for cell in FIELDS.values():
        book.worksheets[1][cell] = filled.worksheets[1][cell].value
    for row in filled.worksheets[2].iter_rows(min_row=2):
        for cell in row:
            book.worksheets[2][cell.coordinate] = cell.value
    entry = {"zh": "102 工商银行", "en": "102 ICBC"}[languages[0]]
    book.worksheets[2][LETTERS["bank_code"] + "2"] = entry
    first = a_line(1, bank_code="102")
    found = examine(saved(book), XLSX, today=TODAY)
    assert found.findings == []
    wanted = read(a_sheet_json(first, a_line(2)), "application/vnd.disburse.sheet+json")
    assert (found.header, found.lines) == (wanted.header, wanted.lines)


def test_the_template_is_ready_to_fill_in():
    stream = io.BytesIO()
    template(stream)
    book = openpyxl.load_workbook(stream)
    header, line_sheet = book.worksheets[1:]
    assert line_sheet.freeze_panes == "C2"
    for name in ("id_number", "account", "net", "gross_base", "deduction_tax", "bank_code"):
        assert line_sheet.column_dimensions[LETTERS[name]].number_format == "@"
    lists = {
        str(validation.sqref).split(":")[0]: validation.formula1
        for sheet in (header, line_sheet)
        for validation in sheet.data_validations.dataValidation
    }
    for name in ("id_type", "trade", "confirmed_by", "bank_code", "back_pay"):
        assert LETTERS[name] + "2" in lists
    assert {FIELDS["kind"], FIELDS["currency"]} <= set(lists)
    assert max(map(len, lists.values())) <= 257  # Excel's limit, and two quotes


def test_a_template_is_written_to_a_path(tmp_path):
    write_xlsx(tmp_path / "sheet.xlsx", a_header(lines(2)), lines(2))
    assert read((tmp_path / "sheet.xlsx").read_bytes(), XLSX).lines == lines(2)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("id_number", 620201199001011234, Code.NUMERIC_IDENTITY),
        ("account", 6212260000000000017, Code.NUMERIC_IDENTITY),
        ("net", 6500, Code.NUMERIC_IDENTITY),
        ("gross_base", 6500.5, Code.NUMERIC_IDENTITY),
        ("bank_code", 102, Code.NUMERIC_IDENTITY),
        ("confirmed_at", TODAY, Code.BAD_DATE),
        ("net", "=1+1", Code.FORMULA),
        ("name", "=A1", Code.FORMULA),
        ("days", "=20+6", Code.FORMULA),
    ],
)
def test_a_cell_that_programs_may_change_is_refused_by_its_name(column, value, code):
    def change(_, line_sheet):
        line_sheet[LETTERS[column] + "3"] = value

    assert faults(edited(change)) == [(code, 3, column, LETTERS[column] + "3")]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("total_net", 9000, Code.NUMERIC_IDENTITY),
        ("period", TODAY, Code.BAD_DATE),
        ("pay_on", TODAY, Code.BAD_DATE),
        ("project", "=A1", Code.FORMULA),
    ],
)
def test_the_header_s_cells_are_held_to_the_same_rule(field, value, code):
    def change(header, _):
        header[FIELDS[field]] = value

    (found,) = faults(edited(change))
    assert (found[0], found[2], found[3]) == (code, field, FIELDS[field])


def test_numbers_that_lose_nothing_may_be_number_cells():
    def change(header, line_sheet):
        header[FIELDS["head_count"]] = 2
        line_sheet[LETTERS["number"] + "2"] = 1
        line_sheet[LETTERS["days"] + "2"] = 26
        line_sheet[LETTERS["mobile"] + "2"] = 13900000001
        line_sheet[LETTERS["back_pay"] + "2"] = False

    assert read(edited(change), XLSX).lines == lines(2)


def test_what_people_cannot_see_is_refused():
    def hide_row(_, line_sheet):
        line_sheet.row_dimensions[3].hidden = True

    def hide_column(_, line_sheet):
        line_sheet.column_dimensions["E"].hidden = True

    def hide_sheet(header, _):
        header.sheet_state = "hidden"

    assert faults(edited(hide_row)) == [(Code.HIDDEN, 3, "", None)]
    assert faults(edited(hide_sheet)) == [(Code.HIDDEN, None, "", None)]
    with pytest.raises(UnreadableSheet, match="hidden columns"):
        read(edited(hide_column), XLSX)


def test_another_worksheet_is_no_part_of_a_sheet():
    book = openpyxl.load_workbook(io.BytesIO(a_sheet_xlsx()))
    book.create_sheet("Lines (2)")
    assert faults(saved(book)) == [(Code.UNKNOWN_FIELD, None, "Lines (2)", None)]


def test_a_workbook_without_the_lines_is_refused():
    book = openpyxl.Workbook()
    with pytest.raises(UnreadableSheet, match="template"):
        read(saved(book), XLSX)


def test_empty_and_cut_rows_are_passed_over():
    def change(_, line_sheet):
        line_sheet.insert_rows(3, 2)

    found = read(edited(change), XLSX)
    assert (found.lines, list(found.rows), found.findings) == (lines(2), [2, 5], [])


def with_cell(new):
    """Return the workbook with another way of writing cell B2, the first worker's name."""
    return in_lines(r'<c r="B2"[^>]*><is>.*?</is></c>', new)


@pytest.mark.parametrize(
    "cell",
    [
        '<c t="inlineStr"><is><r><t>工人</t></r><r><t>乙</t></r><rPh><t>g</t></rPh></is></c>',
        '<c r="B2" t="str"><v>工人乙</v></c>',
        '<c t="str"><v>工人乙</v></c>',
        '<c r="B2" t="s"><v>1</v></c>',
        '<c r="B2" t="s"><v>2</v></c>',
        '<x/><c r="B2" t="str"><v>工人_x4e59_</v></c>',
    ],
)
def test_texts_are_read_in_every_way_that_programs_write_them(cell):
    shared = "<si><t>甲</t></si><si><t>工人乙</t></si><si><r><t>工人</t></r><r><t>乙</t></r></si>"
    xml = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{shared}</sst>'
    content = with_part("xl/sharedStrings.xml", xml.encode(), with_cell(cell))
    assert read(content, XLSX).lines == [a_line(1, name="工人乙"), a_line(2)]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ('<c r="B2" t="inlineStr"><v/></c>', Code.MISSING_FIELD),
        ('<c r="B2" t="str"><v></v></c>', Code.MISSING_FIELD),
        ('<c r="B2" t="str"><v>甲_x000D_乙</v></c>', Code.BAD_TEXT),
        ('<c r="B2" t="e"><v>#N/A</v></c>', Code.FORMULA),
        ('<c r="B2"><f>A1</f></c>', Code.FORMULA),
    ],
)
def test_cells_that_hold_no_text_are_refused(cell, code):
    assert [fault[0] for fault in faults(with_cell(cell))] == [code]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r'<c r="B2"', '<c r="C2"'),  # a cell twice: two programs may take another one
        (r'<c r="B2"', '<c r="B9"'),
        (r'<c r="B2"', '<c r="BBBB2"'),
        (r'<row r="3"', '<row r="2"'),
        (r'<row r="3"', '<row r="x"'),
        (r'<c r="B2"[^>]*><is>.*?</is>', '<c r="B2" t="s"><v>9999</v>'),
        (r"</sheetData>", ""),
        (r"<sheetData>", "<sheetData>" + "<x/>" * 400_000),
        (r"^", '<!DOCTYPE worksheet [<!ENTITY e "x">]>'),
    ],
)
def test_a_worksheet_that_two_programs_may_read_differently_is_refused(old, new):
    with pytest.raises(UnreadableSheet):
        read(in_lines(old, new), XLSX)


@pytest.mark.parametrize(
    "name", ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/a.bin"]
)
def test_programs_and_links_are_refused(name):
    with pytest.raises(UnreadableSheet, match="fresh template"):
        read(with_part(name, b"x"), XLSX)


def test_rows_beyond_the_limit_are_refused_even_when_empty():
    with pytest.raises(UnreadableSheet, match="empty rows"):
        read(in_lines("</sheetData>", '<row r="150001"/></sheetData>'), XLSX)


def test_a_zip_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(UnreadableSheet, match="unpacks"):
        read(with_part("xl/media/image.png", bytes(60_000_000)), XLSX)


def test_a_zip_bomb_that_lies_about_its_size_is_not_unpacked():
    content = bytearray(with_part(SHEET, lambda text: text.replace("<sheetData>", " " * 10**6)))
    entry = content.rindex(SHEET.encode()) - 46
    content[entry + 24 : entry + 28] = (100).to_bytes(4, "little")
    with pytest.raises(UnreadableSheet):
        read(bytes(content), XLSX)


def test_limits_of_the_archive_are_kept(monkeypatch):
    monkeypatch.setattr(workbook, "ENTRIES_MAX", 3)
    with pytest.raises(UnreadableSheet, match="entries"):
        read(a_sheet_xlsx(), XLSX)


@pytest.mark.parametrize("limit", ["PART_BYTES_MAX", "SHARED_CHARS_MAX", "UNPACKED_BYTES_MAX"])
def test_limits_of_parts_are_kept(monkeypatch, limit):
    shared = "<si><t>a text of more than ten letters</t></si>"
    xml = f'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{shared}</sst>'
    content = with_part("xl/sharedStrings.xml", xml.encode())
    assert read(content, XLSX).lines == lines(2)
    monkeypatch.setattr(workbook, limit, 10)
    with pytest.raises(UnreadableSheet):
        read(content, XLSX)


def test_doubled_entries_are_refused():
    stream = io.BytesIO(a_sheet_xlsx())
    with zipfile.ZipFile(stream, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(SHEET, "<worksheet/>")
    with pytest.raises(UnreadableSheet, match="doubled"):
        read(stream.getvalue(), XLSX)


@pytest.mark.parametrize("content", [b"", b"PK", b"\xd0\xcf\x11\xe0" * 9, a_sheet_json()])
def test_what_is_no_workbook_is_refused(content):
    with pytest.raises(UnreadableSheet, match="not a readable XLSX"):
        read(content, XLSX)
