"""Out of `unknown` lead evidence, the same bytes again, or the bank's document; two people each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from sqlalchemy import text

from disburse.agreeing import WORD_HOLDS, OtherWord
from disburse.courier.carrying import Carried
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.approval import SamePerson
from disburse.domain.lifecycle.edges import WrongState
from disburse.queries.board import board
from disburse.steps.bank.acknowledge import acknowledge
from disburse.steps.bank.keep_document import keep_document
from disburse.steps.bank.miss import miss
from disburse.steps.bank.never import never
from disburse.steps.bank.reissue import reissue
from disburse.steps.bank.resolve import resolve
from disburse.steps.bank.resume import resume
from disburse.steps.bank.retransmit import WouldPayTwice, retransmit
from disburse.storage import kept_bytes, parties
from disburse.storage.inbox import ANSWERED
from disburse.storage.kept_bytes import NoSuchDocument
from disburse.transports import CannotReach
from disburse.transports.directory import Directory

DOCUMENT = b"We do not have it and will not execute it."
LIST = "e" * 64


class Deduplicating:
    """The real adapter of a bank that promises to execute one file once."""

    def __init__(self, adapter):
        self._adapter = adapter
        self.capabilities = replace(adapter.capabilities, deduplicates=True)

    def __getattr__(self, name):
        return getattr(self._adapter, name)


@pytest.fixture
def promising(carrying):
    return {name: Deduplicating(one) for name, one in carrying.world.banks.items()}


@pytest.fixture
def lost(carrying, monkeypatch):
    """A file that its sender dropped, or not, before it broke."""
    carrying.connect()
    file = carrying.released()
    with monkeypatch.context() as broken:
        broken.setattr(Directory, "submit", lambda *_: (_ for _ in ()).throw(TimeoutError))
        assert carrying.carry().unknown == 1
    return file


def again(carrying, who, file, banks, reason="the bank's line broke"):
    facts = {"file_id": file.id, "reason": reason, "banks": banks}
    return carrying.world.do(retransmit, who, **facts).state


def no_more(carrying, who, file, document=DOCUMENT):
    digest = carrying.world.do(keep_document, "releaser", content=document)
    facts = {"file_id": file.id, "document_sha256": digest, "reason": "the bank wrote"}
    return carrying.world.do(never, who, **facts).state


class TestRetransmit:
    def test_two_people_let_the_same_bytes_leave_again(self, carrying, lost, promising):
        assert again(carrying, "releaser", lost, promising) == "unknown"
        with pytest.raises(SamePerson):
            again(carrying, "releaser", lost, promising)
        assert again(carrying, "approver", lost, promising) == "dispatching"
        assert set(carrying.states()) == {"dispatching"}
        assert carrying.carry() == Carried(sent=1)
        assert carrying.outcomes() == [(1, "unknown"), (2, "sent")]
        dropped = (carrying.outbox / lost.name).read_bytes()
        assert read_order(dropped).reference == lost.reference
        assert set(carrying.states()) == {"sent"}

    def test_not_where_the_bank_promises_nothing(self, carrying, lost):
        with pytest.raises(WouldPayTwice, match="recognises a file"):
            again(carrying, "releaser", lost, carrying.world.banks)

    def test_not_where_no_transport_carries_it(self, carrying, lost, promising):
        carrying.connect("by_hand")
        with pytest.raises(WouldPayTwice, match="no transport"):
            again(carrying, "releaser", lost, promising)

    def test_not_what_is_not_unknown(self, carrying, promising):
        carrying.connect()
        file = carrying.released()
        with pytest.raises(WrongState):
            again(carrying, "releaser", file, promising)

    def test_other_grounds_are_no_agreement(self, carrying, lost, promising):
        again(carrying, "releaser", lost, promising)
        with pytest.raises(OtherWord):
            again(carrying, "approver", lost, promising, reason="something else")

    def test_an_old_word_counts_no_more(self, carrying, lost, promising):
        again(carrying, "releaser", lost, promising)
        carrying.wait(seconds=WORD_HOLDS.total_seconds())
        assert again(carrying, "approver", lost, promising) == "unknown"
        assert again(carrying, "releaser", lost, promising) == "dispatching"

    def test_a_word_about_what_the_file_was_then_counts_no_more(self, carrying, lost, promising):
        again(carrying, "releaser", lost, promising)
        again(carrying, "approver", lost, promising)
        carrying.carry()
        carrying.wait(hours=73)
        assert carrying.carry().unknown == 1
        assert again(carrying, "approver", lost, promising) == "unknown"


class TestNever:
    def test_two_people_with_one_document_reject_every_payment(self, carrying, lost):
        assert no_more(carrying, "releaser", lost) == "unknown"
        with pytest.raises(OtherWord):
            no_more(carrying, "approver", lost, document=b"another letter")
        assert no_more(carrying, "approver", lost) == "refused"
        assert set(carrying.states()) == {"rejected"}
        evidence = carrying.rows("SELECT DISTINCT evidence FROM attempt")
        assert evidence == [(f"document:{sha256(DOCUMENT).hexdigest()}",)]
        [(held, in_flight)] = carrying.rows("SELECT held, in_flight FROM balance WHERE held > 0")
        assert (held, in_flight) == (lost.total, 0)

    def test_a_digest_of_what_nobody_handed_in_is_no_document(self, carrying, lost):
        facts = {"document_sha256": sha256(DOCUMENT).hexdigest(), "reason": "the bank wrote"}
        with pytest.raises(NoSuchDocument, match="hand it in"):
            carrying.world.do(never, "releaser", file_id=lost.id, **facts)
        assert no_more(carrying, "releaser", lost) == "unknown"
        assert carrying.world.do(never, "approver", file_id=lost.id, **facts).state == "refused"

    def test_not_what_the_bank_has(self, carrying):
        carrying.connect()
        file = carrying.released()
        carrying.carry()
        with pytest.raises(WrongState):
            no_more(carrying, "releaser", file)

    def test_the_bank_that_pays_after_its_own_document_is_a_red_alarm(self, carrying, lost):
        no_more(carrying, "releaser", lost)
        no_more(carrying, "approver", lost)
        with carrying.world.loop() as tx:
            content = kept_bytes.read(tx, project_id=lost.project_id, bytes_id=lost.bytes_id)
        order = read_order(content)
        words = {order.credits[0].reference: Word()}
        carrying.world.ingest(write_answer(order, words, on=lost.pay_on))
        assert carrying.rows("SELECT code, red FROM anomaly") == [("paid-after-rejected", True)]


class TestAsking:
    @pytest.fixture
    def asking(self, monkeypatch):
        """Let the folder answer questions, as a bank's server does."""
        can = replace(Directory(None, None).abilities, asks=True)
        monkeypatch.setattr(Directory, "abilities", property(lambda _: can))

        def answer(*, says):
            def has(_self, _parcel):
                if isinstance(says, Exception):
                    raise says
                return says

            monkeypatch.setattr(Directory, "has", has)

        return answer

    @pytest.mark.usefixtures("lost")
    def test_has_it_is_acknowledged_and_pays_nothing(self, carrying, asking):
        asking(says=True)
        assert carrying.carry() == Carried(found=1)
        assert carrying.file_state() == "acknowledged"
        assert set(carrying.states()) == {"unknown"}

    @pytest.mark.usefixtures("lost")
    @pytest.mark.parametrize("says", [False, None, CannotReach("closed")])
    def test_has_it_not_or_no_answer_stays_unknown(self, carrying, asking, says):
        asking(says=says)
        assert carrying.carry() == Carried()
        assert carrying.file_state() == "unknown"
        asking(says=True)
        assert carrying.carry() == Carried()  # it is not asked all the time
        carrying.wait(minutes=6)
        assert carrying.carry() == Carried(found=1)

    def test_the_bank_may_answer_while_it_is_asked(self, carrying, lost, asking, monkeypatch):
        asking(says=True)

        def has(_self, _parcel):
            no_more(carrying, "releaser", lost)
            no_more(carrying, "approver", lost)
            return True

        monkeypatch.setattr(Directory, "has", has)
        assert carrying.carry() == Carried()
        assert carrying.file_state() == "refused"


