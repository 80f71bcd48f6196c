"""An account whose statements stop coming is an alarm, until they come again."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from disburse.domain.access import Act, Forbidden
from disburse.domain.policy import Policy
from disburse.domain.standing import Thing
from disburse.queries.board import board
from disburse.steps.bank.resolve import resolve
from disburse.steps.money.declare import declare
from disburse.steps.money.miss_statement import miss_statement
from disburse.steps.money.vouch import vouch
from disburse.storage import stated
from disburse.work import turn
from tests.builders import World


def noon(month, day_):
    """Return noon in China."""
    return datetime(2026, month, day_, 4, tzinfo=UTC)


class Account:
    """A special account whose statements are booked, and the worker loop that misses them."""

    def __init__(self, begin, **project):
        self.world = World(begin, account={"statements": True}, **project)
        self.world.now = noon(8, 10)  # a Monday

    def book(self, *day_):
        self.world.now = noon(*day_) if day_ else self.world.now
        self.world.book()

    def round_at(self, *day_):
        self.world.now = noon(*day_)
        return turn(self.world.loop, now=self.world.now).unstated

    def alarms(self):
        query = "SELECT reference, resolved_at IS NULL FROM anomaly WHERE code = :c ORDER BY id"
        with self.world.everything() as tx:
            return [tuple(row) for row in tx.execute(text(query), {"c": stated.MISSING})]

    def events(self, like):
        with self.world.everything() as tx:
            query = text("SELECT type FROM event WHERE type LIKE :like ORDER BY id")
            return tx.scalars(query, {"like": like}).all()

    def board(self, **asked):
        with self.world.begin() as tx:
            caller = self.world.caller("releaser")
            found = board(tx, caller, banks=self.world.banks, now=self.world.now, **asked)
        return [row for row in found.rows if row.thing is Thing.ANOMALY]


@pytest.fixture
def account(begin):
    return Account(begin)


def test_two_bank_days_without_a_statement_are_an_alarm_told_once(account):
    account.book()
    assert account.round_at(8, 11) == account.round_at(8, 12) == 0
    assert account.round_at(8, 13) == 1
    assert account.alarms() == [("account:1:2026-08-11", True)]
    assert account.events("statement.m%") == ["statement.miss_statement"]
    assert account.round_at(8, 13) == account.round_at(8, 20) == 0


def test_it_stands_on_the_board_in_both_languages(account):
    account.book()
    account.round_at(8, 13)
    [row] = account.board(only_late=True)
    assert (row.state, row.alarm, row.name) == (stated.MISSING, True, "account:1:2026-08-11")
    assert row.en == "the bank's statements of the account stopped coming; ask the bank"
    assert row.zh == "该账户的银行对账单已中断,请向银行索取"
    assert [way.act for way in row.exits] == [Act.BOOK, Act.RESOLVE]


def test_the_statement_that_closes_the_gap_ends_it(account):
    account.book()
    account.round_at(8, 13)
    account.book(8, 10)  # a second one of the Monday: the Tuesday is missing still
    assert account.alarms() == [("account:1:2026-08-11", True)]
    account.book(8, 13)
    assert account.alarms() == [("account:1:2026-08-11", False)]
    assert account.board() == []
    assert account.events("anomaly.%") == ["anomaly.book"]
    assert account.round_at(8, 14) == 0


def test_a_statement_that_comes_late_leaves_the_next_gap_an_alarm(account):
    account.book()
    account.round_at(8, 13)
    account.book(8, 11)
    assert account.round_at(8, 18) == 1
    assert account.alarms() == [("account:1:2026-08-11", False), ("account:1:2026-08-14", True)]


def test_weekends_and_holidays_are_no_gap(account):
    account.book(8, 14)  # a Friday
    assert account.round_at(8, 17) == account.round_at(8, 18) == 0
    assert account.round_at(8, 19) == 1


def test_who_asked_the_bank_has_as_many_days_again(account):
    account.book()
    account.round_at(8, 13)
    with account.world.everything() as tx:
        number = tx.scalar(text("SELECT id FROM anomaly"))
    account.world.do(resolve, "releaser", anomaly_id=number, resolution="they send it tomorrow")
    assert account.round_at(8, 14) == account.round_at(8, 15) == 0
    assert account.round_at(8, 17) == 1


def test_money_that_was_to_come_and_no_statement_at_all_is_an_alarm(account):
    assert account.round_at(8, 31) == 0, "nothing was expected"
    account.world.now = noon(8, 10)
    given = {"amount": 500, "voucher_digest": "a" * 64, "expected_on": date(2026, 8, 12)}
    number = account.world.do(declare, "funder", **given)
    account.world.do(vouch, "approver", declaration_id=number)
    assert account.round_at(8, 13) == 0
    assert account.round_at(8, 14) == 1
    assert account.alarms() == [("account:1:2026-08-12", True)]


def test_the_projects_policy_says_how_many_days(begin):
    account = Account(begin, policy=Policy(statement_days=5))
    account.book()
    assert account.round_at(8, 17) == 0
    assert account.round_at(8, 18) == 1


@pytest.mark.parametrize("change", ["statements = false", "state = 'closed'"])
def test_of_an_account_that_is_not_stated_nothing_is_missing(account, change):
    account.book()
    with account.world.owning() as tx:
        tx.execute(text(f"UPDATE special_account SET {change}"))  # noqa: S608  (the test's own)
    assert account.round_at(8, 20) == 0


def test_only_the_clock_misses_it_and_a_second_worker_finds_it_told(account):
    account.book()
    account.world.now = noon(8, 20)
    with pytest.raises(Forbidden):
        account.world.do(miss_statement, "releaser")
    assert account.world.do(miss_statement, None)
    assert not account.world.do(miss_statement, None)


def test_a_project_without_an_account_misses_nothing(account):
    account.book()
    with account.world.owning() as tx:
        tx.execute(text("UPDATE project SET account_id = NULL"))
    account.world.now = noon(8, 20)
    assert not account.world.do(miss_statement, None)


def test_a_defect_holds_up_nothing_else(account, monkeypatch):
    account.book()
    account.world.now = noon(8, 20)

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(stated, "note_missing", broken)
    assert turn(account.world.loop, now=account.world.now).failed == 1
