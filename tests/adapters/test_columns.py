"""Pieces of files as columns: nothing is lost, joined or let through that a row alone is not."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from adapters import _columns
from disburse.adapter import Payment
from tests.adapters.batches import a_payment

PLAIN = a_payment(note="")


def test_a_payment_made_of_columns_is_the_one_that_its_class_makes():
    texts = {one: [getattr(PLAIN, one)] for one in ("reference", "name", "account", "note")}
    (made,) = _columns.payments([5], texts)
    wanted = replace(PLAIN, amount=5, bank_code="", bank_name="", latin_name="", wage=None)
    assert made == wanted
    assert (hash(made), repr(made)) == (hash(wanted), repr(wanted))
    assert type(made) is Payment
    with pytest.raises(FrozenInstanceError):
        made.amount = 6


def test_columns_of_other_lengths_are_no_payments():
    with pytest.raises(ValueError, match="longer"):
        list(_columns.payments([5], {"account": ["1", "2"]}))


def test_a_line_feed_in_a_text_is_no_second_text():
    form = _columns.lines_of("[0-9]+")
    assert _columns.all_have(form, ["1", "22"])
    assert not _columns.all_have(form, ["1\n22"])
    assert not _columns.all_have(form, ["1", "2", "1\n2"])
    look = _columns.Looking({"account": "[0-9]+", "bank_code": "|[0-9]+"}, 10)
    for account, code in (("1\n2", ""), ("1", "2\n"), ("1\n", "")):
        bad = replace(PLAIN, account=account, bank_code=code, amount=5)
        assert not look.at_one(bad)
        assert not look.at_all([bad, replace(bad, account="1", bank_code="2")])


def test_a_form_with_a_choice_stays_within_its_field():
    look = _columns.Looking({"account": "1|2", "bank_code": "3|4"}, 10)
    good = replace(PLAIN, account="2", bank_code="3", amount=10)
    assert look.at_one(good)
    assert look.at_all([good])
    for bad in (replace(good, account="12"), replace(good, amount=11), replace(good, amount=0)):
        assert not look.at_one(bad)
        assert not look.at_all([good, bad])


def test_a_payment_without_a_wage_has_none_of_its_forms():
    look = _columns.Looking({"wage.days": "[0-9]+"}, 10)
    assert not look.at_one(replace(PLAIN, amount=5))
    assert not look.at_all([replace(PLAIN, amount=5)])