class TestAfterARestore:
    def compared(self, carrying, who, list_=LIST):
        return carrying.world.do(resume, who, list_sha256=list_)

    @pytest.fixture
    def sent_before(self, carrying):
        """A world that sent a file once, and has another one to send."""
        carrying.connect()
        carrying.released()
        carrying.carry()
        return carrying

    def restored(self, carrying, sign):
        with carrying.world.loop() as tx:
            tx.execute(text(f"UPDATE incarnation SET {sign}"))  # noqa: S608  (the test's own)

    @pytest.mark.parametrize(
        ("sign", "reason"),
        [
            ("system_identifier = '1'", "another-server"),
            ("timeline_id = timeline_id + 7", "another-timeline"),
            ("dispatched = 0", "older-than-the-count-outside"),
        ],
    )
    def test_nothing_leaves_until_two_people_compared(self, sent_before, sign, reason):
        carrying = sent_before
        self.restored(carrying, sign)
        with carrying.world.loop() as tx:  # as if the restored database had not sent it yet
            tx.execute(text("UPDATE bank_file SET state = 'dispatching'"))
            tx.execute(text("UPDATE attempt SET state = 'dispatching'"))
            tx.execute(text("INSERT INTO lease (connection_id, file_id, project_id, not_before, "
                            "fence) SELECT connection_id, id, project_id, created_at, 1 "
                            "FROM bank_file"))  # fmt: skip
        assert carrying.carry() == Carried()
        rows = carrying.rows("SELECT reason FROM incarnation ORDER BY number DESC LIMIT 1")
        assert rows == [(reason,)]
        assert self.compared(carrying, "releaser") is False
        assert carrying.carry() == Carried()
        with pytest.raises(SamePerson):
            self.compared(carrying, "releaser")
        assert self.compared(carrying, "approver") is True
        assert carrying.carry() == Carried(sent=1)
        with pytest.raises(WrongState, match="nothing is paused"):
            self.compared(carrying, "approver")

    def test_a_count_that_is_ahead_of_an_empty_database_pauses_it(self, carrying):
        carrying.connect()
        carrying.post().count.raise_to(5)
        carrying.released()
        assert carrying.carry() == Carried()
        self.compared(carrying, "releaser")
        self.compared(carrying, "approver")
        assert carrying.carry() == Carried(sent=1)
        assert carrying.post().count.read() == 6

    def test_a_failover_between_two_looks_stops_the_sending(self, carrying, monkeypatch):
        carrying.connect()
        carrying.released()
        carrying.carry()
        self.restored(carrying, "timeline_id = timeline_id + 7")
        monkeypatch.setattr("disburse.courier.carrying.recognise", lambda _: None)
        with carrying.world.loop() as tx:
            account = parties.account(tx, carrying.world.account_id)
            tx.execute(text("UPDATE bank_file SET state = 'dispatching'"))
            tx.execute(text("INSERT INTO lease (connection_id, file_id, project_id, not_before, "
                            "fence) SELECT connection_id, id, project_id, created_at, 1 "
                            "FROM bank_file"))  # fmt: skip
        assert account.connection_id
        assert carrying.carry() == Carried()
        assert carrying.outcomes() == [(1, "sent")]


