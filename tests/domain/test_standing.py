"""No state of money without an owner, a clock and a way out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from disburse.domain.access import ALLOWED, ROLES, Act
from disburse.domain.lifecycle import attempt, bank_file, sheet
from disburse.domain.standing import SEEN_BY, STANDINGS, WORDS, Thing

# What has ended: nothing waits in it, and no row of the board shows it. `paid` may still come back,
# by the bank's word alone.
ENDED = {
    Thing.SHEET: sheet.ENDED,
    Thing.FILE: {bank_file.State.REFUSED, bank_file.State.VOID},
    Thing.PAYMENT: {attempt.State.PAID, attempt.State.VOID},
}
EVERY = [
    (thing, state)
    for thing, states in (
        (Thing.SHEET, sheet.State),
        (Thing.FILE, bank_file.State),
        (Thing.PAYMENT, attempt.State),
    )
    for state in states
]


@pytest.mark.parametrize(("thing", "state"), EVERY)
def test_every_state_has_ended_or_stands_on_the_board(thing, state):
    assert (state in ENDED[thing]) != ((thing, state) in STANDINGS)


@pytest.mark.parametrize("key", STANDINGS, ids=" ".join)
def test_whatever_stands_still_has_an_owner_a_clock_and_a_way_out(key):
    here = STANDINGS[key]

    assert here.role in ROLES[here.organisation]
    assert timedelta(0) <= here.late_after <= timedelta(days=31)  # within a pay month
    assert here.late_after or here.red, "late at once is an alarm"
    assert here.exits
    assert all(ALLOWED[act] for act in here.exits), "a person can do it"
    assert {here.role} & {role for act in here.exits for role in ALLOWED[act]}, "the owner too"
    assert all(WORDS[act][0] and WORDS[act][1] for act in here.exits)
    assert here.en
    assert here.zh


@pytest.mark.parametrize(
    ("thing", "table"), [(Thing.SHEET, sheet.TRANSITIONS), (Thing.FILE, bank_file.TRANSITIONS)]
)
def test_what_leads_out_by_itself_is_an_edge_or_the_banks_word(thing, table):
    """The next automatic step is one that the lifecycle knows from that state."""
    actions = {(start, str(action)) for start, action in table}
    by_bank = {Act.INGEST, Act.DELIVER}  # which acknowledges, answers or hands over
    for (what, state), here in STANDINGS.items():
        if what is thing and here.by_itself and here.by_itself not in by_bank:
            assert (state, str(here.by_itself)) in actions


def test_everything_is_seen_by_somebody_and_every_word_is_used():
    assert set(SEEN_BY) == set(Thing) == {thing for thing, _ in STANDINGS}
    used = {act for here in STANDINGS.values() for act in (*here.exits, here.by_itself) if act}
    assert used == set(WORDS)
