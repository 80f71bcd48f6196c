"""The share of wages on time, exactly: no rounding decides who complies."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain.gauge import RULES, Gauge, due_on, rule_for

UAE = RULES[0]


def a_gauge(total=100, on_time=0, underway=0, least=8_500):
    return Gauge(total=total, on_time=on_time, underway=underway, least=least)


@pytest.mark.parametrize(
    ("period", "due"),
    [(date(2026, 7, 1), date(2026, 8, 1)), (date(2026, 12, 1), date(2027, 1, 1)),
     (date(2027, 11, 1), date(2027, 12, 1))],
)  # fmt: skip
def test_wages_fall_due_on_the_first_of_the_next_month(period, due):
    assert due_on(UAE, period) == due


@pytest.mark.parametrize(
    ("currency", "period", "rule"),
    [("AED", date(2026, 5, 1), UAE), ("AED", date(2026, 4, 1), None),
     ("AED", date(2026, 9, 1), UAE),
     ("CNY", date(2026, 9, 1), None)],
)  # fmt: skip
def test_a_rule_counts_for_wages_that_fall_due_while_it_is_in_force(currency, period, rule):
    assert rule_for(currency, period) == rule


@pytest.mark.parametrize(
    ("measured", "share", "complies", "may"),
    [
        (a_gauge(on_time=85), 8_500, True, True),
        (a_gauge(total=10_000_000, on_time=8_499_999), 8_499, False, False),
        (a_gauge(on_time=80, underway=5), 8_000, False, True),
        (a_gauge(on_time=80, underway=4), 8_000, False, False),
        (a_gauge(total=0), 10_000, True, True),
        (a_gauge(total=3, on_time=2), 6_666, False, False),
    ],
)
def test_the_share_is_of_the_total_and_rounded_down(measured, share, complies, may):
    assert (measured.share, measured.complies, measured.may_comply) == (share, complies, may)


@given(st.integers(1, 10**15), st.integers(0, 10**15))
def test_rounding_never_makes_anybody_comply(total, some):
    measured = a_gauge(total=total, on_time=min(some, total))
    assert measured.complies == (measured.on_time * 100 >= 85 * total)
    assert measured.share <= 10_000
