"""Events reach receivers on real sockets: signed, in order, again after a failure, or parked."""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from ipaddress import ip_network

import pytest
from sqlalchemy import text

from disburse.courier.reach import Reach
from disburse.courier.telling import LEFT_ALONE, Herald, tell_one
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import OrganisationKind, Role
from disburse.domain.event import RETRIES
from disburse.queries.events import events, webhooks
from disburse.steps.parties.renew import renew
from disburse.steps.parties.replay import replay
from disburse.steps.parties.subscribe import subscribe
from disburse.steps.parties.unsubscribe import unsubscribe
from disburse.storage import events as stored_events
from disburse.storage import parties
from disburse.storage import webhooks as stored
from disburse.storage.leases import Holder
from disburse.storage.parties import Delegation
from disburse.work import turn
from tests.courier.receiver import Receiver, verified
from tests.sheets import a_credit_code, lines

pytestmark = pytest.mark.enable_socket  # receivers are real, and so are their sockets
HERE = Reach((ip_network("127.0.0.0/8"),))


@pytest.fixture
def receiver():
    with Receiver() as one:
        yield one


def herald(world, name="one", reach=HERE):
    return Herald(begin=world.loop, clock=lambda: world.now, name=name, reach=reach)


def tell(world, **given):
    """Do one round, and wait until everything that it began has ended."""
    one = herald(world, **given)
    placed = one.tell()
    one.finish()
    return placed


def listen(world, receiver, who="approver", types=()):
    with world.begin() as tx:
        caller = world.caller(who)
        return subscribe(tx, caller=caller, url=receiver.url, types=types, vet=HERE.read,
                         now=world.now)  # fmt: skip


def do(world, step, webhook_id, who="approver", **facts):
    with world.begin() as tx:
        return step(tx, caller=world.caller(who), webhook_id=webhook_id, now=world.now, **facts)


def shown(world, who="approver"):
    with world.begin() as tx:
        return webhooks(tx, world.caller(who), now=world.now)


def test_acts_arrive_signed_and_in_order(world, receiver):
    made = listen(world, receiver)
    world.sent()

    assert tell(world) > 0

    assert [one for one in receiver.types if one.startswith("sheet.")] == [
        "sheet.receive", "sheet.review", "sheet.fund", "sheet.approve", "sheet.export"]  # fmt: skip
    assert [one for one in receiver.types if one.startswith("file.")] == [
        "file.write", "file.claim", "file.hand_over"]  # fmt: skip
    numbers = [event["data"]["sequence"] for event in receiver.events]
    assert numbers == sorted(numbers)
    assert all(verified(headers, body, made.public) for headers, body in receiver.got)
    headers, body = receiver.got[0]
    assert headers["webhook-id"] == f"event-{numbers[0]}"
    assert not verified(headers, body + b" ", made.public)
    assert not verified(headers | {"webhook-id": "event-9"}, body, made.public)
    claimed = next(one for one in receiver.events if one["type"] == "file.claim")
    total = sum(line.net for line in lines(8))
    assert claimed["data"]["facts"]["total"] == f"{total // 100}.{total % 100:02}"
    assert claimed["data"]["currency"] == "CNY"

    received = len(receiver.got)
    assert tell(world) == 0
    assert len(receiver.got) == received, "nothing is told twice"


def test_a_payment_that_came_back_is_told_by_its_reference(world, receiver):
    listen(world, receiver, "signer", types=["payment"])
    _, [_], [content] = world.sent()
    order = read_order(content)
    words = {one.reference: Word() for one in order.credits}
    words[order.credits[0].reference] = Word("rejected", "AC04")
    world.ingest(write_answer(order, words, on=world.now.date()))

    tell(world)

    [event] = receiver.events
    assert event["type"] == "payment.rejected"
    assert event["data"]["object"] == f"payment:{order.credits[0].reference}"