class TestMissingAnswers:
    @pytest.fixture
    def accepted(self, carrying):
        """The bank took the file and says nothing of its payments."""
        carrying.connect()
        file = carrying.released()
        carrying.carry()
        facts = {"file_id": file.id, "sha256": file.sha256}
        carrying.world.do(acknowledge, "bank_operator", **facts)
        carrying.world.now = datetime(2026, 8, 10, 16, tzinfo=UTC)  # the pay day ends in China
        return file

    def alarms(self, carrying):
        return carrying.rows("SELECT code, red, reference FROM anomaly")

    def test_the_alarm_is_told_once_and_moves_nothing(self, carrying, accepted):
        carrying.wait(hours=72)
        assert carrying.carry() == Carried()
        carrying.wait(seconds=1)
        assert carrying.carry() == Carried(missed=1)
        assert self.alarms(carrying) == [("answer-missing", False, accepted.reference)]
        assert set(carrying.states()) == {"sent"}
        told = carrying.rows("SELECT type, object FROM event WHERE type LIKE 'file.m%'")
        assert told == [("file.miss", f"file:{accepted.id}")]
        carrying.wait(days=3)
        assert carrying.carry() == Carried()
        [(number,)] = carrying.rows("SELECT id FROM anomaly")
        carrying.world.do(resolve, "releaser", anomaly_id=number, resolution="the bank was asked")
        carrying.wait(days=3)
        assert carrying.carry() == Carried()
        assert not carrying.world.do(miss, None, file_id=accepted.id), "another worker was first"

    def test_whoever_answers_in_time_is_no_alarm(self, carrying, accepted):
        order = read_order((carrying.outbox / accepted.name).read_bytes())
        words = {credit.reference: Word() for credit in order.credits}
        content = write_answer(order, words, on=accepted.pay_on)
        carrying.world.ingest(content)
        carrying.wait(days=9)
        assert carrying.carry() == Carried()

    def test_a_file_that_was_lost_is_another_alarm(self, carrying):
        carrying.connect()
        file = carrying.released()
        carrying.carry()
        assert not carrying.world.do(miss, None, file_id=file.id)

    def resolutions(self, carrying):
        return carrying.rows("SELECT resolved_by, resolution FROM anomaly ORDER BY id")

    def late_answer(self, carrying, file, *, of=slice(None)):
        order = read_order((carrying.outbox / file.name).read_bytes())
        words = {credit.reference: Word() for credit in order.credits[of]}
        carrying.world.ingest(write_answer(order, words, on=file.pay_on))

    def test_the_answer_that_comes_later_ends_it(self, carrying, accepted):
        carrying.wait(days=9)
        assert carrying.carry() == Carried(missed=1)
        self.late_answer(carrying, accepted, of=slice(1))
        assert self.resolutions(carrying) == [(None, None)], "the others are missing still"
        self.late_answer(carrying, accepted, of=slice(1, None))
        assert set(carrying.states()) == {"paid"}
        assert self.resolutions(carrying) == [(None, ANSWERED)]
        told = carrying.rows("SELECT type FROM event WHERE type LIKE 'anomaly.%'")
        assert told == [("anomaly.ingest",)]
        with carrying.world.begin() as tx:
            left = board(tx, carrying.world.caller("releaser"), banks=carrying.world.banks,
                         now=carrying.world.now)  # fmt: skip
        assert [one.thing for one in left.rows] == []
        assert carrying.carry() == Carried()

    def test_the_banks_books_end_it_too(self, carrying, accepted):
        carrying.wait(days=9)
        assert carrying.carry() == Carried(missed=1)
        booked = carrying.rows("SELECT -amount, reference, '' FROM attempt ORDER BY line")
        carrying.world.book(*booked[1:])
        assert self.resolutions(carrying) == [(None, None)]
        carrying.world.book(booked[0])
        assert set(carrying.states()) == {"paid"}
        assert self.resolutions(carrying) == [(None, ANSWERED)]

    def test_what_a_person_resolved_keeps_the_persons_word(self, carrying, accepted):
        carrying.wait(days=9)
        carrying.carry()
        [(number,)] = carrying.rows("SELECT id FROM anomaly")
        carrying.world.do(resolve, "releaser", anomaly_id=number, resolution="the bank was asked")
        self.late_answer(carrying, accepted)
        person = carrying.world.caller("releaser").person_id
        assert self.resolutions(carrying) == [(person, "the bank was asked")]

    def test_it_holds_up_no_reissue(self, carrying, accepted):
        order = read_order((carrying.outbox / accepted.name).read_bytes())
        one, *_ = order.credits
        words = {one.reference: Word("rejected", "E05", "账号户名不符")}
        carrying.world.ingest(write_answer(order, words, on=accepted.pay_on))
        carrying.wait(days=9)
        assert carrying.carry() == Carried(missed=1)
        carrying.world.do(
            reissue, "labour_officer", reference=one.reference, reason="again",
            banks=carrying.world.banks,
        )  # fmt: skip
