"""Who paid a month's wages on time: by the bank's word and date, over everything that is owed."""

from datetime import date

import pytest

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain import gauge
from disburse.domain.money import parse
from disburse.queries.on_time import on_time
from disburse.steps.payroll.set_aside import set_aside

# The world pays in CNY, which no law here measures: the UAE's measure, with a day that it can meet.
MEASURED = gauge.Rule(
    name="test", source="a test", currency="CNY", in_force=date(2026, 1, 1), due_day=20,
    least=8_500,
)  # fmt: skip
JULY = date(2026, 7, 1)


@pytest.fixture(autouse=True)
def _measured(monkeypatch):
    monkeypatch.setattr(gauge, "RULES", (MEASURED,))


def measured(world, period=JULY, currency="CNY"):
    with world.begin() as tx:
        found = on_time(tx, period=period, currency=currency)
    return found and [(one.registration, one.wages, one.gauge) for one in found.establishments]


def test_wages_count_as_on_time_when_the_bank_says_so_with_its_date(world):
    _, _, [content] = world.sent()
    order = read_order(content)
    [(registration, wages, before)] = measured(world)
    assert (wages, before.on_time, before.underway) == (8, 0, before.total)
    assert before.may_comply
    assert not before.complies

    first, second, *rest = order.credits
    words = {credit.reference: Word() for credit in (first, *rest)}
    world.ingest(write_answer(order, words | {second.reference: Word("rejected", "AC04")},
                              on=date(2026, 8, 20)))  # fmt: skip
    [(same, _, after)] = measured(world)
    assert same == registration
    assert after.total == before.total
    assert (after.on_time, after.underway) == (before.total - parse(second.amount, "CNY"), 0)
    assert after.complies


def test_a_day_late_is_late(world):
    _, _, [content] = world.sent()
    order = read_order(content)
    words = {credit.reference: Word() for credit in order.credits}
    world.ingest(write_answer(order, words, on=date(2026, 8, 21)))
    [(_, _, late)] = measured(world)
    assert (late.on_time, late.underway, late.share) == (0, 0, 0)


def test_what_is_set_aside_is_owed_all_the_same_and_what_was_rejected_is_not(world):
    got = world.receive()
    world.do(set_aside, "labour_officer", sheet_id=got.sheet.id, line=1, reason="unclear")
    [(_, wages, held)] = measured(world)
    assert (wages, held.total) == (8, got.sheet.total_net)


def test_a_month_or_currency_without_a_rule_is_not_measured(world):
    assert measured(world, period=date(2025, 11, 1)) is None
    assert measured(world, currency="EUR") is None
    assert measured(world, period=date(2026, 6, 1)) == []
