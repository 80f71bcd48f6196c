"""Reading as a whole: forms, limits, masks, and bytes that were damaged on the way."""

import json
import random
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain.finding import LANGUAGES, Code, say
from disburse.sheetfile import (
    CSV,
    JSON,
    XLSX,
    Draft,
    UnreadableSheet,
    draft,
    examine,
    media_type_of,
    read,
    reading,
)
from tests.sheets import (
    TODAY,
    a_card,
    a_line,
    a_sheet_csv,
    a_sheet_json,
    a_sheet_xlsx,
    an_identity_number,
    lines,
)

FORMS = {JSON: a_sheet_json(), CSV: a_sheet_csv(), XLSX: a_sheet_xlsx()}


def test_the_three_forms_hold_the_same_sheet():
    drafts = [read(content, media_type) for media_type, content in FORMS.items()]
    assert [found.header for found in drafts] == [drafts[0].header] * 3
    assert [found.lines for found in drafts] == [lines(2)] * 3


@pytest.mark.parametrize(
    ("name", "media_type"), [("a.json", JSON), ("b/c.CSV", CSV), ("表.xlsx", XLSX)]
)
def test_a_suffix_tells_the_form(name, media_type):
    assert media_type_of(name) == media_type


@pytest.mark.parametrize("name", ["a.xls", "a", "a.xlsm", ""])
def test_another_suffix_is_refused(name):
    with pytest.raises(UnreadableSheet, match="save the sheet"):
        media_type_of(name)


def test_a_media_type_may_have_parameters():
    assert read(a_sheet_csv(), "Text/CSV; charset=utf-8").lines == lines(2)


def test_another_media_type_is_refused():
    with pytest.raises(UnreadableSheet, match="use one of"):
        read(a_sheet_json(), "application/json")


def test_more_bytes_than_the_limit_are_refused(monkeypatch):
    monkeypatch.setattr(reading, "BYTES_MAX", 100)
    with pytest.raises(UnreadableSheet, match="split it"):
        read(a_sheet_json(), JSON)


@pytest.mark.parametrize("media_type", FORMS)
@given(seed=st.integers(0, 2**32))
def test_damaged_bytes_are_read_or_refused_and_nothing_else(media_type, seed):
    chance = random.Random(seed)  # noqa: S311  (no secret)
    content = bytearray(FORMS[media_type])
    for _ in range(chance.randint(1, 6)):
        start = chance.randrange(len(content))
        match chance.randrange(4):
            case 0:
                content[start] = chance.randrange(256)
            case 1:
                del content[start : start + chance.randint(1, 30)]
            case 2:
                content[start:start] = content[start : start + chance.randint(1, 30)]
            case _:
                content[start:start] = chance.choice([b'"', b"{", b"[", b",", b"\n", b"1", b"="])
        content = content or bytearray(b" ")
    try:
        found = examine(bytes(content), media_type, today=TODAY)
    except UnreadableSheet as refusal:
        assert refusal.detail  # noqa: PT017  (either way is right)
    else:
        assert isinstance(found, Draft)


@given(st.binary(max_size=200), st.sampled_from([JSON, CSV, XLSX]))
def test_any_bytes_are_read_or_refused_and_nothing_else(content, media_type):
    try:
        assert read(content, media_type).lines == []
    except UnreadableSheet as refusal:
        assert refusal.code == "unreadable-sheet"  # noqa: PT017  (either way is right)


def members_of(place):
    return json.loads(a_sheet_json(a_line(place)))["lines"][0]


SECRETS = (an_identity_number(1), a_card(1, "622848"), "E12345678", "工人甲甲")


@given(
    st.sampled_from(sorted({*members_of(1), "hours", "quantity", "unit_price", "back_pay"})),
    st.sampled_from(SECRETS[:3]),
    st.sampled_from(["{}", " {}", "x{}", "{}.5", "{} {}"]),
)
def test_no_whole_number_of_a_person_stands_in_a_finding(column, secret, form):
    spoilt = form.replace("{}", secret)
    members = members_of(1) | {column: spoilt, spoilt: spoilt}
    members["gross_items"] = {spoilt: "1.00", "base": spoilt}
    document = json.loads(a_sheet_json())
    document["lines"] = [members, members | {"number": 2}]
    document["header"].update(project=spoilt * 9, period=spoilt, kind=spoilt)
    found = examine(json.dumps(document).encode(), JSON, today=TODAY)
    assert found.refused
    for finding in found.findings:
        told = f"{finding} {say(finding, 'zh')} {say(finding, 'en')}"
        assert not any(number in told for number in SECRETS[:3])


def test_a_bad_line_s_own_numbers_are_masked():
    wrong = a_line(1, id_number=SECRETS[0][:-1] + "?", account=SECRETS[1][:-1] + "Z" * 30)
    again = replace(a_line(2), id_number=a_line(1).id_number)
    found = examine(a_sheet_json(wrong, again, a_line(1, number=3)), JSON, today=TODAY)
    told = " ".join(f"{finding} {say(finding, 'zh')}" for finding in found.findings)
    assert found.findings
    assert not re.search(r"[0-9]{9}", told)


def test_every_code_that_a_file_can_show_is_said_with_all_its_facts():
    document = json.loads(a_sheet_json(*lines(12)))
    spoil = document["lines"]
    spoil[0].update(name="", wage="1", number=7, days="x", net="x", id_type="x", team="@")
    spoil[1].update(id_number="6E+17", confirmed_at="x", gross="-1", account=5)
    spoil[2].update(name="x\u200b", gross_items={"base": "2.00"}, account="6212260000000000011")
    found = examine(json.dumps(document).encode(), JSON, today=TODAY)
    codes = {finding.code for finding in found.findings}
    assert codes == {
        Code.MISSING_FIELD, Code.UNKNOWN_FIELD, Code.BAD_NUMBER, Code.BAD_AMOUNT, Code.BAD_CHOICE,
        Code.FORMULA, Code.NUMERIC_IDENTITY, Code.BAD_DATE, Code.NEGATIVE, Code.WRONG_TYPE,
        Code.BAD_TEXT,
    }  # fmt: skip
    for finding in found.findings:
        assert all("…" not in say(finding, language) for language in LANGUAGES)


def test_a_refused_sheet_keeps_some_findings_and_counts_all(monkeypatch):
    monkeypatch.setattr(draft, "FINDINGS_MAX", 5)
    spoilt = [a_line(place, net=1) for place in range(1, 10)]
    found = examine(a_sheet_json(*spoilt), JSON, today=TODAY)
    assert (len(found.findings), found.findings_total, found.refused) == (5, 9, True)


def test_blockers_are_never_left_out_and_a_late_refusal_is_kept(monkeypatch):
    monkeypatch.setattr(draft, "FINDINGS_MAX", 5)
    blocked = [a_line(place, confirmed_by=None) for place in range(1, 10)]
    found = examine(a_sheet_json(*blocked), JSON, today=TODAY)
    assert (len(found.findings), found.refused) == (9, False)
    refused = examine(a_sheet_json(*blocked, head_count=1), JSON, today=TODAY)
    assert refused.findings[-1].code == Code.HEADER_COUNT