def test_nothing_personal_is_told(world, receiver):
    listen(world, receiver)
    _, [_], [content] = world.sent()
    order = read_order(content)
    world.ingest(write_answer(order, {order.credits[0].reference: Word("rejected", "AC04")},
                              on=world.now.date()))  # fmt: skip
    tell(world)

    told = b"".join(body for _, body in receiver.got).decode()
    for line in lines(8):
        for secret in (line.name, line.id_number, line.account, line.mobile):
            assert not secret or secret not in told
    assert "session" not in told
    assert "reason" not in told


class TestWhoIsTold:
    def test_a_subcontractor_of_its_own_sheets_and_of_no_files(self, world, receiver):
        listen(world, receiver, "signer")
        world.sent()
        tell(world)
        assert {one.partition(".")[0] for one in receiver.types} == {"sheet"}

    def test_another_subcontractor_on_the_same_project_of_nothing(self, world, receiver):
        kind = OrganisationKind.SUBCONTRACTOR
        with world.operating() as tx:
            mine = world.organisations[kind]
            world.organisations[kind] = parties.add_organisation(
                tx,
                {"kind": kind, "registration": a_credit_code(78), "name": "Another", "region": "",
                 "sector": ""},
            )  # fmt: skip
            world.add_member(tx, kind, Role.SIGNER, "other signer")
            parties.add_party(
                tx,
                project_id=world.project_id,
                organisation_id=world.organisations[kind],
                capacity="subcontractor",
                delegation=Delegation(digest="0" * 64, valid_from=date(2026, 1, 1), valid_to=None),
            )
            world.organisations[kind] = mine
        listen(world, receiver, "other signer")
        world.sent()
        tell(world)
        with world.loop() as tx:
            assert events(tx, world.caller("other signer")).rows == ()
        assert receiver.got == []

    def test_an_organisation_of_no_project_of_nothing(self, world, receiver):
        with world.operating() as tx:
            world.organisations[OrganisationKind.OWNER] = another_owner(tx)
            world.add_member(tx, OrganisationKind.OWNER, Role.FUNDER, "stranger")
        listen(world, receiver, "stranger")
        world.sent()
        tell(world)
        assert receiver.got == []

    def test_an_authority_of_the_region(self, world, receiver):
        listen(world, receiver, "inspector@labour_authority")
        world.sent()
        tell(world)
        assert "sheet.approve" in receiver.types

    def test_only_the_types_that_were_asked_for(self, world, receiver):
        listen(world, receiver, types=["file.claim", "declaration"])
        world.sent()
        tell(world)
        assert receiver.types == ["file.claim"]

    def test_the_feed_tells_the_same_and_no_more(self, world, receiver):
        listen(world, receiver)
        world.sent()
        with world.loop() as tx:
            before = events(tx, world.caller("approver"))
        assert (before.rows, before.last) == ((), 0), "what has no place yet is not told"
        tell(world)
        with world.loop() as tx:
            found = events(tx, world.caller("approver"))
            few = events(tx, world.caller("approver"), after=found.rows[1].sequence, limit=2)
            own = events(tx, world.caller("signer"))
            bank = events(tx, world.caller("bank_operator"))
        assert [row.type for row in found.rows] == receiver.types
        assert few.rows == found.rows[2:4]
        assert few.last == found.rows[3].sequence
        assert {row.type.partition(".")[0] for row in own.rows} == {"sheet"}
        assert {row.type.partition(".")[0] for row in bank.rows} == {"file", "statement"}


def another_owner(tx):
    return parties.add_organisation(
        tx,
        {"kind": "owner", "registration": a_credit_code(77), "name": "Another", "region": "",
         "sector": ""},
    )  # fmt: skip


