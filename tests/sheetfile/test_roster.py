import io
from datetime import date

import pytest
from openpyxl import Workbook, load_workbook

from disburse.domain.finding import Code
from disburse.domain.sheet import IdType
from disburse.sheetfile import CSV, JSON, XLSX, UnreadableSheet, roster, tables
from disburse.sheetfile.roster import COLUMNS, TITLES, read_roster
from disburse.sheetfile.table_template import write_tables
from tests.sheets import TODAY, a_card, an_identity_number

ENGLISH = ("Name", "ID number", "Joined on", "Account")
CHINESE = ("姓名", "证件号码", "进场日期", "银行账号")


def a_row(place=1, **changed):
    values = {
        "name": f"工人{place}",
        "id_number": an_identity_number(place),
        "joined_on": "2026-03-01",
        "account": a_card(place),
    } | changed
    return list(values.values())


def a_csv(*rows, titles=ENGLISH):
    return "\n".join(",".join(map(str, row)) for row in (titles, *rows)).encode()


def a_workbook(*rows, titles=ENGLISH, sheet=None, more=()):
    workbook = Workbook()
    workbook.active.title = sheet or TITLES["en"]
    for row in (titles, *rows):
        workbook.active.append(row)
    for name in more:
        workbook.create_sheet(name)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def read(content, media_type=CSV):
    return read_roster(content, media_type, today=TODAY)


def codes(found):
    return [(one.code, one.row, one.column) for one in found.findings]


@pytest.mark.parametrize("titles", [ENGLISH, CHINESE])
@pytest.mark.parametrize("write", [a_csv, a_workbook])
def test_a_roster_is_read_in_either_language_from_either_file(titles, write):
    found = read(write(a_row(1), a_row(2), titles=titles), CSV if write is a_csv else XLSX)
    assert found.findings == []
    assert found.rows == [2, 3]
    worker = found.enrolments[0]
    assert (worker.name, worker.id_type, worker.joined_on, worker.account) == (
        "工人1", IdType.RESIDENT_CARD, date(2026, 3, 1), a_card(1),
    )  # fmt: skip


def test_numbers_and_dates_are_read_in_one_spelling():
    number = an_identity_number(3).lower()
    card = f"{a_card(3)[:4]} {a_card(3)[4:]}"
    [worker] = read(a_csv(a_row(3, id_number=number, account=card))).enrolments
    assert (worker.id_number, worker.account) == (an_identity_number(3), a_card(3))


def test_every_fault_of_every_row_is_found_with_its_place():
    found = read(
        a_csv(
            a_row(1, joined_on="1 March"),
            a_row(2, id_number="620200199001011234"),
            a_row(3, account="6.22E+18"),
            a_row(4, name="=cmd()"),
            a_row(5, name=""),
        )
    )
    assert codes(found) == [
        (Code.BAD_DATE, 2, "joined_on"),
        (Code.NUMERIC_IDENTITY, 4, "account"),
        (Code.FORMULA, 5, "name"),
        (Code.MISSING_FIELD, 6, "name"),
        (Code.BAD_IDENTITY_NUMBER, 3, "id_number"),
    ]
    assert [worker.name for worker in found.enrolments] == ["工人2"]


def test_a_number_cell_and_a_formula_are_refused_where_they_stand():
    number = a_row(1, id_number=int(an_identity_number(1)[:15]))
    formula = a_row(2, name="=A2")
    found = read(a_workbook(number, formula), XLSX)
    assert (Code.NUMERIC_IDENTITY, 2, "id_number") in codes(found)
    assert (Code.FORMULA, 3, "name") in codes(found)
    assert found.enrolments == []


def test_unknown_missing_and_stray_columns_are_found():
    found = read(a_csv(["工人1", "x", "stray"], titles=("Name", "Nickname")))
    assert (Code.UNKNOWN_FIELD, 1, "Nickname") in codes(found)
    assert (Code.MISSING_FIELD, 1, "account") in codes(found)
    assert found.enrolments == []


def test_a_lone_worksheet_may_have_any_title_and_of_several_one_is_the_roster():
    assert read(a_workbook(a_row(), sheet="Sheet1"), XLSX).findings == []
    assert read(a_workbook(a_row(), more=["Notes"]), XLSX).findings == []
    with pytest.raises(UnreadableSheet):
        read(a_workbook(a_row(), sheet="Sheet1", more=["Notes"]), XLSX)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"", CSV),
        ("姓名,证件号码".encode("gb18030"), CSV),
        (b'Name,"Account\n', CSV),
        (b"no workbook", XLSX),
        (b"{}", JSON),
    ],
)
def test_what_is_no_table_is_refused(content, media_type):
    with pytest.raises(UnreadableSheet):
        read(content, media_type)


def test_a_table_over_its_limits_is_refused(monkeypatch):
    monkeypatch.setattr(roster, "ENROLMENTS_MAX", 2)
    assert len(read(a_csv(a_row(1), a_row(2))).enrolments) == 2
    with pytest.raises(UnreadableSheet, match="more than 2 rows"):
        read(a_csv(a_row(1), a_row(2), a_row(3)))
    monkeypatch.setattr(tables, "BYTES_MAX", 10)
    with pytest.raises(UnreadableSheet, match="more than 10 bytes"):
        read(a_csv(a_row()))


def test_the_template_is_read_back_once_it_is_filled_in():
    stream = io.BytesIO()
    write_tables(stream, [(TITLES, COLUMNS)])
    workbook = load_workbook(stream)
    sheet = workbook[f"{TITLES['zh']} {TITLES['en']}"]
    filled = {"name": "工人1", "id_number": an_identity_number(1), "joined_on": "2026-03-01",
              "account": a_card(1), "id_type": "resident_card"}  # fmt: skip
    sheet.append([filled.get(column.name) for column in COLUMNS])
    workbook.save(stream)
    found = read(stream.getvalue(), XLSX)
    assert found.findings == []
    assert len(found.enrolments) == 1
    assert sheet.column_dimensions["C"].number_format == "@"
