"""Random runs of everything that can happen, with the whole proof after every step."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.mechanics import Town
from tests.machine.payday import Payday

# Half a second each. Hypothesis prints what repeats a run that fails.
RUNS = settings(
    max_examples=500,
    stateful_step_count=40,
    deadline=None, phases=[__import__("hypothesis").Phase.generate],
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def town(begin):
    return Town.found(begin)


def test_the_books_hold_whatever_happens_in_any_order(town):
    run_state_machine_as_test(lambda: Payday(town), settings=RUNS)
