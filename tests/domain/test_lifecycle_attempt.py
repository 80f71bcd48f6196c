"""What each answer of a bank does to a payment attempt, read as a table."""

from inspect import signature
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain.ledger import EDGES as COLUMNS_OF
from disburse.domain.ledger import Kind
from disburse.domain.lifecycle.attempt import (
    EDGES,
    IN_FLIGHT,
    LIVE,
    NEVER_SENT,
    OPEN_AGAIN,
    UNCHANGED,
    Decision,
    State,
    answer,
)
from disburse.domain.result import Result
from tests.domain.tables import rows

# state, the bank's answer, the state after it, the transfers, and what people must look at. The
# anomaly behind the slash is the one that stands when a newer attempt on the same wage exists.
TABLE = """
    prepared     pending    prepared     -              -
    prepared     accepted   prepared     -              answer-to-unsent
    prepared     paid       prepared     -              answer-to-unsent
    prepared     rejected   prepared     -              answer-to-unsent
    prepared     returned   prepared     -              answer-to-unsent
    prepared     cancelled  prepared     -              answer-to-unsent
    prepared     duplicate  prepared     -              answer-to-unsent
    dispatching  pending    dispatching  -              -
    dispatching  accepted   accepted     -              -
    dispatching  paid       paid         settle         -
    dispatching  rejected   rejected     reject         -
    dispatching  returned   returned     settle,return  -
    dispatching  cancelled  rejected     reject         -
    dispatching  duplicate  unknown      -              duplicate-payment
    sent         pending    sent         -              -
    sent         accepted   accepted     -              -
    sent         paid       paid         settle         -
    sent         rejected   rejected     reject         -
    sent         returned   returned     settle,return  -
    sent         cancelled  rejected     reject         -
    sent         duplicate  unknown      -              duplicate-payment
    accepted     pending    accepted     -              -
    accepted     accepted   accepted     -              -
    accepted     paid       paid         settle         -
    accepted     rejected   rejected     reject         -
    accepted     returned   returned     settle,return  -
    accepted     cancelled  rejected     reject         -
    accepted     duplicate  accepted     -              -
    unknown      pending    unknown      -              -
    unknown      accepted   accepted     -              -
    unknown      paid       paid         settle         -
    unknown      rejected   rejected     reject         -
    unknown      returned   returned     settle,return  -
    unknown      cancelled  rejected     reject         -
    unknown      duplicate  unknown      -              -
    paid         pending    paid         -              -
    paid         accepted   paid         -              -
    paid         paid       paid         -              -
    paid         rejected   paid         -              rejected-after-paid
    paid         returned   returned     return         -
    paid         cancelled  paid         -              rejected-after-paid
    paid         duplicate  paid         -              -
    rejected     pending    rejected     -              -
    rejected     accepted   rejected     -              -
    rejected     paid       rejected     -              paid-after-rejected/paid-while-newer-attempt
    rejected     rejected   rejected     -              -
    rejected     returned   rejected     -              returned-after-rejected
    rejected     cancelled  rejected     -              -
    rejected     duplicate  rejected     -              -
    returned     pending    returned     -              -
    returned     accepted   returned     -              -
    returned     paid       returned     -              paid-after-returned/paid-while-newer-attempt
    returned     rejected   returned     -              -
    returned     returned   returned     -              -
    returned     cancelled  returned     -              -
    returned     duplicate  returned     -              -
    void         pending    void         -              -
    void         accepted   void         -              answer-to-unsent
    void         paid       void         -              answer-to-unsent
    void         rejected   void         -              answer-to-unsent
    void         returned   void         -              answer-to-unsent
    void         cancelled  void         -              answer-to-unsent
    void         duplicate  void         -              answer-to-unsent
"""


def _read(state, result, after, transfers, anomaly, *, newer):
    plain, _, with_newer = anomaly.partition("/")
    return Decision(
        state=None if after == state else State(after),
        transfers=tuple(Kind(kind) for kind in transfers.split(",") if kind),
        anomaly=with_newer if newer and with_newer else plain,
    )


EXPECTED = {
    (row[0], row[1], newer): _read(*row, newer=newer)
    for row in rows(TABLE)
    if row
    for newer in (False, True)
}
CASES = list(product(State, Result, [False, True]))
states = st.sampled_from(State)
answers = st.lists(st.tuples(st.sampled_from(Result), st.booleans()), max_size=8)


def test_the_table_is_whole():
    assert set(EXPECTED) == set(CASES)


@pytest.mark.parametrize(("state", "result", "newer"), CASES)
def test_an_answer_does_what_the_table_says(state, result, newer):
    assert answer(state, result, newer=newer) == EXPECTED[state, result, newer]


@pytest.mark.parametrize(("state", "result", "newer"), CASES)
def test_the_same_answer_again_moves_nothing(state, result, newer):
    after = answer(state, result, newer=newer).state or state
    again = answer(after, result, newer=newer)
    assert (again.state, again.transfers) == (None, ())


@pytest.mark.parametrize(("state", "result"), [(s, r) for (s, r), d in EDGES.items() if d.state])
def test_the_same_answer_again_does_not_alarm_people_twice(state, result):
    assert answer(EDGES[state, result].state, result, newer=False) == UNCHANGED


def test_time_is_not_an_answer():
    assert set(signature(answer).parameters) == {"state", "result", "newer"}
    assert not {
        word for result in Result for word in ("overdue", "late", "timeout") if word in result
    }


@given(states, answers)
def test_nothing_but_the_banks_own_word_makes_a_payment_paid(state, given_answers):
    for result, newer in given_answers:
        after = answer(state, result, newer=newer).state or state
        if after is State.PAID and state is not State.PAID:
            assert result is Result.PAID
        state = after


@given(states, answers)
def test_what_is_final_never_comes_alive_again(state, given_answers):
    for result, newer in given_answers:
        after = answer(state, result, newer=newer).state or state
        if state not in LIVE:
            assert after is state or (state, after) == (State.PAID, State.RETURNED)
        state = after


@given(st.sampled_from(sorted(NEVER_SENT)), answers)
def test_what_was_never_sent_never_moves(state, given_answers):
    for result, newer in given_answers:
        decision = answer(state, result, newer=newer)
        assert (decision.state, decision.transfers) == (None, ())


# Where the money of an attempt stands; the transfers of an answer must lead from one to the other.
COLUMN = dict.fromkeys(IN_FLIGHT, "in_flight") | {State.PAID: "paid"}
COLUMN |= dict.fromkeys(OPEN_AGAIN, "held")


@pytest.mark.parametrize(("state", "result", "newer"), CASES)
def test_the_ledger_goes_the_same_way_as_the_state(state, result, newer):
    decision = answer(state, result, newer=newer)
    at = COLUMN.get(state)
    for kind in decision.transfers:
        source, target = COLUMNS_OF[kind]
        assert source == at
        at = target
    assert at == COLUMN.get(decision.state or state)


def test_money_that_is_in_flight_is_alive():
    assert IN_FLIGHT | {State.PREPARED} == LIVE
    assert not LIVE & OPEN_AGAIN