class TestAReceiverInTrouble:
    def test_what_it_refuses_is_tried_again_for_three_days_then_parked_and_replayed(
        self, world, receiver
    ):
        made = listen(world, receiver, types=["sheet"])
        receiver.status = 503
        world.receive()
        tell(world)
        began = world.now
        for wait in RETRIES:
            assert shown(world)[0].parked == 0
            world.now += max(wait, LEFT_ALONE)
            tell(world)
        assert timedelta(days=3) <= world.now - began <= timedelta(days=4)
        assert len(receiver.got) == 1 + len(RETRIES)
        assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
        assert len({body for _, body in receiver.got}) == 1
        [row] = shown(world)
        assert (row.pending, row.parked, row.trouble) == (0, 1, "it answered 503")
        world.now += timedelta(days=30)
        tell(world)
        assert len(receiver.got) == 1 + len(RETRIES), "a parked one waits for a person"

        receiver.status = 204
        assert do(world, replay, made.id, only_parked=True) == 1
        tell(world)
        assert len(receiver.got) == 2 + len(RETRIES)
        [row] = shown(world)
        assert (row.pending, row.parked, row.trouble) == (0, 0, "")

    def test_later_events_of_an_object_wait_and_others_do_not(self, world, receiver):
        listen(world, receiver, types=["file", "statement"])
        world.sent()
        world.book((700, "", "somebody"))
        with world.loop() as tx:
            file = tx.scalar(text("SELECT 'file:' || id FROM bank_file"))
        receiver.refuse = {file}
        tell(world)
        told = [(one["type"], one["data"]["object"]) for one in receiver.events]
        assert [kind for kind, what in told if what == file] == ["file.write"]
        assert told[-1][0] == "statement.book", "what comes behind it was told"

        receiver.refuse = set()
        world.now += LEFT_ALONE + RETRIES[0]
        tell(world)
        assert receiver.types[len(told) :] == ["file.write", "file.claim", "file.hand_over"]

    def test_one_that_hangs_delays_nobody_else(self, world, receiver, monkeypatch):
        monkeypatch.setattr("disburse.courier.reach.WHOLE_SECONDS_MAX", 2)
        monkeypatch.setattr("disburse.courier.reach.CONNECT_SECONDS_MAX", 2)
        with Receiver(hang_seconds=4) as silent:
            listen(world, silent)
            listen(world, receiver)
            world.sent()
            one = herald(world)
            one.tell()
            for _ in range(300):
                if "file.hand_over" in receiver.types:
                    break
                time.sleep(0.01)
            told = list(receiver.types)
            one.finish()
        assert "file.hand_over" in told
        assert len(silent.got) == 1, "and it is left alone for a while"

    def test_one_that_drips_is_cut_off(self, world, monkeypatch):
        monkeypatch.setattr("disburse.courier.reach.WHOLE_SECONDS_MAX", 1)
        with Dripping() as receiver:
            listen(world, receiver)
            world.receive()
            tell(world)
        assert shown(world)[0].trouble.startswith("the line broke")

    def test_a_redirect_is_not_followed(self, world, receiver):
        with Receiver() as elsewhere:
            receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
            listen(world, receiver)
            world.receive()
            tell(world)
            assert len(receiver.got) == 1
            assert elsewhere.got == []
        assert shown(world)[0].trouble == "it answered 307"


