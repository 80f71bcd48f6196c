"""A short slice of `python -m tests.simulator`: nobody paid twice, nobody forgotten."""

from __future__ import annotations

import pytest

from tests.simulator.run import live


@pytest.mark.parametrize("seed", range(1, 5))
def test_whatever_breaks_everybody_is_paid_once(begin, tmp_path, seed):
    life = live(begin, tmp_path, seed=seed, steps=200)
    assert life.did["killed"]
    assert life.bank.having("paid")
