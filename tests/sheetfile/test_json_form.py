"""Sheets in JSON: strict, incremental, and every fault named."""

import json

import pytest

from disburse.domain.finding import Code
from disburse.sheetfile import JSON, UnreadableSheet, draft, examine, json_form, read
from tests.sheets import TODAY, a_header, a_line, a_sheet_json, lines

LONG = "长" * 200


def changed(change):
    """Return the clean sheet after `change(document)`, as bytes."""
    document = json.loads(a_sheet_json())
    change(document)
    return json.dumps(document).encode()


def line_with(**members):
    return changed(lambda document: document["lines"][1].update(members))


def header_with(**members):
    return changed(lambda document: document["header"].update(members))


def faults(content):
    return [
        (finding.code, finding.row, finding.column)
        for finding in examine(content, JSON, today=TODAY).findings
    ]


def test_a_sheet_comes_back_as_it_was_written():
    given = lines(600)
    found = examine(a_sheet_json(*given), JSON, today=TODAY)
    assert found.findings == []
    assert found.header == a_header(given)
    assert found.lines == given
    assert list(found.rows) == list(range(1, 601))


def test_optional_members_come_back_when_they_hold_something():
    line = a_line(1, days="", hours="8.5", quantity="12", unit_price=1250, back_pay=True)
    assert read(a_sheet_json(line), JSON).lines == [line]


def test_a_sheet_comes_back_whatever_the_size_of_the_window(monkeypatch):
    given = lines(5)
    whole = read(a_sheet_json(*given), JSON)
    for size in (1, 2, 3, 7, 700, 1001):
        monkeypatch.setattr(json_form, "CHUNK_BYTES", size)
        assert (
            read(a_sheet_json(*given), JSON) == whole
            or read(a_sheet_json(*given), JSON).lines == given
        )


@pytest.mark.parametrize(
    ("members", "code", "column"),
    [
        ({"name": ""}, Code.MISSING_FIELD, "name"),
        ({"name": "  "}, Code.MISSING_FIELD, "name"),
        ({"name": None}, Code.MISSING_FIELD, "name"),
        ({"name": 5}, Code.WRONG_TYPE, "name"),
        ({"name": LONG}, Code.BAD_TEXT, "name"),
        ({"name": "甲\u202e乙"}, Code.BAD_TEXT, "name"),
        ({"name": "甲\ud800"}, Code.BAD_TEXT, "name"),
        ({"name": "=A1"}, Code.FORMULA, "name"),
        ({"mobile": "+1+1"}, Code.FORMULA, "mobile"),
        ({"team": 5}, Code.WRONG_TYPE, "team"),
        ({"team": "@A"}, Code.FORMULA, "team"),
        ({"id_number": "6.20201E+17"}, Code.NUMERIC_IDENTITY, "id_number"),
        ({"id_type": "card"}, Code.BAD_CHOICE, "id_type"),
        ({"id_type": None}, Code.MISSING_FIELD, "id_type"),
        ({"days": "26.555"}, Code.BAD_NUMBER, "days"),
        ({"days": 26}, Code.WRONG_TYPE, "days"),
        ({"number": "2"}, Code.BAD_NUMBER, "number"),
        ({"number": 0}, Code.BAD_NUMBER, "number"),
        ({"number": 2.5}, Code.BAD_NUMBER, "number"),
        ({"number": 10**30}, Code.BAD_NUMBER, "number"),
        ({"number": None}, Code.MISSING_FIELD, "number"),
        ({"net": 6500}, Code.WRONG_TYPE, "net"),
        ({"net": 6500.5}, Code.WRONG_TYPE, "net"),
        ({"net": float("nan")}, Code.WRONG_TYPE, "net"),
        ({"net": None}, Code.MISSING_FIELD, "net"),
        ({"net": "6500.001"}, Code.BAD_AMOUNT, "net"),
        ({"net": "6,500.00"}, Code.BAD_AMOUNT, "net"),
        ({"net": "-6500.00"}, Code.NEGATIVE, "net"),
        ({"unit_price": "x"}, Code.BAD_AMOUNT, "unit_price"),
        ({"gross_items": {"base": "x"}}, Code.BAD_AMOUNT, "gross_base"),
        ({"gross_items": {"base": 5}}, Code.WRONG_TYPE, "gross_base"),
        ({"gross_items": {"base": None}}, Code.ARITHMETIC, "gross"),
        ({"gross_items": {"salary": "1.00"}}, Code.UNKNOWN_FIELD, "salary"),
        ({"deductions": []}, Code.WRONG_TYPE, "deductions"),
        ({"back_pay": "yes"}, Code.WRONG_TYPE, "back_pay"),
        ({"confirmed_by": "stamp"}, Code.BAD_CHOICE, "confirmed_by"),
        ({"confirmed_at": "2026-08-01T10:00"}, Code.BAD_DATE, "confirmed_at"),
        ({"confirmed_at": "yesterday"}, Code.BAD_DATE, "confirmed_at"),
        ({"confirmation_digest": "abc"}, Code.BAD_TEXT, "confirmation_digest"),
        ({"wage": "1.00"}, Code.UNKNOWN_FIELD, "wage"),
    ],
)
def test_a_fault_of_a_line_names_row_and_column(members, code, column):
    assert faults(line_with(**members)) == [(code, 2, column)]


