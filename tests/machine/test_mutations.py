"""The machine is worth something only if it finds what is broken: one protection off at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, run_state_machine_as_test
from sqlalchemy.exc import IntegrityError, ProgrammingError

from disburse import answering, settling
from disburse.domain.ledger import Kind
from disburse.domain.lifecycle import attempt as lifecycle
from disburse.domain.lifecycle.attempt import IN_FLIGHT, Decision, State
from disburse.domain.reference import attempt_of
from disburse.domain.refusal import Refusal
from disburse.domain.result import Result
from disburse.storage import inbox, ledger
from disburse.storage.answered import Attempt
from tests.machine.answers import Answers
from tests.machine.mechanics import Mechanics, Town
from tests.machine.payday import Sheets

# The same runs every time, and no search for the shortest: that one fails is all that is asked.
RUNS = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
# Something that must hold does not; a step refuses what is right; a CHECK, key or policy says no.
FINDS = (AssertionError, Refusal, IntegrityError, ProgrammingError)


class AtTheBank(Answers):
    """Begins with a sheet at the bank, so that every step is about answers and repetitions."""

    @initialize(count=st.integers(1, 3))
    def begins(self, count):
        self.fast_forward(count)


class BackAndForth(Sheets):
    """Begins with money for every sheet, so that sheets are funded, unfunded and funded again."""

    @initialize()
    def begins(self):
        self.world.allocate(10_000_000)


@pytest.fixture
def town(begin):
    return Town.found(begin)


def paid_after_returned_is_accepted(patch):
    patch.setitem(
        lifecycle.EDGES, (State.RETURNED, Result.PAID), Decision(State.PAID, (Kind.SETTLE,))
    )


def an_early_return_is_ignored(patch):
    for state in IN_FLIGHT:
        patch.delitem(lifecycle.EDGES, (state, Result.RETURNED))


def there_is_no_inbox(patch):
    patch.setattr(inbox, "add_report", lambda *_, **__: True)
    patch.setattr(inbox, "add_rows", lambda *_, **__: None)


def references_have_no_version(patch):
    post = ledger.post

    def post_without(tx, *, transfers, **where):
        shorter = [replace(one, reference=one.reference.rsplit(".", 1)[0]) for one in transfers]
        return post(tx, transfers=shorter, **where)

    patch.setattr(ledger, "post", post_without)
    patch.setattr(Attempt, "transfer_reference", lambda self: f"{self.reference}.")


def the_attempt_number_is_ignored(patch):
    """Take every answer for one about the latest attempt, as systems without attempts do."""
    newest: dict[tuple[int, int], int] = {}
    look = Mechanics.look

    def look_and_note(self):
        look(self)
        newest.clear()
        for key in map(attempt_of, self.attempts):
            line = key.sheet_id, key.line
            newest[line] = max(key.attempt, newest.get(line, 0))

    def newest_of(reference):
        key = attempt_of(reference)
        return key and key._replace(attempt=newest[key.sheet_id, key.line])

    patch.setattr(Mechanics, "look", look_and_note)
    for module in (answering, settling):
        patch.setattr(module, "attempt_of", newest_of)


def test_the_machine_finds_nothing_while_every_protection_is_on(town):
    for machine in (AtTheBank, BackAndForth):
        run_state_machine_as_test(lambda: machine(town), settings=settings(RUNS, max_examples=8))  # noqa: B023


@pytest.mark.parametrize(
    ("switch_off", "machine"),
    [
        (paid_after_returned_is_accepted, AtTheBank),
        (an_early_return_is_ignored, AtTheBank),
        (there_is_no_inbox, AtTheBank),
        (references_have_no_version, BackAndForth),
        (the_attempt_number_is_ignored, AtTheBank),
    ],
)
def test_the_machine_finds_it_when(
    switch_off: Callable, machine: type[Mechanics], town, monkeypatch
):
    switch_off(monkeypatch)
    with pytest.raises(FINDS):
        run_state_machine_as_test(lambda: machine(town), settings=RUNS)
