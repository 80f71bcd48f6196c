"""Many at once on one real PostgreSQL: nobody overspends, and of two who want the same one wins."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy import text

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.approval import SamePerson
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.lifecycle.sheet import State
from disburse.domain.policy import Policy
from disburse.queries.prove import prove
from disburse.steps.bank.claim import claim
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.cancel import cancel
from disburse.steps.payroll.fund import ShortOfFunds, fund
from disburse.steps.payroll.review import review
from disburse.storage import sheets
from disburse.storage.ledger import balance_of
from disburse.storage.sheets import DuplicateSheet
from tests.builders import World
from tests.sheets import a_sheet_json, lines

FUNDERS = 16


def at_once(*calls):
    """Call all of them at the same moment; return what came back, refusals included."""
    ready = Barrier(len(calls))

    def one(call):
        ready.wait()
        try:
            return call()
        except (WrongState, ShortOfFunds, SamePerson, DuplicateSheet) as refusal:
            return refusal

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def step(world, what, who, **facts):
    """Return a call that takes a step on a connection of its own."""

    def call():
        with world.begin() as tx:
            return what(tx, caller=world.caller(who) if who else None, **world.here | facts)

    return call


def of_month(count, month):
    """Return a sheet of `count` workers for one month of 2026 or 2027, from March on."""
    first = date(2026 + (month + 2) // 12, (month + 2) % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return a_sheet_json(*lines(count), period=first, worked_from=first, worked_to=last)


def columns(world):
    with world.begin() as tx:
        return balance_of(tx, project_id=world.project_id, account_id=world.account_id)


def stands(world):
    with world.begin() as tx:
        return prove(tx).differences


def kinds(results):
    return Counter(type(one).__name__ for one in results)


@pytest.fixture
def reviewed(world):
    """Sixteen reviewed sheets of two lines each: numbers, and what each needs."""
    numbers, needed = [], 0
    for month in range(FUNDERS):
        got = world.receive(of_month(2, month))
        needed = got.coverage.needed
        numbers.append(got.sheet.id)
    for number in numbers:
        try:
            step(world, review, "labour_officer", sheet_id=number)()
        except Exception as error:
            raise AssertionError(error.facts) from error
    return numbers, needed


def test_sixteen_funders_of_one_account_hold_what_is_there_and_not_a_fen_more(world, reviewed):
    numbers, needed = reviewed
    covered = 5
    world.allocate(covered * needed + needed - 1)
    results = at_once(*(step(world, fund, None, sheet_id=number) for number in numbers))
    assert kinds(results) == {"Sheet": covered, "ShortOfFunds": FUNDERS - covered}
    balance = columns(world)
    assert (balance.held, balance.free) == (covered * needed, needed - 1)
    assert stands(world) == ()


def test_sixteen_funders_of_one_sheet_hold_it_once(world, reviewed):
    numbers, needed = reviewed
    world.allocate(FUNDERS * needed)
    results = at_once(*(step(world, fund, None, sheet_id=numbers[0]) for _ in range(FUNDERS)))
    assert kinds(results) == {"Sheet": 1, "WrongState": FUNDERS - 1}
    assert columns(world).held == needed
    assert stands(world) == ()


def test_of_two_releasers_who_claim_one_file_one_has_it(world):
    _, [file] = world.exported()
    seen = {"file_id": file.id, "sha256": file.sha256, "count": file.count, "total": file.total}
    results = at_once(
        step(world, claim, "releaser", **seen), step(world, claim, "second releaser", **seen)
    )
    assert kinds(results) == {"tuple": 1, "WrongState": 1}
    assert columns(world).in_flight == file.total
    assert stands(world) == ()


@pytest.mark.parametrize("_", range(4))
def test_of_a_claim_and_a_cancel_one_wins_and_the_books_follow_it(world, _):
    sheet_id, [file] = world.exported()
    seen = {"file_id": file.id, "sha256": file.sha256, "count": file.count, "total": file.total}
    claimed, cancelled = at_once(
        step(world, claim, "releaser", **seen),
        step(world, cancel, "second releaser", sheet_id=sheet_id, reason="wrong day"),
    )
    won = not isinstance(claimed, WrongState)
    assert isinstance(cancelled, WrongState) is won
    balance = columns(world)
    assert (balance.in_flight, balance.held) == ((file.total, 0) if won else (0, file.total))
    assert stands(world) == ()


def test_one_person_who_approves_twice_at_once_counts_once(begin):
    world = World(begin, policy=Policy(approvers=((0, 2),)))
    sheet_id = world.funded()
    results = at_once(*[step(world, approve, "approver", sheet_id=sheet_id)] * 2)
    assert kinds(results) == {"Sheet": 1, "SamePerson": 1}
    with world.begin() as tx:
        sheet = sheets.take(tx, project_id=world.project_id, sheet_id=sheet_id)
    assert sheet.state is State.FUNDED
    assert step(world, approve, "second approver", sheet_id=sheet_id)().state is State.APPROVED


def test_two_people_who_approve_at_once_both_count(begin):
    world = World(begin, policy=Policy(approvers=((0, 2),)))
    sheet_id = world.funded()
    results = at_once(
        step(world, approve, "approver", sheet_id=sheet_id),
        step(world, approve, "second approver", sheet_id=sheet_id),
    )
    assert sorted(one.state for one in results) == [State.APPROVED, State.FUNDED]


def test_a_sheet_submitted_by_four_at_once_is_taken_once(world):
    content = a_sheet_json(*lines(3))
    results = at_once(*[lambda: world.receive(content)] * 4)
    assert kinds(results) == {"Received": 1, "DuplicateSheet": 3}
    with world.begin() as tx:
        assert tx.scalar(text("SELECT count(*) FROM entitlement")) == 3
    assert stands(world) == ()


def test_a_report_that_comes_twice_at_once_counts_once(world):
    _, [file], [content] = world.sent()
    order = read_order(content)
    answer = write_answer(
        order, {one.reference: Word() for one in order.credits}, on=world.now.date()
    )
    results = at_once(*[lambda: world.ingest(answer)] * 4)
    assert sorted(one.repeated for one in results) == [False, True, True, True]
    assert columns(world).paid == file.total
    assert stands(world) == ()