@pytest.mark.parametrize(
    ("members", "code", "column"),
    [
        ({"project": None}, Code.MISSING_FIELD, "project"),
        ({"teams": "A"}, Code.WRONG_TYPE, "teams"),
        ({"teams": [5]}, Code.WRONG_TYPE, "teams"),
        ({"teams": [LONG]}, Code.BAD_TEXT, "teams"),
        ({"teams": ["A"] * 201}, Code.OVER_LIMIT, "teams"),
        ({"period": "2026-13"}, Code.BAD_DATE, "period"),
        ({"period": None}, Code.MISSING_FIELD, "period"),
        ({"worked_from": "20260701"}, Code.BAD_DATE, "worked_from"),
        ({"worked_to": "0026-07-31"}, Code.BAD_DATE, "worked_to"),
        ({"pay_on": 20260810}, Code.WRONG_TYPE, "pay_on"),
        ({"currency": "XXX"}, Code.BAD_CHOICE, "currency"),
        ({"kind": "wages"}, Code.BAD_CHOICE, "kind"),
        ({"head_count": -1}, Code.BAD_NUMBER, "head_count"),
        ({"head_count": True}, Code.BAD_NUMBER, "head_count"),
        ({"predecessor": "sha"}, Code.BAD_TEXT, "predecessor"),
        ({"total_net": 1}, Code.WRONG_TYPE, "total_net"),
        ({"boss": "x"}, Code.UNKNOWN_FIELD, "boss"),
    ],
)
def test_a_fault_of_the_header_names_its_member(members, code, column):
    assert faults(header_with(**members)) == [(code, None, column)]
    assert read(header_with(**members), JSON).header is None


def test_absent_members_are_missing_or_empty_as_their_column_says():
    def drop(document):
        for name in ("name", "net", "number", "mobile", "gross_items", "confirmed_at"):
            document["lines"][1].pop(name)

    missing = [column for code, _, column in faults(changed(drop)) if code == Code.MISSING_FIELD]
    assert missing == ["number", "name", "net"]


def test_a_member_that_stands_twice_is_refused():
    content = a_sheet_json().replace(b'"net": "', b'"net": "1.00", "net": "')
    assert faults(content) == [(Code.REPEATED_FIELD, row, "net") for row in (1, 2)]


def test_what_is_no_line_is_named_and_the_others_are_read():
    content = changed(lambda document: document["lines"].extend([5, [], None]))
    assert faults(content) == [(Code.WRONG_TYPE, row, "lines") for row in (3, 4, 5)]
    assert len(read(content, JSON).lines) == 2


def test_a_header_that_is_no_object_lacks_every_field():
    content = changed(lambda document: document.update(header=[]))
    assert (Code.MISSING_FIELD, None, "project") in faults(content)


def test_all_errors_of_all_rows_come_at_once():
    def spoil(document):
        document["header"]["currency"] = "XXX"
        document["lines"][0].update(net="x", name="")
        document["lines"][1].update(account="6212260000000000010", days="many")

    assert faults(changed(spoil)) == [
        (Code.BAD_CHOICE, None, "currency"),
        (Code.MISSING_FIELD, 1, "name"),
        (Code.BAD_AMOUNT, 1, "net"),
        (Code.BAD_NUMBER, 2, "days"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"5",
        b"[]",
        b"{}",
        b'{"disburse_sheet": 2, "header": {}, "lines": []}',
        b'{"disburse_sheet": true, "header": {}, "lines": []}',
        b'{"disburse_sheet": 1, "lines": [], "header": {}}',
        b'{"disburse_sheet": 1, "header": {}, "lines": {}}',
        b'{"disburse_sheet": 1, "header": {}, "lines": [{} {}]}',
        b'{"disburse_sheet": 1, "header": {}, "lines": [{}',
        b'{"disburse_sheet": 1, "header": {}, "lines": [], "more": 1}',
        b'{"disburse_sheet": 1, "header": {}, "lines": []} {}',
        b'{"disburse_sheet": 1, "header": {}, "lines": [{"name": "\xff"}]}',
        b'{"disburse_sheet": 1, "header": ' + b"[" * 50_000,
        b'{"disburse_sheet": 1, "header": {}, "lines": [{"name": "' + b"x" * 600_000 + b'"}]}',
        a_sheet_json()[:-4],
    ],
)
def test_another_outline_is_refused_as_a_whole(content):
    with pytest.raises(UnreadableSheet):
        read(content, JSON)


def test_a_byte_order_mark_is_passed_over():
    assert read(b"\xef\xbb\xbf" + a_sheet_json(), JSON).lines == lines(2)


def test_a_character_younger_than_this_python_stands_in_a_name():
    line = a_line(1, name="甲\U0003347b")
    assert read(a_sheet_json(line), JSON).lines == [line]


def test_a_country_code_is_no_formula():
    content = line_with(mobile="+86 139 0000 0001")
    assert faults(content) == []
    assert read(content, JSON).lines[1].mobile == "+8613900000001"


def test_more_lines_than_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr(draft, "LINES_MAX", 1)
    with pytest.raises(UnreadableSheet, match="split it"):
        read(a_sheet_json(), JSON)
