"""Every fault of every enrolment is found at once, in its place."""

from dataclasses import replace
from datetime import date

import pytest

from disburse.domain.finding import Code, Effect
from disburse.domain.roster import Enrolment, check
from disburse.domain.sheet import IdType
from tests.sheets import TODAY, a_card, an_identity_number


def an_enrolment(place=1, **changed):
    worker = Enrolment(
        name="工人甲",
        id_type=IdType.RESIDENT_CARD,
        id_number=an_identity_number(place),
        joined_on=date(2026, 3, 1),
        account=a_card(place),
    )
    return replace(worker, **changed)


def found(*workers):
    rows = range(2, len(workers) + 2)  # as under a heading
    return [
        (finding.code, finding.row, finding.column)
        for finding in check(workers, rows=rows, today=TODAY)
    ]


def test_clean_enrolments_have_no_findings():
    whole = an_enrolment(3, mobile="13800000000", bank_code="102", left_on=date(2026, 3, 1))
    assert found(an_enrolment(1), an_enrolment(2), whole) == []


@pytest.mark.parametrize(
    ("changed", "code", "column"),
    [
        ({"id_number": "620201199002301234"}, Code.BAD_IDENTITY_NUMBER, "id_number"),
        ({"account": a_card(2)[:-1] + "甲"}, Code.BAD_ACCOUNT, "account"),
        ({"mobile": "12345"}, Code.BAD_MOBILE, "mobile"),
        ({"bank_code": "1"}, Code.BAD_BANK_CODE, "bank_code"),
        ({"left_on": date(2026, 2, 28)}, Code.BAD_DATE, "left_on"),
    ],
)
def test_a_fault_is_found_in_its_row(changed, code, column):
    assert found(an_enrolment(1), an_enrolment(2, **changed), an_enrolment(3)) == [
        (code, 3, column)
    ]


def test_the_same_worker_twice_is_found_with_the_first_place():
    workers = [an_enrolment(1), an_enrolment(2), an_enrolment(1), an_enrolment(1)]
    twice = list(check(workers, rows=[2, 3, 4, 5], today=TODAY))
    assert [(finding.row, finding.facts["first"]) for finding in twice] == [(4, 2), (5, 2)]
    assert {finding.effect for finding in twice} == {Effect.REFUSES_SHEET}


def test_no_finding_repeats_a_whole_number():
    number, account = "620201199002301234", "6212260000000000000"
    for finding in check(
        [an_enrolment(1, id_number=number, account=account)], rows=[2], today=TODAY
    ):
        assert finding.value not in {number, account}
        assert "*" in finding.value
