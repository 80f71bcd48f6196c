"""A released file leaves once, whatever breaks: committed before the first byte, and after."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier, Event

import pytest
from sqlalchemy import text

from disburse.courier.carrying import Carried
from disburse.courier.post import LEASE
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.lifecycle.edges import WrongState
from disburse.queries import files as file_queries
from disburse.steps.bank.deliver import deliver
from disburse.steps.bank.hand_over import hand_over
from disburse.steps.bank.lose import lose
from disburse.storage.leases import StaleFence
from disburse.transports import NothingSent
from disburse.transports.directory import Directory
from disburse.work import turn
from tests.steps.test_bank import as_owner


class Killed(BaseException):
    """As SIGKILL: no handler of the program runs."""


def test_a_released_file_is_dropped_whole_and_its_payments_are_sent(carrying):
    carrying.connect()
    file = carrying.released()
    assert carrying.file_state() == "dispatching"

    assert carrying.carry() == Carried(sent=1)

    assert sha256((carrying.outbox / file.name).read_bytes()).hexdigest() == file.sha256
    assert [path.name for path in carrying.outbox.iterdir()] == [file.name]
    assert carrying.file_state() == "sent"
    assert set(carrying.states()) == {"sent"}
    assert carrying.outcomes() == [(1, "sent")]
    assert carrying.carry() == Carried()


def test_what_nobody_released_does_not_leave(carrying):
    carrying.connect()
    carrying.world.exported()

    assert carrying.carry() == Carried()
    assert list(carrying.outbox.iterdir()) == []


def test_without_a_transport_people_carry_the_file(carrying):
    file = carrying.released()
    assert carrying.carry() == Carried()
    assert carrying.world.do(hand_over, "releaser", file_id=file.id).state == "sent"


def test_what_travels_by_itself_is_carried_by_nobody(carrying):
    carrying.connect()
    file = carrying.released()
    for _ in range(2):  # while it waits, and after it was sent
        with pytest.raises(WrongState, match="by itself"):
            carrying.world.do(hand_over, "releaser", file_id=file.id)
        with carrying.world.loop() as tx, pytest.raises(WrongState, match="paid twice"):
            file_queries.content(
                tx,
                carrying.world.caller("releaser"),
                project_id=carrying.world.project_id,
                file_id=file.id,
            )
        carrying.carry()


def test_many_workers_at_once_send_each_file_once(carrying):
    carrying.connect()
    file = carrying.released()
    gate = Barrier(4)

    def work(number):
        gate.wait()
        return carrying.carry(f"worker {number}").sent

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 1
    assert carrying.outcomes() == [(1, "sent")]
    assert [path.name for path in carrying.outbox.iterdir()] == [file.name]


@pytest.mark.parametrize("after", [False, True], ids=["before the bytes", "after the bytes"])
def test_a_worker_that_dies_leaves_unknown_and_nobody_sends_again(carrying, monkeypatch, after):
    carrying.connect()
    file = carrying.released()
    submit = Directory.submit

    def die(self, parcel):
        if after:
            submit(self, parcel)
        raise Killed

    monkeypatch.setattr(Directory, "submit", die)
    with pytest.raises(Killed):
        carrying.carry()
    monkeypatch.setattr(Directory, "submit", submit)

    assert carrying.file_state() == "dispatching"
    assert carrying.carry() == Carried()  # the lease still holds
    carrying.wait(seconds=LEASE.total_seconds() + 1)
    assert carrying.carry() == Carried(unknown=1)
    assert carrying.file_state() == "unknown"
    assert set(carrying.states()) == {"unknown"}
    carrying.wait(days=3)
    assert carrying.carry() == Carried()
    assert (carrying.outbox / file.name).exists() is after


def test_a_worker_that_wakes_up_late_may_not_write_sent(carrying, monkeypatch):
    carrying.connect()
    file = carrying.released()
    submit, reached, go_on = Directory.submit, Event(), Event()

    def slow(self, parcel):
        reached.set()
        assert go_on.wait(30)
        submit(self, parcel)

    monkeypatch.setattr(Directory, "submit", slow)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(carrying.carry, "slow")
        assert reached.wait(30)
        carrying.wait(seconds=LEASE.total_seconds() + 1)
        assert carrying.carry("another").unknown == 1
        go_on.set()
        assert late.result(30) == Carried()
    assert carrying.file_state() == "unknown"
    assert carrying.outcomes() == [(1, "unknown")]
    # the bank pays what it got: evidence leads out
    order = read_order((carrying.outbox / file.name).read_bytes())
    words = {credit.reference: Word() for credit in order.credits}
    (carrying.inbox / "answer.txt").write_bytes(write_answer(order, words, on=file.pay_on))
    assert carrying.carry().answers == 1
    assert set(carrying.states()) == {"paid"}
    assert carrying.file_state() == "acknowledged"


def test_a_file_that_the_bank_answers_while_its_sender_hangs_is_not_lost(carrying, monkeypatch):
    carrying.connect()
    file = carrying.released()
    submit, reached, go_on = Directory.submit, Event(), Event()

    def slow(self, parcel):
        submit(self, parcel)
        reached.set()
        assert go_on.wait(30)

    monkeypatch.setattr(Directory, "submit", slow)
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(carrying.carry, "slow")
        assert reached.wait(30)
        order = read_order((carrying.outbox / file.name).read_bytes())
        words = {credit.reference: Word() for credit in order.credits}
        carrying.world.ingest(write_answer(order, words, on=file.pay_on))
        carrying.wait(seconds=LEASE.total_seconds() + 1)
        carrying.carry("another")
        go_on.set()
        late.result(30)
    assert carrying.file_state() == "acknowledged"
    assert set(carrying.states()) == {"paid"}


def test_what_surely_did_not_leave_waits_and_leaves_later(carrying, monkeypatch):
    carrying.connect()
    carrying.released()
    submit = Directory.submit

    def unreachable(self, parcel):
        raise NothingSent("the bank is closed")

    monkeypatch.setattr(Directory, "submit", unreachable)
    assert carrying.carry() == Carried()
    assert carrying.file_state() == "dispatching"
    monkeypatch.setattr(Directory, "submit", submit)
    assert carrying.carry() == Carried()  # not at once
    carrying.wait(minutes=3)
    assert carrying.carry() == Carried(sent=1)
    assert carrying.outcomes() == [(1, "nothing-sent"), (2, "sent")]


def test_what_breaks_before_the_transport_is_asked_waits_and_leaves_later(carrying, monkeypatch):
    carrying.connect()
    file = carrying.released()

    def defect(*_):
        raise ZeroDivisionError

    for place in (
        "disburse.courier.sending.parcel_of",
        "disburse.courier.post.OutsideCount.raise_to",
    ):
        with monkeypatch.context() as broken:
            broken.setattr(place, defect)
            if place.endswith("raise_to"):
                broken.setattr("disburse.courier.carrying.recognise", lambda _: None)
            assert carrying.carry() == Carried()
        assert carrying.file_state() == "dispatching"
        assert list(carrying.outbox.iterdir()) == []
        carrying.wait(minutes=5)
    assert carrying.outcomes() == [(1, "nothing-sent"), (2, "nothing-sent")]

    assert carrying.carry() == Carried(sent=1)
    assert (carrying.outbox / file.name).exists()


def test_any_other_failure_leaves_unknown(carrying, monkeypatch):
    carrying.connect()
    carrying.released()

    def broken(self, parcel):
        raise TimeoutError

    monkeypatch.setattr(Directory, "submit", broken)
    assert carrying.carry() == Carried(unknown=1)
    assert carrying.file_state() == "unknown"
    assert carrying.outcomes() == [(1, "unknown")]


def test_an_answer_that_comes_before_the_worker_says_sent_is_no_harm(carrying, monkeypatch):
    carrying.connect()
    file = carrying.released()
    submit = Directory.submit

    def answered(self, parcel):
        submit(self, parcel)
        order = read_order(parcel.content)
        words = {credit.reference: Word() for credit in order.credits}
        carrying.world.ingest(write_answer(order, words, on=file.pay_on))

    monkeypatch.setattr(Directory, "submit", answered)
    assert carrying.carry().sent == 1
    assert carrying.file_state() == "acknowledged"
    assert set(carrying.states()) == {"paid"}


def test_an_overdue_answer_makes_unknown_and_an_answered_file_stays(carrying):
    carrying.connect()
    carrying.released()
    carrying.carry()
    carrying.wait(hours=72)
    assert carrying.carry() == Carried()
    carrying.wait(seconds=1)
    assert carrying.carry() == Carried(unknown=1)
    assert set(carrying.states()) == {"unknown"}


def test_bytes_that_were_changed_in_the_database_do_not_leave(carrying, database):
    carrying.connect()
    carrying.released()
    as_owner(database, "UPDATE kept_bytes SET content = '!', sha256 = encode(sha256('!'), 'hex')")
    assert carrying.carry() == Carried()
    assert list(carrying.outbox.iterdir()) == []
    assert carrying.file_state() == "dispatching"


def test_a_connection_that_cannot_be_used_holds_up_nobody(carrying, caplog):
    carrying.connect()
    carrying.released()
    with carrying.world.operating() as tx:
        tx.execute(text("UPDATE transport SET settings = '{}'"))
    done = turn(carrying.world.loop, now=carrying.world.now, post=carrying.post())
    assert (done.failed, done.carried) == (0, Carried())
    assert "cannot be used" in caplog.text


def test_only_the_fence_that_holds_may_say_what_happened(carrying):
    carrying.connect()
    file = carrying.released()
    for step, more in ((deliver, {}), (lose, {"why": "tried"})):
        with pytest.raises(StaleFence):
            carrying.world.do(step, None, file_id=file.id, fence=1, **more)
    carrying.carry()
    assert carrying.world.do(lose, None, file_id=file.id, why="overdue").state == "unknown"
    with pytest.raises(WrongState):
        carrying.world.do(lose, None, file_id=file.id, why="overdue")


def test_the_count_outside_is_never_ahead_of_the_database(carrying):
    carrying.connect()
    carrying.released()
    carrying.carry()
    assert carrying.post().count.read() == 1
    assert carrying.rows("SELECT number, dispatched, reason FROM incarnation") == [(1, 1, "first")]
