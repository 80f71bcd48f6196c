"""`disburse simulate`: what it says, and how it ends."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from disburse.cli.program import program
from disburse.simulator import abreast, lives
from disburse.simulator.find import Find

NEVER_ASKED = {"DISBURSE_DATABASE_URL": "postgresql://nobody@localhost:1/never-asked"}


def simulate(*options):
    return CliRunner().invoke(program, ["simulate", *options], env=NEVER_ASKED)


def test_a_sound_run_is_told_in_figures():
    ran = simulate("--seed", "1", "--steps", "30", "--json")
    assert ran.exit_code == 0
    told = json.loads(ran.stdout)
    assert (told["ok"], told["steps"], told["lives"], told["found"]) == (True, 30, 1, None)
    assert told["seeds"] == {"first": 1, "last": 1}
    assert told["checks"]["steps followed by a check"] == 30
    assert told["checks"]["whole checks"] == 1


def test_several_lives_at_once_are_the_same_lives():
    alone = list(abreast.live_all([(1, 20), (2, 20)]))
    at_once = list(abreast.live_all([(1, 20), (2, 20)], jobs=2))
    assert sorted(at_once, key=lambda one: one.seed) == alone


@pytest.fixture
def broken(monkeypatch):
    """The third check finds something."""
    checks = iter(range(100))

    def check(_):
        if next(checks) == 2:
            raise Find("one fen too many")

    monkeypatch.setattr(lives, "check", check)


def test_a_find_says_what_repeats_it(broken):
    ran = simulate("--seed", "5", "--steps", "30")
    assert ran.exit_code == 1
    assert "FOUND at step 3 of seed 5: one fen too many" in ran.stdout
    assert "the last acts: " in ran.stdout
    assert "disburse simulate --seed 5 --steps 3" in ran.stdout


def test_a_find_in_json_names_seed_and_step(broken):
    told = json.loads(simulate("--seed", "5", "--steps", "30", "--json").stdout)
    assert told["ok"] is False
    assert (told["found"]["seed"], told["found"]["step"]) == (5, 3)
    assert len(told["found"]["acts"]) == 3