class Dripping:
    """Answers one byte of a header every now and then."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))

        def serve():
            line, _ = self.socket.accept()
            with line, suppress(OSError):
                line.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                for _ in range(60):
                    line.sendall(b"a")
                    time.sleep(0.1)

        self.thread = threading.Thread(target=serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        self.socket.close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/"


class TestKeys:
    def test_both_sign_while_the_receiver_changes_over(self, world, receiver):
        made = listen(world, receiver, types=["sheet.receive"])
        public = do(world, renew, made.id)
        world.receive()
        tell(world)
        headers, body = receiver.got[0]
        assert verified(headers, body, made.public)
        assert verified(headers, body, public)
        assert shown(world)[0].keys == (public, made.public)

        world.now += timedelta(days=8)
        do(world, replay, made.id)
        tell(world)
        headers, body = receiver.got[1]
        assert verified(headers, body, public)
        assert not verified(headers, body, made.public)
        assert shown(world)[0].keys == (public,)

    def test_a_private_key_lies_sealed(self, world, receiver):
        made = listen(world, receiver)
        with world.loop() as tx:
            [key] = stored.keys(tx, made.id, at=world.now)
            [sealed] = tx.scalars(text("SELECT sealed FROM webhook_key"))
        assert len(key) == 32
        assert key not in bytes(sealed)


class TestManyProcesses:
    def test_a_lease_is_held_by_one_and_an_old_fence_writes_nothing(self, world, receiver):
        made = listen(world, receiver, types=["sheet"])
        world.receive()
        slow = herald(world, name="slow")
        with world.loop() as tx:
            stored_events.sequence(tx, at=world.now)
        with world.loop() as tx:
            holder = Holder(name="slow", until=world.now + timedelta(minutes=1))
            old = stored.hold(tx, made.id, holder, at=world.now)
        tell_one(herald(world, name="second"), made.id)
        assert receiver.got == [], "another holds the lease"

        world.now += timedelta(minutes=2)
        with world.loop() as tx:  # another takes the lease, and has told nothing yet
            holder = Holder(name="second", until=world.now + timedelta(minutes=1))
            assert stored.hold(tx, made.id, holder, at=world.now) > old
        with world.loop() as tx:
            assert not stored.write_down(
                tx, made.id, old, sequence=1, state="delivered", next_at=world.now, detail="",
                at=world.now)  # fmt: skip
        world.now += timedelta(minutes=2)
        tell_one(herald(world, name="third"), made.id)
        assert receiver.types == ["sheet.receive"]
        with world.loop() as tx:
            assert stored.renew(tx, made.id, old, until=world.now) is None
            assert not stored.write_down(
                tx, made.id, old, sequence=1, state="parked", next_at=world.now, detail="",
                at=world.now)  # fmt: skip
        slow.finish()
        assert shown(world)[0].parked == 0

    def test_only_one_puts_events_into_order(self, world):
        world.receive()
        first, second = world.loop(), world.loop()
        with first as one:
            assert stored_events.sequence(one, at=world.now) == 1
            with second as other:
                assert stored_events.sequence(other, at=world.now) == 0
        with world.loop() as tx:
            assert stored_events.sequence(tx, at=world.now) == 0

    def test_an_event_that_is_committed_late_is_not_missed(self, world, receiver):
        """A lower number that is committed after a higher one still gets its place."""
        listen(world, receiver, types=["declaration"])
        insert = text("""
            INSERT INTO event (project_id, at, type, subject, object, facts)
            VALUES (:p, :at, 'declaration.declare', 'declaration', :o, '{}') RETURNING id
        """)
        values = {"p": world.project_id, "at": world.now}
        with world.loop() as late:
            low = late.scalar(insert, values | {"o": "declaration:1"})
            with world.loop() as quick:
                high = quick.scalar(insert, values | {"o": "declaration:2"})
            assert low < high
            tell(world)
            assert [one["data"]["object"] for one in receiver.events] == ["declaration:2"]
        tell(world)
        assert [one["data"]["object"] for one in receiver.events] == [
            "declaration:2", "declaration:1"]  # fmt: skip


def test_the_worker_loop_tells(world, receiver):
    listen(world, receiver, types=["sheet.receive"])
    world.receive()
    one = herald(world)
    assert turn(world.loop, now=world.now, herald=one).events == 1
    one.finish()
    assert receiver.types == ["sheet.receive"]


def test_the_worker_loop_goes_on_when_events_cannot_be_told(world):
    broken = replace(herald(world), begin=None)
    assert turn(world.loop, now=world.now, herald=broken).failed == 1


def test_after_its_end_a_webhook_is_told_nothing(world, receiver):
    made = listen(world, receiver)
    world.receive()
    do(world, unsubscribe, made.id)
    tell(world)
    assert receiver.got == []
    assert shown(world) == []
    with pytest.raises(stored.NoSuchWebhook):
        do(world, replay, made.id)


def test_another_organisations_webhook_is_not_there(world, receiver):
    made = listen(world, receiver)
    for step in (renew, replay, unsubscribe):
        with pytest.raises(stored.NoSuchWebhook):
            do(world, step, made.id, who="funder")


def test_the_bytes_of_an_event_never_change(world, receiver):
    made = listen(world, receiver, types=["sheet.receive"])
    world.receive()
    tell(world)
    do(world, replay, made.id, after=0)
    tell(world)
    (_, first), (_, second) = receiver.got
    assert sha256(first).digest() == sha256(second).digest()
    assert json.loads(first)["data"]["state_after"] == "received"
