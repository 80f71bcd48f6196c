"""An approval is bound to exactly these payments, on these terms, by another person."""

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain.approval import (
    GrowingRoot,
    Payable,
    Root,
    SamePerson,
    Terms,
    canonical,
    ranges,
    require_other_person,
    root_of,
)

SALT = b"the sheet's own"
ONE = Payable(1, "工人甲", "6212260000000000011", 650_000)
TWO = Payable(2, "Worker Two", "6212260000000000029", 700_050)
TERMS = Terms(
    sheet_digest="ab" * 32,
    root=Root(digest="cd" * 32, count=2, total=1_350_050, lines="1-2"),
    currency="CNY",
    special_account="1017700000000001",
    pay_on=date(2026, 8, 15),
    policy_version=3,
    needed=2,
    approver="approver@general_contractor",
    nonce="n",
    expires_at=datetime(2026, 8, 12, 2, 0, tzinfo=UTC),
)


def test_the_root_is_the_digest_of_salt_and_lines():
    content = (
        SALT
        + (
            '[1, "工人甲", "6212260000000000011", 650000]\n'
            '[2, "Worker Two", "6212260000000000029", 700050]\n'
        ).encode()
    )
    wanted = Root(digest=sha256(content).hexdigest(), count=2, total=1_350_050, lines="1-2")
    assert root_of(SALT, [ONE, TWO]) == wanted


@pytest.mark.parametrize(
    ("salt", "lines"),
    [
        (SALT, [TWO, ONE]),
        (SALT, [ONE]),
        (SALT, [ONE, TWO, TWO]),
        (b"another sheet's", [ONE, TWO]),
        (SALT, [ONE, replace(TWO, line=3)]),
        (SALT, [ONE, replace(TWO, name="Worker Tow")]),
        (SALT, [ONE, replace(TWO, account="6212260000000000037")]),
        (SALT, [ONE, replace(TWO, net=700_051)]),
        (SALT, [replace(ONE, net=650_001), replace(TWO, net=700_049)]),
    ],
)
def test_any_change_of_what_is_paid_changes_the_root(salt, lines):
    assert root_of(salt, lines).digest != root_of(SALT, [ONE, TWO]).digest


@given(st.text(), st.text())
def test_no_text_can_pretend_to_be_another_field(name, account):
    joined = Payable(1, name + account, "", 1)
    parted = Payable(1, name, account, 1)
    assert (root_of(SALT, [joined]) == root_of(SALT, [parted])) == (account == "")


def test_a_root_grows_line_by_line():
    growing = GrowingRoot(SALT)
    assert growing.root() == Root(sha256(SALT).hexdigest(), 0, 0, "")
    growing.add(ONE)
    assert growing.root() == root_of(SALT, [ONE])
    growing.add(TWO)
    assert growing.root() == root_of(SALT, [ONE, TWO])


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([], ""),
        ([7], "7"),
        ([1, 2, 3, 5], "1-3,5"),
        ([1, 3, 5], "1,3,5"),
        ([1, 2], "1-2"),
        (list(range(1, 121)), "1-120"),
    ],
)
def test_numbers_are_written_as_runs(numbers, text):
    assert ranges(numbers) == text


@given(st.sets(st.integers(1, 300)))
def test_runs_name_every_number_and_no_other(numbers):
    named = set()
    for run in filter(None, ranges(sorted(numbers)).split(",")):
        first, _, last = run.partition("-")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == numbers


def test_what_is_attested_is_this_text_and_no_other():
    assert canonical(TERMS) == (
        '{"disburse_approval":1,"sheet":"' + "ab" * 32 + '","lines":"1-2","count":2,'
        '"total":1350050,"root":"' + "cd" * 32 + '","currency":"CNY",'
        '"special_account":"1017700000000001","pay_on":"2026-08-15","policy":3,"needed":2,'
        '"approver":"approver@general_contractor","nonce":"n",'
        '"expires_at":"2026-08-12T02:00:00+00:00"}'
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"sheet_digest": "00" * 32},
        {"root": replace(TERMS.root, digest="00" * 32)},
        {"root": replace(TERMS.root, count=3)},
        {"root": replace(TERMS.root, total=1)},
        {"root": replace(TERMS.root, lines="1,3")},
        {"currency": "AED"},
        {"special_account": "1017700000000002"},
        {"pay_on": date(2026, 8, 16)},
        {"policy_version": 4},
        {"needed": 1},
        {"approver": "second"},
        {"acting_for": 7},
        {"nonce": "m"},
        {"expires_at": datetime(2026, 8, 12, 2, 0, 1, tzinfo=UTC)},
    ],
)
def test_no_term_can_change_unseen(changed):
    assert canonical(replace(TERMS, **changed)) != canonical(TERMS)


def test_another_person_may_check():
    require_other_person((3,), 1, 2, None)
    require_other_person((3, 4), 1, 2, None)


@pytest.mark.parametrize(
    ("persons", "earlier"),
    [((1,), [1]), ((2,), [1, 2]), ((), [1]), ((), []), ((), [None]),
     ((1, 2), [2]), ((1, 2), [3, 1]), ((1,), [3, 1])],
)  # fmt: skip
def test_the_same_person_a_stand_in_and_a_machine_may_not_check(persons, earlier):
    with pytest.raises(SamePerson):
        require_other_person(persons, *earlier)
