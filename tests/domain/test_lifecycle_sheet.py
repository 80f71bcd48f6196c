"""The life of a payroll sheet: what may follow what, read as a table."""

import pytest

from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.lifecycle.sheet import ENDED, TRANSITIONS, Action, State, move
from tests.domain.tables import missing_from, reached, table

# What each state allows, and where that leads; what is not here is refused.
ALLOWED = table(
    """
    received   set_aside  received
    received   clear      received
    received   reinstate  received
    received   review     reviewed
    received   reject     rejected
    received   withdraw   withdrawn
    reviewed   set_aside  reviewed
    reviewed   fund       funded
    reviewed   reject     rejected
    reviewed   withdraw   withdrawn
    funded     unfund     reviewed
    funded     approve    approved
    funded     expire     funded
    funded     reject     rejected
    funded     withdraw   withdrawn
    approved   expire     funded
    approved   revoke     funded
    approved   export     exported
    approved   reject     rejected
    approved   withdraw   withdrawn
    exported   cancel     approved
    """
)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_an_action_leads_where_the_table_says_and_is_refused_elsewhere(state, action):
    if (state, action) in ALLOWED:
        assert move(state, action) == ALLOWED[state, action]
        return
    with pytest.raises(WrongState) as refused:
        move(state, action)
    assert refused.value.facts == {"state": state, "action": action}
    starts = sorted(start for start, name in ALLOWED if name == action)
    assert refused.value.detail == (
        f"cannot {action} a sheet that is {state}; it must be {', '.join(starts)}"
    )


def test_every_state_can_be_reached():
    assert reached(TRANSITIONS, State.RECEIVED) == set(State)


def test_every_action_starts_somewhere():
    assert {action for _, action in TRANSITIONS} == set(Action)


def test_nothing_follows_an_end_and_something_follows_everything_else():
    assert missing_from(TRANSITIONS, State) == ENDED


def test_every_state_but_exported_leads_to_every_end():
    for state in set(State) - ENDED:
        assert reached(TRANSITIONS, state) >= ENDED


def test_written_files_stand_between_an_exported_sheet_and_any_other_end():
    assert {action for state, action in TRANSITIONS if state is State.EXPORTED} == {Action.CANCEL}


def test_money_is_held_before_anybody_approves():
    assert [s for (s, action) in TRANSITIONS if action is Action.APPROVE] == [State.FUNDED]
