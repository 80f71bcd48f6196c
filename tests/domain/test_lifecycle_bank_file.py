"""The life of a bank file, and what the bank's word about a whole file does to it."""

from itertools import product

import pytest

from disburse.domain.lifecycle.bank_file import (
    TRANSITIONS,
    Action,
    Decision,
    State,
    WrongState,
    answer,
    move,
)
from disburse.domain.result import Result
from tests.domain.tables import missing_from, reached, rows, table

ALLOWED = table(
    """
    written       claim        dispatching
    written       cancel       void
    dispatching   hand_over    sent
    dispatching   lose         unknown
    dispatching   acknowledge  acknowledged
    dispatching   refuse       refused
    sent          lose         unknown
    sent          acknowledge  acknowledged
    sent          refuse       refused
    unknown       acknowledge  acknowledged
    unknown       refuse       refused
    unknown       retransmit   dispatching
    unknown       never        refused
    acknowledged  refuse       refused
    acknowledged  hand_over    acknowledged
    """
)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_an_action_leads_where_the_table_says_and_is_refused_elsewhere(state, action):
    if (state, action) in ALLOWED:
        assert move(state, action) == ALLOWED[state, action]
        return
    with pytest.raises(WrongState, match="bank file"):
        move(state, action)


def test_every_state_can_be_reached():
    assert reached(TRANSITIONS, State.WRITTEN) == set(State)


def test_only_a_refused_and_a_void_file_are_at_their_end():
    assert missing_from(TRANSITIONS, State) == {State.REFUSED, State.VOID}


def test_what_was_handed_out_is_never_written_or_void_again():
    for state in set(State) - {State.WRITTEN, State.VOID}:
        assert not reached(TRANSITIONS, state) & {State.WRITTEN, State.VOID}


def test_a_lost_file_is_found_by_the_bank_or_by_people_and_never_by_itself():
    exits = {action for state, action in TRANSITIONS if state is State.UNKNOWN}
    assert exits == {Action.ACKNOWLEDGE, Action.REFUSE, Action.RETRANSMIT, Action.NEVER}


# What the bank says of the whole file, by what it did before: "took" means that a payment of the
# file was accepted or paid. Results: no = rejected or cancelled, yes = everything else, for "we
# have this already" and "we look at it" prove as well as "accepted" that the bank has it.
UNSENT = "the bank answers a file that was never handed out"
CONTRADICTED = "the whole file is refused after a payment was accepted"
REVIVED = "the bank has a file that it refused before"
SAID = """
    written       yes  -     unsent
    written       yes  took  unsent
    written       no   -     unsent
    written       no   took  unsent
    void          yes  -     unsent
    void          yes  took  unsent
    void          no   -     unsent
    void          no   took  unsent
    dispatching   yes  -     acknowledge
    dispatching   yes  took  acknowledge
    dispatching   no   -     refuse
    dispatching   no   took  contradicted
    sent          yes  -     acknowledge
    sent          yes  took  acknowledge
    sent          no   -     refuse
    sent          no   took  contradicted
    unknown       yes  -     acknowledge
    unknown       yes  took  acknowledge
    unknown       no   -     refuse
    unknown       no   took  contradicted
    acknowledged  yes  -     -
    acknowledged  yes  took  -
    acknowledged  no   -     refuse
    acknowledged  no   took  contradicted
    refused       yes  -     revived
    refused       yes  took  revived
    refused       no   -     -
    refused       no   took  -
"""
MEANT = {
    "": Decision(),
    "acknowledge": Decision(Action.ACKNOWLEDGE),
    "refuse": Decision(Action.REFUSE),
    "unsent": Decision(contradiction=UNSENT),
    "contradicted": Decision(contradiction=CONTRADICTED),
    "revived": Decision(contradiction=REVIVED),
}
EXPECTED = {(row[0], row[1], row[2]): MEANT[row[3]] for row in rows(SAID) if row}
NO = {Result.REJECTED, Result.CANCELLED}
CASES = list(product(State, Result, [False, True]))


@pytest.mark.parametrize(("state", "result", "took"), CASES)
def test_the_banks_word_does_what_the_table_says(state, result, took):
    said = "no" if result in NO else "yes"
    expected = EXPECTED[state, said, "took" if took else ""]
    assert answer(state, result, bank_took_some=took) == expected


@pytest.mark.parametrize(("state", "result", "took"), CASES)
def test_the_same_word_again_changes_nothing(state, result, took):
    first = answer(state, result, bank_took_some=took)
    if first.action is None:
        return
    after = move(state, first.action)
    assert answer(after, result, bank_took_some=took) == Decision()


@pytest.mark.parametrize(("state", "result", "took"), CASES)
def test_every_decision_is_a_move_that_the_table_has(state, result, took):
    action = answer(state, result, bank_took_some=took).action
    assert action is None or (state, action) in TRANSITIONS
