"""Every check makes its finding, and nothing else does."""

from dataclasses import replace
from datetime import date

import pytest

from disburse.domain.checks import LINE_GROSS_MAX, SHEET_NET_MAX, check
from disburse.domain.finding import LANGUAGES, RULES, Code, Effect, Finding, say
from disburse.domain.sheet import IdType, Kind
from tests.sheets import TODAY, a_card, a_header, a_line, an_identity_number, lines

WRONG_CARD = a_card(1)[:-1] + str((int(a_card(1)[-1]) + 1) % 10)
WRONG_ID = an_identity_number(1)[:6] + "19900230" + an_identity_number(1)[14:]


def codes(*given, header=None, **options):
    whole = given or tuple(lines(2))
    found = check(header or a_header(whole), whole, today=TODAY, **options)
    return [(finding.code, finding.line, finding.column) for finding in found]


def test_a_clean_sheet_has_no_findings():
    assert codes(*lines(300)) == []


@pytest.mark.parametrize(
    ("changed", "code", "column"),
    [
        ({"gross_items": (("base", 1),)}, Code.ARITHMETIC, "gross"),
        ({"deductions": ()}, Code.ARITHMETIC, "total_deductions"),
        ({"net": 5}, Code.ARITHMETIC, "net"),
        ({"gross": LINE_GROSS_MAX + 1}, Code.OVER_LIMIT, "gross"),
        ({"id_number": WRONG_ID}, Code.BAD_IDENTITY_NUMBER, "id_number"),
        ({"id_type": IdType.PASSPORT, "id_number": "E1"}, Code.BAD_IDENTITY_NUMBER, "id_number"),
        ({"account": WRONG_CARD}, Code.BAD_ACCOUNT, "account"),
        ({"account": "AE070331234567890123457"}, Code.BAD_ACCOUNT, "account"),
        ({"confirmed_by": None}, Code.UNCONFIRMED, "confirmed_by"),
        ({"confirmed_at": None}, Code.UNCONFIRMED, "confirmed_by"),
        ({"mobile": "12345"}, Code.BAD_MOBILE, "mobile"),
        ({"bank_code": "102100099997"}, Code.BAD_BANK_CODE, "bank_code"),
    ],
)
def test_a_fault_of_a_line_is_found_on_that_line(changed, code, column):
    assert codes(a_line(1), a_line(2, **changed), a_line(3)) == [(code, 2, column)]


def test_empty_advisory_fields_are_no_findings():
    assert codes(a_line(1, mobile="", bank_code="")) == []


def test_signs_are_found_in_items_and_net():
    gross = a_line(1, gross_items=(("base", 500_000), ("other", -1)), deductions=(), net=499_999,
                   gross=499_999, total_deductions=0)  # fmt: skip
    deduction = replace(gross, gross_items=(("base", 499_999),), deductions=(("tax", -1),),
                        total_deductions=-1, net=500_000)  # fmt: skip
    net = replace(gross, gross_items=(("base", 100),), gross=100, deductions=(("tax", 200),),
                  total_deductions=200, net=-100)  # fmt: skip
    assert codes(gross) == [(Code.NEGATIVE, 1, "gross_other")]
    assert codes(deduction) == [(Code.NEGATIVE, 1, "deduction_tax")]
    assert codes(net) == [(Code.NEGATIVE, 1, "net")]


def test_a_line_without_anything_to_pay_is_blocked():
    line = a_line(1, gross_items=(("base", 100),), gross=100, deductions=(("advance", 100),),
                  total_deductions=100, net=0)  # fmt: skip
    assert codes(line) == [(Code.ZERO_NET, 1, "net")]


@pytest.mark.parametrize(("damages", "found"), [(2000, False), (2001, True)])
def test_damages_are_at_most_a_fifth_of_the_wage(damages, found):
    line = a_line(1, gross_items=(("base", 10_000),), gross=10_000, net=10_000 - damages,
                  deductions=(("damages", damages),), total_deductions=damages)  # fmt: skip
    wanted = [(Code.DAMAGES_OVER_LIMIT, 1, "deduction_damages")] if found else []
    assert codes(line) == wanted


def test_all_faults_of_all_lines_come_at_once():
    found = codes(
        a_line(1, account=WRONG_CARD, confirmed_by=None),
        a_line(2, id_number=WRONG_ID, net=7),
    )
    assert found == [
        (Code.BAD_ACCOUNT, 1, "account"),
        (Code.UNCONFIRMED, 1, "confirmed_by"),
        (Code.ARITHMETIC, 2, "net"),
        (Code.BAD_IDENTITY_NUMBER, 2, "id_number"),
    ]


