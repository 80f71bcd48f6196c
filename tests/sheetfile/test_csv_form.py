"""Sheets in CSV, as people save them."""

import csv
import io

import pytest

from disburse.domain.finding import Code
from disburse.sheetfile import CSV, UnreadableSheet, examine, read
from disburse.sheetfile.columns import HEADER, LINE
from tests.sheets import TODAY, a_header, a_line, a_sheet_csv, lines

LINES_FROM = 15  # the header's rows, the empty one, and the column names come before


def table():
    return list(csv.reader(io.StringIO(a_sheet_csv().decode("utf-8-sig"))))


def written(rows, encoding="utf-8"):
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def names_row(rows):
    return next(number for number, row in enumerate(rows) if not row) + 1


def cell_with(column, value):
    rows = table()
    at = names_row(rows)
    rows[at + 2][rows[at].index(column)] = value
    return written(rows)


def faults(content):
    return [
        (finding.code, finding.row, finding.column)
        for finding in examine(content, CSV, today=TODAY).findings
    ]


def test_a_sheet_comes_back_as_it_was_written():
    line = a_line(1, days="", hours="8.5", quantity="12", unit_price=1250, back_pay=True)
    given = [line, *lines(600)[1:]]
    found = examine(a_sheet_csv(*given), CSV, today=TODAY)
    assert found.findings == []
    assert found.header == a_header(given)
    assert found.lines == given
    assert found.rows[0] == names_row(table()) + 2


def test_labels_of_both_languages_and_wide_rows_are_read():
    rows = table()
    at = names_row(rows)
    rows[at] = [LINE[name].zh for name in rows[at]]
    for row in rows[1 : at - 1]:
        row[0] = HEADER[row[0]].en
    for row in rows[:at]:
        row.extend([""] * (40 - len(row)))
    rows[at + 1][rows[at].index("证件类型")] = "居民身份证"
    rows[at + 1][rows[at].index("工种")] = "020 钢筋工"
    rows.append([""] * 40)
    found = read(written(rows), CSV)
    assert found.findings == []
    assert found.lines == [a_line(1, trade="020"), a_line(2)]
    assert found.header == a_header(lines(2))


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("name", "", Code.MISSING_FIELD),
        ("name", "=HYPERLINK(1)", Code.FORMULA),
        ("id_number", "6.20201E+17", Code.NUMERIC_IDENTITY),
        ("account", "6.21226E+18", Code.NUMERIC_IDENTITY),
        ("number", "two", Code.BAD_NUMBER),
        ("net", "6,500.00", Code.BAD_AMOUNT),
        ("gross_base", "-1", Code.NEGATIVE),
        ("deduction_tax", "x", Code.BAD_AMOUNT),
        ("days", "many", Code.BAD_NUMBER),
        ("back_pay", "maybe", Code.WRONG_TYPE),
        ("confirmed_by", "stamp", Code.BAD_CHOICE),
    ],
)
def test_a_fault_of_a_cell_names_row_and_column(column, value, code):
    row = names_row(table()) + 3
    assert faults(cell_with(column, value)) == [(code, row, column)]


def test_column_names_are_held_against_the_template():
    rows = table()
    at = names_row(rows)
    titles = rows[at]
    titles[titles.index("mobile")] = "phone"
    titles[titles.index("net")] = "gross"
    rows[1][0] = "site"
    rows[2] = rows[3]
    found = faults(written(rows))
    assert {
        (Code.UNKNOWN_FIELD, 2, "site"),
        (Code.REPEATED_FIELD, 4, "subcontractor"),
        (Code.MISSING_FIELD, None, "project"),
        (Code.UNKNOWN_FIELD, at + 1, "phone"),
        (Code.REPEATED_FIELD, at + 1, "gross"),
        (Code.MISSING_FIELD, at + 1, "net"),
        (Code.UNKNOWN_FIELD, at + 2, f"E{at + 2}"),
    } <= set(found)


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (a_sheet_csv().decode("utf-8-sig").encode("gb18030"), "CSV UTF-8"),
        (a_sheet_csv() + b'"open', "save the sheet again"),
        (b"field,value\n", "column names"),
        (b"", "column names"),
        (b"a;b\n" * 60, "an empty row"),
        (b"field,value\n\n" + b"," * 200, "columns"),
        (b'field,value\n\n"' + b"x" * 200_000 + b'"', "save the sheet again"),
    ],
)
def test_another_outline_is_refused_with_advice(content, advice):
    with pytest.raises(UnreadableSheet, match=advice):
        read(content, CSV)
