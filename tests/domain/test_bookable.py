"""What of a bank's file is booked: whole statements of one account, each movement once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from disburse.domain import bookable as module
from disburse.domain.answer import Quarantined
from disburse.domain.bookable import NothingToBook, bookable
from disburse.domain.reference import AttemptKey, of_attempt
from disburse.domain.statement import StatementBroken
from disburse.domain.statement_record import (
    EntryPart,
    EntryStatus,
    StatementClosed,
    StatementEntry,
    StatementKind,
    StatementOpened,
)

DAY = date(2026, 10, 10)
OURS = of_attempt(AttemptKey(sheet_id=17, line=3, attempt=1))
ACCOUNT = "62 10 0000"


def opened(**changes):
    begun = StatementOpened(
        position=1, reference="S1", kind=StatementKind.STATEMENT, account="62100000",
        currency="CNY", opening=1000, opens_on=DAY,
    )  # fmt: skip
    return replace(begun, **changes)


def entry(amount, **changes):
    booked = StatementEntry(
        position=2, amount=amount, status=EntryStatus.BOOKED, booked_on=DAY, reference=f"B{amount}"
    )
    return replace(booked, **changes)


def part(amount, **changes):
    return replace(EntryPart(position=2, amount=amount), **changes)


def closed(closing, **changes):
    return replace(
        StatementClosed(position=9, closing=closing, closes_on=DAY, entries=1), **changes
    )


def read(*records):
    return bookable(records, account=ACCOUNT, currency="CNY")


def test_a_statement_becomes_what_the_ledger_keeps():
    said = entry(
        -300, payment_reference=OURS, file_reference="F0000017", counterparty_account="DE89 3704",
        text="Wage", return_reason="AC04",
    )  # fmt: skip
    found = read(opened(), said, closed(700))
    (statement,) = found.statements
    statement.require_sound(after=1000)
    (one,) = statement.entries
    assert (statement.reference, statement.closes_on) == ("S1", DAY)
    assert (one.reference, one.amount, one.booked_on) == ("B-300", -300, DAY)
    assert (one.names, one.counterparty, one.text) == (OURS, "DE893704", "AC04 Wage")


@pytest.mark.parametrize(
    ("payment", "file", "names"),
    [
        (OURS, "F0000017", OURS),
        ("OTHER", "F0000017", "F0000017"),
        ("F0000017", "", "F0000017"),
        ("", "", ""),
    ],
)
def test_an_entry_names_the_reference_that_may_be_ours(payment, file, names):
    found = read(opened(), entry(5, payment_reference=payment, file_reference=file), closed(1005))
    assert [one.names for one in found.statements[0].entries] == [names]


def test_only_booked_entries_that_move_something_count():
    others = [entry(5, status=EntryStatus.PENDING), entry(5, status=EntryStatus.INFORMATION)]
    found = read(opened(), *others, entry(0), closed(1000))
    assert (found.not_booked, list(found.statements[0].entries)) == (3, [])


def test_entries_without_a_name_of_their_own_are_named_by_their_place():
    same = [entry(5, reference=""), entry(6, reference="X"), entry(7, reference="X")]
    found = read(opened(), *same, closed(1018))
    names = [one.reference for one in found.statements[0].entries]
    assert names == ["S1#1", "X", "S1#3"]


def test_returns_that_were_booked_at_once_are_told_apart():
    parts = [part(2, payment_reference=OURS), part(3, reference="R9", text="no account")]
    found = read(opened(), *parts, entry(5, reference="B1", text="two", parts=2), closed(1005))
    told = [(one.reference, one.amount, one.names) for one in found.statements[0].entries]
    assert told == [("B1/1", 2, OURS), ("R9", 3, "")]
    assert [one.text for one in found.statements[0].entries] == ["two", "no account"]


def test_parts_of_an_entry_without_a_name_are_named_by_their_place():
    found = read(opened(), part(2), part(3), entry(5, reference="", parts=2), closed(1005))
    assert [one.reference for one in found.statements[0].entries] == ["S1#1", "S1#2"]


@pytest.mark.parametrize("amounts", [(2, None), (2, 2), (0, 5)])
def test_parts_that_do_not_make_the_entry_leave_it_whole(amounts):
    found = read(opened(), *map(part, amounts), entry(5, parts=2), closed(1005))
    assert [one.amount for one in found.statements[0].entries] == [5]


def test_a_file_of_ours_that_was_booked_at_once_stays_one_entry():
    whole = entry(-5, file_reference="F0000017", parts=2)
    found = read(opened(), part(-2), part(-3), whole, closed(995))
    assert [(one.amount, one.names) for one in found.statements[0].entries] == [(-5, "F0000017")]


def test_a_debit_of_several_that_name_nothing_stays_one_entry_with_their_count():
    unnamed = [part(-2), part(-3, reference="R9")]
    found = read(opened(), *unnamed, entry(-5, parts=2), closed(995))
    assert [(one.amount, one.count) for one in found.statements[0].entries] == [(-5, 2)]
    found = read(opened(), entry(-5, batch_count=7), closed(995))
    assert [(one.amount, one.count) for one in found.statements[0].entries] == [(-5, 7)]


def test_a_debit_whose_parts_name_payments_of_ours_is_told_apart():
    parts = [part(-2, payment_reference=OURS), part(-3)]
    found = read(opened(), *parts, entry(-5, parts=2, batch_count=2), closed(995))
    told = [(one.amount, one.names, one.count) for one in found.statements[0].entries]
    assert told == [(-2, OURS, None), (-3, "", None)]


def test_pages_are_put_together():
    first = [opened(page=1), entry(5), closed(None, closes_on=None, is_last_page=False)]
    found = read(*first, opened(page=2, opening=None), entry(6), closed(1011))
    (statement,) = found.statements
    statement.require_sound(after=1000)
    assert len(statement.entries) == 2


def test_what_cannot_be_read_of_another_account_stops_nothing():
    first = [opened(page=1), entry(5), closed(None, closes_on=None, is_last_page=False)]
    other = [opened(account="999"), Quarantined(position=4, reason="odd"), closed(1)]
    found = read(*first, *other, opened(page=2, opening=None), entry(6), closed(1011))
    assert [len(one.entries) for one in found.statements] == [2]


def test_several_statements_of_the_account_come_in_order():
    found = read(opened(), closed(1000), opened(reference="S2"), entry(1), closed(1001))
    assert [one.reference for one in found.statements] == ["S1", "S2"]


def test_what_is_of_another_account_or_no_whole_statement_is_passed_over():
    others = [
        opened(account="999"), part(1), entry(5), closed(1),
        opened(kind=StatementKind.INTERIM), Quarantined(position=3, reason="odd"), closed(1),
    ]  # fmt: skip
    found = read(opened(), closed(1000), *others[:4])
    assert (found.passed_over, found.not_booked) == (1, 0)
    with pytest.raises(NothingToBook, match="2 of other accounts"):
        read(*others[:5], others[6])


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([], "no whole statement"),
        ([opened(currency="EUR")], "'EUR'"),
        ([opened(), Quarantined(position=2, reason="bad amount"), closed(1000)], "bad amount"),
        ([Quarantined(position=1, reason="odd"), opened(), closed(1000)], "odd"),
        ([opened(), closed(1000, is_last_page=False)], "last page"),
        (
            [opened(), closed(1000, is_last_page=False), opened(reference="S2"), closed(1000)],
            "last page",
        ),
        ([opened(opening=None), closed(1000)], "balance"),
        ([opened(), closed(None)], "balance"),
        ([opened(), closed(1000, closes_on=None)], "balance"),
    ],
)
def test_half_a_statement_is_not_booked(records, told):
    with pytest.raises(StatementBroken, match=told):
        read(*records)


def test_an_entry_without_a_date_is_of_the_statements_day_and_a_nameless_statement_too():
    found = read(opened(reference=""), entry(5, booked_on=None), closed(1005))
    (statement,) = found.statements
    assert (statement.reference, statement.entries[0].booked_on) == ("20261010", DAY)


def test_what_cannot_be_stored_is_shown_as_such():
    found = read(opened(reference="S\0"), entry(5, text="a\0b"), closed(1005))
    (statement,) = found.statements
    assert (statement.reference, statement.entries[0].text) == ("S\ufffd", "a\ufffdb")


def test_more_entries_than_a_month_has_are_refused(monkeypatch):
    monkeypatch.setattr(module, "ENTRIES_MAX", 2)
    read(opened(), entry(1), entry(2), closed(1003))
    with pytest.raises(StatementBroken, match="more than 2"):
        read(opened(), entry(1), entry(2), entry(3), closed(1006))
    twice = [opened(), entry(1), entry(2), closed(1003), opened(reference="S2"), entry(3)]
    with pytest.raises(StatementBroken, match="more than 2"):
        read(*twice, closed(1006))