def test_the_same_worker_twice_is_found_with_the_first_place():
    twice = a_line(3, id_number=an_identity_number(1))
    whole = (a_line(1), a_line(2), twice)
    (finding,) = check(a_header(whole), whole, today=TODAY)
    assert (finding.code, finding.line, finding.facts["first"]) == (Code.SAME_WORKER_TWICE, 3, 1)


def test_the_same_number_on_another_paper_is_another_worker():
    one = a_line(1, id_type=IdType.PASSPORT, id_number="12345678")
    assert codes(one, replace(a_line(2), id_type=IdType.TAIWAN_PERMIT, id_number="12345678")) == []


def test_lines_are_numbered_without_gaps():
    assert codes(a_line(1), a_line(3)) == [(Code.BAD_SEQUENCE, 3, "number")]


@pytest.mark.parametrize(
    ("changed", "code", "column"),
    [
        ({"head_count": 3}, Code.HEADER_COUNT, "head_count"),
        ({"total_net": 1}, Code.HEADER_TOTAL, "total_net"),
        ({"number": 2}, Code.PREDECESSOR_MISSING, "predecessor"),
        ({"predecessor": "0" * 64}, Code.PREDECESSOR_MISSING, "predecessor"),
        ({"subcontractor": "91620200MA00000020"}, Code.BAD_REGISTRATION, "subcontractor"),
        ({"period": date(2026, 7, 2)}, Code.PERIOD_MISMATCH, "worked_from"),
        ({"period": date(2026, 6, 1)}, Code.PERIOD_MISMATCH, "worked_from"),
        ({"period": date(2026, 8, 1)}, Code.PERIOD_MISMATCH, "worked_from"),
        ({"worked_to": date(2026, 6, 30)}, Code.PERIOD_MISMATCH, "worked_from"),
        ({"worked_to": date(2026, 8, 1)}, Code.PERIOD_MISMATCH, "worked_from"),
    ],
)
def test_a_fault_of_the_header_is_found_without_a_line(changed, code, column):
    given = lines(2)
    assert codes(*given, header=a_header(given, **changed)) == [(code, None, column)]


@pytest.mark.parametrize(
    "changed",
    [
        {"worked_from": date(2026, 6, 26), "worked_to": date(2026, 7, 25)},
        {"kind": Kind.FINAL_SETTLEMENT, "worked_from": date(2026, 2, 1)},
        {"kind": Kind.BACK_PAY, "worked_from": date(2025, 1, 1), "worked_to": date(2025, 3, 31)},
        {"number": 2, "predecessor": "0" * 64},
        {"subcontractor": "AE-12345"},
    ],
)
def test_lawful_headers_have_no_findings(changed):
    given = lines(2)
    assert codes(*given, header=a_header(given, **changed)) == []


def test_a_sheet_without_lines_is_refused():
    assert list(check(a_header(), [], today=TODAY)) == [Finding(Code.NO_LINES)]


def test_a_sheet_over_the_limit_is_refused():
    net = SHEET_NET_MAX + 1
    line = a_line(1, gross=net, net=net, gross_items=(("base", net),))
    assert (Code.OVER_LIMIT, None, "total_net") in codes(line)


def test_a_part_of_a_sheet_is_not_asked_for_totals_and_sequence():
    header = a_header(lines(2))
    assert codes(a_line(2), header=header, complete=False) == []


def test_lines_are_checked_without_a_header():
    found = check(None, [a_line(1, net=1)], today=TODAY, rows=[17])
    assert [(finding.code, finding.row) for finding in found] == [(Code.ARITHMETIC, 17)]


@pytest.mark.parametrize("code", Code)
def test_every_finding_is_said_in_both_languages(code):
    sentences = {say(Finding(code), language) for language in LANGUAGES}
    assert len(sentences) == len(LANGUAGES)
    assert all(sentences)


def test_a_sentence_holds_the_finding_s_own_facts():
    (finding,) = check(None, [a_line(1, net=1)], today=TODAY)
    assert "“net” says 0.01" in say(finding, "en")
    assert "“net”填写为 0.01" in say(finding, "zh")
    assert "…" not in say(finding, "en")


def test_every_code_has_a_rule_and_only_blockers_can_be_cleared():
    assert set(RULES) == set(Code)
    clearable = {code for code in Code if Finding(code).clearable}
    assert clearable == {
        Code.UNCONFIRMED, Code.ACCOUNT_DIFFERS, Code.REPEATS, Code.SAME_AMOUNT,
    }  # fmt: skip
    assert {Finding(code).effect for code in clearable} == {Effect.BLOCKS_LINE}
