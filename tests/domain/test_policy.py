"""A project's policy is sound, or refused before anybody relies on it."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain.policy import APPROVERS_MAX, Policy, PolicyRefused

sound = st.builds(
    Policy,
    approvers=st.lists(
        st.tuples(st.integers(0, 10**12), st.integers(1, APPROVERS_MAX)), max_size=4
    ).map(tuple),
    approval_days=st.integers(1, 31),
    cooling_days=st.integers(0, 31),
    statement_days=st.integers(1, 31),
    note=st.text(max_size=30),
)


@given(sound)
def test_a_policy_survives_its_storage(policy):
    stored = policy.stored()
    as_json = stored | {"approvers": [list(tier) for tier in stored["approvers"]]}
    assert Policy.read(as_json) == policy


def test_what_is_not_said_has_a_default():
    policy = Policy.read({})
    assert policy == Policy()
    assert policy.approvers_needed(0) == policy.approvers_needed(10**12) == 1


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ({"approvers": [[0, 0]]}, "approvers"),
        ({"approvers": [[0, APPROVERS_MAX + 1]]}, "approvers"),
        ({"approvers": [[-1, 1]]}, "approvers"),
        ({"approvers": [[0]]}, "cannot be read"),
        ({"approvers": 2}, "cannot be read"),
        ({"approvers": [["a", 1]]}, "cannot be read"),
        ({"approval_days": 0}, "approval_days"),
        ({"approval_days": 32}, "approval_days"),
        ({"cooling_days": -1}, "cooling_days"),
        ({"cooling_days": 32}, "cooling_days"),
        ({"cooling_days": "3"}, "cooling_days"),
        ({"statement_days": 0}, "statement_days"),
        ({"statement_days": 32}, "statement_days"),
        ({"statement_days": 2.5}, "statement_days"),
        ({"approval_days": True}, "approval_days"),
        ({"note": None}, "note"),
        ({"aproval_days": 7}, "aproval_days"),
        ({"cooling_days": -1, "approval_days": 0}, "approval_days, cooling_days"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused(stored, told):
    with pytest.raises(PolicyRefused, match=told):
        Policy.read(stored)


@pytest.mark.parametrize(("total", "needed"), [(0, 1), (999, 1), (1000, 2), (5000, 3), (9999, 3)])
def test_larger_sheets_take_more_approvers(total, needed):
    policy = Policy(approvers=((0, 1), (1000, 2), (5000, 3)))
    assert policy.approvers_needed(total) == needed


@given(st.permutations(((0, 1), (1000, 2), (5000, 3))), st.integers(0, 10_000))
def test_the_order_of_the_tiers_does_not_matter(tiers, total):
    in_order = Policy(approvers=((0, 1), (1000, 2), (5000, 3)))
    assert Policy(approvers=tuple(tiers)).approvers_needed(total) == (
        in_order.approvers_needed(total)
    )


def test_there_is_never_nobody_to_approve():
    assert Policy(approvers=((1000, 2),)).approvers_needed(1) == 1


def test_days_are_whole_days():
    policy = Policy(approval_days=7, cooling_days=3)
    assert policy.approval_holds_for() == timedelta(days=7)
    assert policy.cooling() == timedelta(days=3)


def test_the_worker_reads_the_pay_month_in_the_projects_own_words():
    assert Policy(note="{period}工资").note_for(date(2026, 7, 1)) == "2026-07工资"
    assert Policy(note="wages {x} {").note_for(date(2026, 7, 1)) == "wages {x} {"
