"""A kit that cannot fail is worthless: each check fails on an adapter that is wrong in that way."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import pytest

from disburse import banks, calendars
from disburse.adapter import BankDouble
from disburse.domain.working_days import Calendar
from disburse.kit import synthetic, trial
from disburse.kit.books import after, before
from disburse.kit.verdict import Broken, Verdict
from tests.kit.broken import BREAKAGES, PROFILE, Sound, TakesNobody, name_of

CASES = [(check, name_of(kind)) for check, kinds in BREAKAGES.items() for kind in kinds]

pytestmark = pytest.mark.usefixtures("others")


def test_every_check_has_somebody_who_fails_it():
    assert set(trial.CHECKS) == set(BREAKAGES)


@pytest.mark.parametrize(("check", "name"), CASES)
def test_a_check_fails_on_who_breaks_it(check, name):
    found = trial.outcome(trial.subject_of(name), check)
    assert (found.check, found.verdict) == (check, Verdict.FAILED), found.detail


def test_an_adapter_of_somebody_else_that_is_sound_passes_everything():
    outcomes = trial.certify("sound")
    assert [one for one in outcomes if one.verdict is not Verdict.PASSED] == []
    assert [one.check for one in outcomes] == list(trial.CHECKS)


def test_one_without_example_answers_has_these_skipped_and_is_told_so():
    outcomes = trial.certify("onlywrites")
    skipped = {one.check: one.detail for one in outcomes if one.verdict is Verdict.SKIPPED}
    assert set(skipped) == {check for check in trial.CHECKS if check.startswith("answer: ")}
    assert all("BankDouble" in detail for detail in skipped.values())
    assert {one.verdict for one in outcomes if one.check not in skipped} == {Verdict.PASSED}


def test_one_that_takes_nobody_is_told_what_it_refuses_and_how_to_help_it():
    [found] = trial.certify("takesnobody")
    assert found.verdict is Verdict.FAILED
    assert "nobody has a name" in found.detail
    assert "--like" in found.detail
    with pytest.raises(Broken, match="nobody has a name"):
        synthetic.example(TakesNobody("takesnobody", PROFILE), 1)


def test_a_crash_of_the_adapter_is_a_failed_check_and_not_the_kits():
    [found] = trial.certify("crashes")
    checked = trial.outcome(trial.subject_of("crasheslater"), "answer: empty")
    for one in (found, checked):
        assert one.verdict is Verdict.FAILED
        # where, so that its author can look; not what, which may be somebody's account
        told = r"raised KeyError in tests\.kit\.broken, line \d+, which is no refusal"
        assert re.fullmatch(told, one.detail)


def test_an_adapter_that_is_not_installed_is_refused():
    with pytest.raises(banks.AdapterMissing):
        trial.certify("nowhere")


def test_synthetic_batches_are_the_same_every_time_and_of_any_length():
    adapter = Sound("sound", PROFILE)
    some, more = synthetic.example(adapter, 3), synthetic.example(adapter, 2000)
    assert list(some.payments) == list(more.payments)[:3]
    assert list(some.payments) == list(some.payments)
    assert more.total == sum(one.amount for one in more.payments)
    assert len({one.reference for one in more.payments}) == more.count == 2000
    banks.write(adapter, more)


def test_the_invented_pay_day_is_a_working_day_of_every_bank():
    batch = synthetic.example(Sound("sound", PROFILE), 1)
    for one in calendars.shipped():
        assert Calendar([one]).certain(batch.pay_on), one.zone
    assert batch.pay_on.weekday() in range(4)  # Friday is the Gulf's weekend, or was
    # Columbus Day, Our Lady of Aparecida, Thanksgiving in Canada: one Monday
    assert batch.pay_on != date(2026, 10, 12)


def test_the_books_of_the_kit_are_the_services():
    subject = trial.subject_of("sound")
    assert isinstance(subject.adapter, BankDouble)
    assert set(before(subject).values()) == {"sent"}
    aftermath = after(subject, b"noise")
    assert (aftermath.refused, aftermath.noticed) == (1, True)
    assert aftermath.states == before(subject)


def test_payments_are_invented_in_the_form_of_a_given_batch(tmp_path):
    batch = trial.subject_of("sound").batch
    first = next(iter(batch.payments))
    like = tmp_path / "like.json"
    payment = {"reference": "T1", "name": "测试工人甲", "account": "62179999999999999",
               "amount": "12.34", "note": "wages"}  # fmt: skip
    like.write_text(
        json.dumps(
            {
                "reference": "F0000017", "sequence": 7, "created": "2026-10-09T01:02:03Z",
                "pay_on": "2026-10-10", "currency": "CNY",
                "debtor": {"holder": "测试专户", "number": "6210000000000001"},
                "payments": [payment],
            }
        ),
        encoding="utf-8",
    )  # fmt: skip
    subject = trial.subject_of("sound", like=like)
    invented = next(iter(subject.batch.payments))
    assert invented == replace(
        first, name="测试工人甲", account="62179999999999999", amount=1234, note="wages",
        bank_code="", bank_name="",
    )  # fmt: skip
    outcomes = trial.certify("sound", like=like)
    assert [one for one in outcomes if one.verdict is not Verdict.PASSED] == []
