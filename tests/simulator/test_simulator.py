"""A slice of `disburse simulate`: nobody paid twice, nobody forgotten."""

from __future__ import annotations

import os
import time

from disburse.simulator import truth
from disburse.simulator.acts import Movement
from disburse.simulator.lives import live, parts

# A minute in every run of the tests; five with DISBURSE_SLICE_SECONDS=300. The suite as a whole
# has to end while somebody waits for it.
SLICE_SECONDS = int(os.environ.get("DISBURSE_SLICE_SECONDS", "60"))
SLICE_BEGINS = 1_001  # the seeds from here on, as many as there is time for


def test_whatever_breaks_everybody_is_paid_once(town):
    until, seed = time.monotonic() + SLICE_SECONDS, SLICE_BEGINS
    while time.monotonic() < until:
        lived = live(town, seed=seed, steps=200)
        assert lived.found is None
        seed += 1


def test_one_seed_is_one_run(town):
    first, second = (live(town, seed=9, steps=60) for _ in range(2))
    assert first == second
    assert first != live(town, seed=10, steps=60)


def test_steps_are_divided_into_lives_of_the_same_length():
    assert parts(7, 1_200) == [(7, 500), (8, 500), (9, 200)]
    assert parts(7, 3) == [(7, 3)]


def test_a_debit_that_the_books_do_not_know_is_found(town, monkeypatch):
    book = truth.book_movements

    def book_one_more(life, movements):
        book(life, [*movements, Movement(amount=-1)])

    monkeypatch.setattr(truth, "book_movements", book_one_more)
    assert "differ" in live(town, seed=9, steps=20).found.what


def test_a_file_that_no_board_shows_is_found(town, monkeypatch):
    monkeypatch.setattr(truth, "_on_the_board", lambda _: set())
    assert "no board shows" in live(town, seed=9, steps=100).found.what


def test_a_defect_of_the_program_is_found(town, monkeypatch):
    def fails(*_, **__):
        raise KeyError

    monkeypatch.setattr("disburse.simulator.acts.claim", fails)
    found = live(town, seed=9, steps=100).found
    assert found.what == "defect: KeyError"
    assert "acts.py" in found.trace
