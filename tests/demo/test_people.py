"""The demo's invented people and its words."""

from __future__ import annotations

from datetime import date
from string import Formatter

import pytest
from stdnum import luhn

from disburse.demo.people import WORKERS, a_credit_code, a_worker
from disburse.demo.words import WORDS
from disburse.domain.identity import is_credit_code, is_resident_card

EVERYBODY = [a_worker(place) for place in range(1, WORKERS + 1)]


def test_nobody_is_somebody_else():
    for name in ("name", "id_number", "account"):
        assert len({getattr(one, name) for one in EVERYBODY}) == WORKERS, name


def test_their_numbers_pass_every_check_and_were_never_given_out():
    for one in EVERYBODY:
        assert is_resident_card(one.id_number, today=date(2026, 8, 1))
        assert one.id_number.startswith("620299")  # no such region
        for card in (one.account, one.with_new_card().account):
            assert len(card) == 19
            assert luhn.is_valid(card)
    assert is_credit_code(a_credit_code(11))


def test_there_are_names_that_banks_stumble_over():
    assert sum("·" in one.name for one in EVERYBODY) == 15
    beyond_gbk = [one.name for one in EVERYBODY if set(one.name) & {"䶮", "𬭩"}]
    assert len(beyond_gbk) == 4
    for name in beyond_gbk:
        with pytest.raises(UnicodeEncodeError):
            name.encode("gbk")
    assert len({one.bank_code for one in EVERYBODY}) == 6


def test_both_languages_tell_the_same_facts():
    for key, texts in WORDS.items():
        zh, en = ({field for _, field, _, _ in Formatter().parse(text) if field} for text in texts)
        assert zh == en, key
