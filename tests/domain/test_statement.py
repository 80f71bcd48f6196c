"""A statement adds up and follows the last one; each entry means one thing."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse.domain.ledger import Kind
from disburse.domain.statement import Entry, Meaning, Statement, StatementBroken, meaning

DAY = date(2026, 8, 5)


def an_entry(amount, reference="B1", counterparty=""):
    return Entry(
        reference=reference,
        amount=amount,
        booked_on=DAY,
        names="",
        counterparty=counterparty,
        text="",
    )


def a_statement(*amounts, opening=100):
    entries = [an_entry(amount, f"B{place}") for place, amount in enumerate(amounts)]
    closing = opening + sum(amounts)
    return Statement(
        reference="S1", closes_on=DAY, opening=opening, closing=closing, entries=entries
    )


@given(st.lists(st.integers(-(10**12), 10**12).filter(bool)), st.integers(-(10**12), 10**12))
def test_a_statement_that_adds_up_and_follows_is_sound(amounts, opening):
    a_statement(*amounts, opening=opening).require_sound(after=opening)


@pytest.mark.parametrize(
    ("statement", "after", "told"),
    [
        (replace(a_statement(50), closing=149), 100, "do not make closing"),
        (a_statement(50), 99, "the last statement closed with 99"),
        (a_statement(50, 0), 100, "no amount"),
        (replace(a_statement(5, 5), entries=[an_entry(5), an_entry(5)]), 100, "twice"),
    ],
)
def test_a_statement_that_cannot_be_trusted_is_refused(statement, after, told):
    with pytest.raises(StatementBroken, match=told):
        statement.require_sound(after=after)


# A credit from the owner is an allocation; it confirms a declaration when exactly one waits for it.
@pytest.mark.parametrize(
    ("amount", "ours", "payers", "declared", "expected"),
    [
        (-500, True, 0, 0, Meaning(Kind.BOOK_PAYMENT)),
        (-500, True, 1, 1, Meaning(Kind.BOOK_PAYMENT)),
        (-500, False, 0, 0, Meaning(Kind.BOOK_UNORDERED_DEBIT, "unordered-debit")),
        (-500, False, 1, 1, Meaning(Kind.BOOK_UNORDERED_DEBIT, "unordered-debit")),
        (500, True, 0, 0, Meaning(Kind.BOOK_RETURN)),
        (500, True, 1, 1, Meaning(Kind.BOOK_RETURN)),
        (500, False, 1, 0, Meaning(Kind.ALLOCATE)),
        (500, False, 1, 1, Meaning(Kind.CONFIRM)),
        (500, False, 1, 2, Meaning(Kind.ALLOCATE)),
        # two projects of one owner on one account: only a declaration tells which
        (500, False, 2, 1, Meaning(Kind.CONFIRM)),
        (500, False, 2, 0, Meaning(Kind.BOOK_UNKNOWN_CREDIT, "unknown-credit")),
        (500, False, 2, 2, Meaning(Kind.BOOK_UNKNOWN_CREDIT, "unknown-credit")),
        (500, False, 0, 1, Meaning(Kind.BOOK_UNKNOWN_CREDIT, "unknown-credit")),
        (500, False, 0, 0, Meaning(Kind.BOOK_UNKNOWN_CREDIT, "unknown-credit")),
    ],
)
def test_an_entry_means_what_its_reference_and_sender_say(amount, ours, payers, declared, expected):
    entry = an_entry(amount)
    assert meaning(entry, ours=ours, payers=payers, declared=declared) == expected
