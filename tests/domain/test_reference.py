"""References are functions of what is paid, and a mistyped one is none of ours."""

from itertools import combinations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_36

from disburse.domain.reference import (
    ALPHABET,
    ATTEMPTS_MAX,
    PAYMENT_CHARACTERS,
    AttemptKey,
    attempt_of,
    of_attempt,
    of_file,
)

keys = st.builds(
    AttemptKey,
    sheet_id=st.integers(0, 36**6 - 1),
    line=st.integers(0, 36**4 - 1),
    attempt=st.integers(0, ATTEMPTS_MAX),
)
files = st.integers(0, 36**6 - 1)


@given(keys)
def test_a_payments_reference_says_which_attempt_it_is(key):
    assert attempt_of(of_attempt(key)) == key


@given(keys)
def test_the_same_attempt_always_has_the_same_reference(key):
    assert of_attempt(key) == of_attempt(AttemptKey(*key))


@given(keys, keys)
def test_two_attempts_never_share_a_reference(one, other):
    assert (of_attempt(one) == of_attempt(other)) == (one == other)


@given(keys)
def test_iso_7064_agrees_with_the_check_character_of_payments(key):
    assert mod_37_36.is_valid(of_attempt(key))


@given(files)
def test_iso_7064_agrees_with_the_check_character_of_files(number):
    assert mod_37_36.is_valid(of_file(number))


@given(keys, files)
def test_references_fit_the_shortest_field_of_any_bank(key, number):
    payment, file = of_attempt(key), of_file(number)
    assert len(payment) == PAYMENT_CHARACTERS == 13
    assert len(file) == 8
    assert set(payment + file) <= set(ALPHABET)


@given(files)
def test_a_files_reference_is_no_payments(number):
    assert attempt_of(of_file(number)) is None


@given(keys, st.integers(0, PAYMENT_CHARACTERS - 1), st.sampled_from(ALPHABET))
def test_any_one_wrong_character_is_found(key, place, character):
    right = of_attempt(key)
    assume(right[place] != character)
    assert attempt_of(right[:place] + character + right[place + 1 :]) is None


@given(keys, st.integers(0, PAYMENT_CHARACTERS - 2))
def test_two_neighbours_that_changed_places_are_found_as_iso_7064_finds_them(key, place):
    right = of_attempt(key)
    swapped = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    assert (attempt_of(swapped) is not None) == mod_37_36.is_valid(swapped)


@given(st.integers(0, 36**6 - 1), st.integers(0, 36**4 - 1))
def test_of_all_swaps_of_two_neighbours_at_most_one_in_630_is_missed(sheet_id, line):
    """ISO 7064's hybrid systems cannot tell apart one pair of characters for each remainder."""
    checks = [of_attempt(AttemptKey(sheet_id, line, number))[-1] for number in range(36 * 36)]
    pairs = combinations(range(36), 2)
    assert sum(checks[one * 36 + two] == checks[two * 36 + one] for one, two in pairs) <= 1


@given(st.text(alphabet=ALPHABET, min_size=PAYMENT_CHARACTERS, max_size=PAYMENT_CHARACTERS))
def test_ours_are_exactly_those_that_iso_7064_allows(text):
    assert (attempt_of(text) is not None) == mod_37_36.is_valid(text)


@pytest.mark.parametrize(
    "wrong",
    [
        "002n9c255s02n", "002N9C255S02N ", " 002N9C255S02N", "002N9C255S02", "002N9C255S02N0",
        "００2N9C255S02N", "2N9C255S02N", "",
    ],
)  # fmt: skip
def test_only_an_exact_match_is_ours(wrong):
    assert attempt_of("002N9C255S02N") == AttemptKey(sheet_id=123_456, line=100_000, attempt=2)
    assert attempt_of(wrong) is None


def test_references_that_banks_have_seen_never_change():
    assert of_attempt(AttemptKey(sheet_id=1, line=1, attempt=1)) == "0000010001010"
    assert of_attempt(AttemptKey(sheet_id=123_456, line=100_000, attempt=2)) == "002N9C255S02N"
    assert of_file(1) == "F0000012"


@pytest.mark.parametrize(
    "key",
    [
        AttemptKey(36**6, 1, 1),
        AttemptKey(1, 36**4, 1),
        AttemptKey(1, 1, ATTEMPTS_MAX + 1),
        AttemptKey(-1, 1, 1),
    ],
)
def test_a_number_that_does_not_fit_is_never_cut(key):
    with pytest.raises(ValueError, match="does not fit"):
        of_attempt(key)
