"""Everybody is told the same about the money for a sheet."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain.coverage import cover
from disburse.domain.ledger import Balance

DUE = date(2026, 8, 15)


def covered(balance, needed, today=DUE):
    return cover(balance, needed=needed, due_on=DUE, payer="The owner", today=today)


def test_every_figure_is_named():
    told = covered(Balance(free=500, held=300, missing=-20, awaited=-100, bank=-680), 900)
    assert (told.free, told.held, told.missing, told.declared) == (500, 300, 20, 100)
    assert (told.needed, told.shortage, told.payer, told.due_on) == (900, 400, "The owner", DUE)


@pytest.mark.parametrize(("needed", "shortage"), [(499, 0), (500, 0), (501, 1)])
def test_only_free_money_covers(needed, shortage):
    told = covered(Balance(free=500, held=1000, bank=-1500), needed)
    assert (told.shortage, told.covered) == (shortage, shortage == 0)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_what_is_free_and_what_is_short_reach_what_is_needed(free, needed):
    told = covered(Balance(free=free), needed)
    assert told.free + told.shortage >= needed
    assert told.covered == (told.shortage == 0) == (free >= needed)


@pytest.mark.parametrize(
    ("today", "late"), [(date(2026, 8, 14), 0), (DUE, 0), (date(2026, 8, 16), 1)]
)
def test_days_late_count_from_the_day_after_it_was_due(today, late):
    assert covered(Balance(), 1, today).days_late == late
