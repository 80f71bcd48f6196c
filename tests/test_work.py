from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event

import pytest
from sqlalchemy import text

from disburse.domain.lifecycle.sheet import State
from disburse.domain.sheet import Kind
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.review import review
from disburse.storage import ledger, request_keys, sheets
from disburse.work import Turn, run, turn
from tests.builders import a_request_key
from tests.sheets import a_sheet_json, lines


def reviewed(world, **header):
    """Return number and need of a sheet that waits for money."""
    got = world.receive(a_sheet_json(*lines(world.workers), **header))
    with world.begin() as tx:
        review(tx, caller=world.caller("labour_officer"), sheet_id=got.sheet.id, **world.here)
    return got.sheet.id, got.coverage.needed


def state_of(world, sheet_id):
    with world.begin() as tx:
        return sheets.take(tx, project_id=world.project_id, sheet_id=sheet_id).state


def test_a_round_funds_by_due_date_and_then_by_receipt(world, loop):
    late, need = reviewed(world, pay_on=date(2026, 8, 20))
    early, _ = reviewed(world, pay_on=date(2026, 8, 10), period=date(2026, 6, 1),
                        worked_from=date(2026, 6, 1), worked_to=date(2026, 6, 30))  # fmt: skip
    world.allocate(need)
    done = turn(loop, now=world.now)
    assert (done.funded, done.short, done.failed) == (1, ((world.project_id, late),), 0)
    assert (state_of(world, early), state_of(world, late)) == (State.FUNDED, State.REVIEWED)
    world.allocate(need)
    assert turn(loop, now=world.now).funded == 1
    assert turn(loop, now=world.now) == Turn()


def test_a_round_forgets_the_nonces_of_signatures_that_are_too_old(world, loop):
    key = a_request_key(world, "machine", "viewer")
    with world.begin() as tx:
        viewer = world.caller("viewer")
        for nonce, minutes in (("old", 0), ("fresh", 1)):
            ends = world.now + timedelta(minutes=minutes)
            assert request_keys.use_up(tx, viewer, kid=key.kid, nonce=nonce, expires_at=ends)
    turn(loop, now=world.now)
    with loop() as tx:
        assert tx.scalars(text("SELECT nonce FROM request_nonce")).all() == ["fresh"]


def test_a_small_sheet_never_overtakes_a_large_one_that_waits(world, loop):
    large, need = reviewed(world)
    small = world.receive(
        a_sheet_json(*lines(1), kind=Kind.SUPPLEMENT, pay_on=date(2026, 8, 11))
    ).sheet.id
    with world.begin() as tx:
        tx.execute(text("UPDATE blocker SET cleared_by = 1, reason = 'both due' WHERE clearable"))
        review(tx, caller=world.caller("labour_officer"), sheet_id=small, **world.here)
    world.allocate(need - 1)
    assert turn(loop, now=world.now).short == ((world.project_id, large),)
    assert state_of(world, small) is State.REVIEWED


def test_a_round_voids_approvals_that_are_too_old_and_keeps_the_hold(world, loop):
    sheet_id = world.funded()
    with world.begin() as tx:
        approve(tx, caller=world.caller("approver"), sheet_id=sheet_id, **world.here)
    week = world.now + timedelta(days=7)
    assert turn(loop, now=week - timedelta(seconds=1)).expired == 0
    assert turn(loop, now=week).expired == 1
    assert state_of(world, sheet_id) is State.FUNDED
    with world.begin() as tx:
        balance = ledger.balance_of(tx, project_id=world.project_id, account_id=world.account_id)
    assert balance.held > 0
    assert turn(loop, now=week).expired == 0


def test_a_round_makes_months_ahead_and_only_once(world, loop):
    later = world.now + timedelta(days=365)
    assert turn(loop, now=later).months > 0
    assert turn(loop, now=later).months == 0


def test_one_sheet_in_trouble_holds_up_its_project_and_is_logged(world, caplog, loop):
    sheet_id, need = reviewed(world)
    world.allocate(need)
    with world.begin() as tx:  # what nobody can do by any step: the ledger row is gone
        tx.execute(text("UPDATE sheet SET account_id = account_id WHERE id = :s"), {"s": sheet_id})
        tx.execute(text("UPDATE entitlement SET set_aside = true"))
    done = turn(loop, now=world.now)
    assert (done.funded, done.failed) == (0, 1)
    assert f"sheet {sheet_id}: could not go on: ValueError" in caplog.text


def test_two_loops_at_once_fund_each_sheet_once_and_never_beyond_the_money(world, loop):
    months = [date(2026, month, 1) for month in range(3, 9)]
    waiting = [
        reviewed(
            world,
            period=month,
            worked_from=month,
            worked_to=month + timedelta(days=27),
            pay_on=month + timedelta(days=40),
        )
        for month in months
    ]
    need = waiting[0][1]
    world.allocate(need * 4)
    with ThreadPoolExecutor(4) as pool:
        turns = list(pool.map(lambda _: turn(loop, now=world.now), range(8)))
    assert sum(done.funded for done in turns) == 4
    assert sum(done.failed for done in turns) == 0
    states = [state_of(world, sheet_id) for sheet_id, _ in waiting]
    assert states == [State.FUNDED] * 4 + [State.REVIEWED] * 2
    with world.begin() as tx:
        balance = ledger.balance_of(tx, project_id=world.project_id, account_id=world.account_id)
        fundings = tx.scalar(text("SELECT count(*) FROM transfer WHERE kind = 'fund'"))
    assert (balance.free, balance.held, fundings) == (0, need * 4, 4)


def test_the_loop_goes_on_until_it_is_told_to_stop_and_after_a_failed_round(world, loop):
    stop, heard = Event(), []

    def tell(done):
        heard.append(done)
        if len(heard) == 3:
            stop.set()
        raise ConnectionError

    run(loop, clock=lambda: world.now, stop=stop, tell=tell, pause_seconds=0)
    assert len(heard) == 3


@pytest.mark.parametrize(
    "meanwhile",
    [
        "LOCK TABLE attempt IN ROW EXCLUSIVE MODE",  # as a payment's transaction does
        "SELECT pg_advisory_xact_lock(hashtext('disburse months'))",  # as another worker does
    ],
)
def test_months_wait_for_whoever_uses_the_tables_and_harm_nobody(world, meanwhile, loop):
    later = world.now + timedelta(days=365)
    with world.begin() as busy:
        busy.execute(text(meanwhile))
        assert turn(loop, now=later) == Turn()
        assert busy.scalar(text("SELECT 1")) == 1
    assert turn(loop, now=later).months > 0
