"""A short slice of `disburse simulate`: nobody paid twice, nobody forgotten."""

from __future__ import annotations

import pytest

from disburse.simulator.lives import live, parts


@pytest.mark.parametrize("seed", range(1, 4))
def test_whatever_breaks_everybody_is_paid_once(town, seed):
    lived = live(town, seed=seed, steps=150)
    assert lived.found is None
    assert lived.steps == 150
    assert lived.did["killed"]
    assert lived.payments


def test_one_seed_is_one_run(town):
    first, second = (live(town, seed=9, steps=60) for _ in range(2))
    assert first == second
    assert first != live(town, seed=10, steps=60)


def test_steps_are_divided_into_lives_of_the_same_length():
    assert parts(7, 1_200) == [(7, 500), (8, 500), (9, 200)]
    assert parts(7, 3) == [(7, 3)]
