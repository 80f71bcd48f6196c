"""Bank files out, bank answers in: every way a payment can go, and every way a step says no."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from disburse import signing
from disburse.adapter import (
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Result,
    Silence,
    UnreadableReport,
)
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.approval import SamePerson
from disburse.domain.lifecycle.bank_file import WrongState
from disburse.domain.orders import Correction, OrderRefused, write_correction
from disburse.domain.sheet import Payee
from disburse.queries.prove import prove
from disburse.sealing import BrokenSeal
from disburse.signing import BadSignature
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.claim import AccountNotOpen, NotBacked, NotThisFile, claim
from disburse.steps.bank.countersign import CoolingDown, countersign
from disburse.steps.bank.give_up import give_up
from disburse.steps.bank.hand_over import hand_over
from disburse.steps.bank.ingest import ingest, note_refusal
from disburse.steps.bank.reissue import Unpayable, reissue
from disburse.steps.bank.resolve import resolve
from disburse.storage import accounts, embedded, kept_bytes, ledger
from disburse.storage.approvals import NoSuchReissue, ReissueAsked
from disburse.storage.attempts import NoSuchPayment
from disburse.storage.engine import connect
from disburse.storage.files import NoSuchFile
from disburse.storage.inbox import NoSuchAnomaly
from disburse.storage.ledger import NoSuchAccount
from tests.builders import a_key
from tests.sheets import a_card


def as_owner(database, statement):
    """Change what the service itself may not, as somebody with the owner's rights would."""
    connections = connect(embedded.as_role(database, embedded.MIGRATE))
    with connections() as tx:
        tx.execute(text(f"SET LOCAL ROLE {embedded.OWNER}"))
        tx.execute(text(statement))
    connections.dispose()


class Telling:
    """A bank whose report is whatever records the test wants; its files are the real adapter's."""

    def __init__(self, adapter, *records, silence=Silence.NOTHING):
        self._adapter = adapter
        self._records = records
        self.capabilities = replace(adapter.capabilities, silence=silence)

    def __getattr__(self, name):
        return getattr(self._adapter, name)

    def read_report(self, _content):
        yield from self._records


@pytest.fixture
def paid(world):
    """A world whose sheet is with the bank; `tell` says what the bank answers."""
    return Story(world)


class Story:
    def __init__(self, world):
        self.world = world
        self.sheet_id, [self.file], [self.bytes] = world.sent()
        self.references = [credit.reference for credit in read_order(self.bytes).credits]
        self._told = 0

    def tell(self, *records, silence=Silence.NOTHING):
        """Take in a report of these records."""
        self._told += 1
        banks = {name: Telling(one, *records, silence=silence)
                 for name, one in self.world.banks.items()}  # fmt: skip
        return self.world.do(ingest, "releaser", content=b"report %d" % self._told, banks=banks)

    def says(self, result, place=0, **more):
        """Return the bank's word on one payment."""
        reference = more.pop("reference", self.references[place])
        return PaymentAnswer(
            position=more.pop("position", place + 1),
            reference=reference,
            result=result,
            amount=more.pop("amount", None),
            **more,
        )

    def whole(self, result, **more):
        """Return the bank's word on the whole file."""
        return FileAnswer(position=100, reference=self.file.reference, result=result, **more)

    def states(self):
        with self.world.begin() as tx:
            proof = prove(tx)
            assert proof.ok, proof
            rows = tx.execute(text("SELECT state FROM attempt ORDER BY line, attempt"))
            return [row.state for row in rows]

    def file_state(self):
        with self.world.begin() as tx:
            return tx.scalar(text("SELECT state FROM bank_file ORDER BY id LIMIT 1"))

    def anomalies(self):
        with self.world.begin() as tx:
            rows = tx.execute(text("SELECT code, red FROM anomaly ORDER BY id"))
            return [tuple(row) for row in rows]

    def columns(self):
        with self.world.begin() as tx:
            account = {"project_id": self.world.project_id, "account_id": self.world.account_id}
            return ledger.balance_of(tx, **account)


class TestClaim:
    def test_confirming_another_digest_count_or_sum_hands_out_nothing(self, world):
        _, [file] = world.exported()
        shown = {"sha256": file.sha256, "count": file.count, "total": file.total}
        for wrong in ({"sha256": "0" * 64}, {"count": 1}, {"total": 1}):
            with pytest.raises(NotThisFile):
                world.do(claim, "releaser", file_id=file.id, **shown | wrong)
        _, content = world.do(claim, "releaser", file_id=file.id, **shown)
        assert read_order(content).reference == file.reference

    def test_nothing_leaves_an_account_that_is_not_open(self, world):
        _, [file] = world.exported()
        with world.begin() as tx:
            accounts.set_state(tx, account_id=world.account_id, state="frozen")
        with pytest.raises(AccountNotOpen):
            world.give(file)

    def test_nothing_leaves_while_money_is_missing(self, world):
        _, [file] = world.exported()
        world.book((-1, "", "court"))
        with pytest.raises(NotBacked):
            world.give(file)

    def test_a_file_is_claimed_once(self, world):
        _, [file] = world.exported()
        world.give(file)
        with pytest.raises(WrongState):
            world.give(file)
        with pytest.raises(NoSuchFile):
            world.do(hand_over, "releaser", file_id=99)

    def test_confirming_after_the_bank_answered_is_no_harm(self, world):
        _, [file] = world.exported()
        shown = {"sha256": file.sha256, "count": file.count, "total": file.total}
        _, content = world.do(claim, "releaser", file_id=file.id, **shown)
        order = read_order(content)
        words = {order.credits[0].reference: Word()}
        world.ingest(write_answer(order, words, on=world.now.date()))
        assert world.do(hand_over, "releaser", file_id=file.id).state == "acknowledged"

    def test_kept_bytes_that_rotted_are_never_handed_out(self, world, database):
        _, [file] = world.exported()
        with pytest.raises(ProgrammingError, match="permission denied"), world.begin() as tx:
            tx.execute(text("UPDATE kept_bytes SET content = 'x'"))
        as_owner(
            database,
            "UPDATE kept_bytes SET content = overlay(content PLACING sha256(content) FROM 40)",
        )
        with pytest.raises(BrokenSeal, match="changed or moved"):
            world.give(file)


class TestAnswers:
    def test_paid_settles_and_the_same_report_again_changes_nothing(self, paid):
        order = read_order(paid.bytes)
        report = write_answer(order, {r: Word() for r in paid.references}, on=paid.world.now.date())
        assert paid.world.ingest(report).effects == {"moved": 8}
        before = paid.columns()
        assert paid.world.ingest(report).repeated
        assert paid.columns() == before
        assert set(paid.states()) == {"paid"}

    def test_the_same_answer_in_another_report_changes_nothing(self, paid):
        paid.tell(paid.says(Result.PAID))
        assert paid.tell(paid.says(Result.PAID)).effects == {"unchanged": 1}

    def test_rejected_goes_back_to_held(self, paid):
        paid.tell(paid.says(Result.REJECTED, reason="AC04"))
        assert paid.states()[0] == "rejected"
        assert paid.columns().held == paid.file.total - paid.columns().in_flight

    def test_a_return_before_paid_counts_for_both(self, paid):
        paid.tell(paid.says(Result.RETURNED))
        assert paid.states()[0] == "returned"
        assert paid.tell(paid.says(Result.PAID)).anomalies == 1
        assert paid.states()[0] == "returned"
        assert paid.anomalies() == [("paid-after-returned", False)]

    def test_paid_and_returned_in_one_report(self, paid):
        paid.tell(paid.says(Result.PAID), paid.says(Result.RETURNED, position=2))
        assert paid.states()[0] == "returned"

    def test_a_late_return_after_paid_is_normal_life(self, paid):
        paid.tell(paid.says(Result.PAID))
        paid.tell(paid.says(Result.RETURNED, evidence="R1"))
        assert paid.states()[0] == "returned"
        assert paid.anomalies() == []

    def test_a_second_return_is_for_people(self, paid):
        paid.tell(paid.says(Result.RETURNED, evidence="R1"))
        paid.tell(paid.says(Result.RETURNED, evidence="R1"))
        assert paid.anomalies() == []
        paid.tell(paid.says(Result.RETURNED, evidence="R2"))
        assert paid.anomalies() == [("second-return", False)]

    def test_duplicate_is_never_a_rejection(self, paid):
        paid.tell(paid.says(Result.DUPLICATE))
        assert paid.states()[0] == "unknown"
        assert paid.file_state() == "acknowledged"
        assert paid.anomalies() == [("duplicate-payment", False)]
        paid.tell(paid.says(Result.PAID))
        assert paid.states()[0] == "paid"

    def test_pending_and_accepted_leave_the_money_in_flight(self, paid):
        paid.tell(paid.says(Result.PENDING), paid.says(Result.ACCEPTED, place=1))
        assert paid.states()[:2] == ["sent", "accepted"]
        assert paid.columns().in_flight == paid.file.total

    def test_rejected_after_paid_is_a_contradiction(self, paid):
        paid.tell(paid.says(Result.PAID))
        paid.tell(paid.says(Result.REJECTED))
        assert paid.states()[0] == "paid"
        assert paid.anomalies() == [("rejected-after-paid", False)]

    def test_paid_after_rejected_is_a_red_alarm(self, paid):
        paid.tell(paid.says(Result.REJECTED))
        paid.tell(paid.says(Result.PAID))
        assert paid.anomalies() == [("paid-after-rejected", True)]

    def test_another_amount_moves_nothing(self, paid):
        paid.tell(paid.says(Result.PAID, amount=1))
        assert paid.states()[0] == "sent"
        assert paid.anomalies() == [("amount-differs", False)]

    @pytest.mark.parametrize("reference", ["", "nonsense", "F0000012", "0000990001014"])
    def test_a_reference_that_is_not_ours_goes_to_the_queue(self, paid, reference):
        told = paid.tell(
            paid.says(Result.PAID, reference=reference), paid.says(Result.PAID, place=1)
        )
        assert told.effects == {"anomaly": 1, "moved": 1}
        assert paid.anomalies() == [("unknown-reference", False)]

    def test_a_record_nobody_can_read_blocks_no_other(self, paid):
        paid.tell(Quarantined(position=1, reason="five columns"), paid.says(Result.PAID, place=1))
        assert paid.states()[:2] == ["sent", "paid"]
        assert paid.anomalies() == [("unreadable", False)]

    def test_an_answer_to_what_was_never_sent_is_a_red_alarm(self, world):
        _, [file] = world.exported()
        story = object.__new__(Story)
        story.world, story.file, story._told = world, file, 0
        with world.begin() as tx:
            story.references = [tx.scalar(text("SELECT reference FROM attempt WHERE line = 1"))]
        story.tell(story.says(Result.PAID))
        assert story.states()[0] == "prepared"
        assert story.anomalies() == [("answer-to-unsent", True)]
        story.tell(story.whole(Result.ACCEPTED))
        assert story.anomalies()[1:] == [("file-contradiction", False)]

    def test_a_bank_that_names_exceptions_only_accepts_by_silence(self, paid):
        paid.tell(
            paid.says(Result.REJECTED), paid.says(Result.DUPLICATE, place=1),
            silence=Silence.ACCEPTED,
        )  # fmt: skip
        assert paid.states() == ["rejected", "unknown", *["accepted"] * 6]

    def test_a_project_without_an_account_has_no_bank(self, world):
        with world.begin() as tx:
            tx.execute(text("UPDATE project SET account_id = NULL"))
        with pytest.raises(NoSuchAccount):
            world.ingest(b"")

    def test_a_report_that_cannot_be_read_is_kept_with_its_reason(self, world):
        with pytest.raises(UnreadableReport) as refused:
            world.ingest(b"garbage")
        world.do(note_refusal, "bank_operator", content=b"garbage", refusal=refused.value)
        with world.begin() as tx:
            number = tx.scalar(text("SELECT id FROM kept_bytes"))
            kept = kept_bytes.read(tx, project_id=world.project_id, bytes_id=number)
            assert kept == b"garbage"


class TestWholeFile:
    def test_refused_whole_gives_everything_back(self, paid):
        paid.tell(paid.whole(Result.REJECTED, reason="DU01"))
        assert set(paid.states()) == {"rejected"}
        assert paid.columns().held == paid.file.total
        assert paid.file_state() == "refused"
        paid.tell(paid.whole(Result.REJECTED))
        assert paid.anomalies() == []

    def test_accepted_whole_accepts_every_payment(self, paid):
        paid.tell(paid.whole(Result.ACCEPTED))
        assert set(paid.states()) == {"accepted"}
        paid.tell(paid.whole(Result.ACCEPTED))
        assert paid.file_state() == "acknowledged"

    def test_a_duplicate_file_proves_that_the_bank_has_it(self, paid):
        paid.tell(paid.whole(Result.DUPLICATE))
        assert paid.file_state() == "acknowledged"
        assert set(paid.states()) == {"sent"}

    def test_refused_after_a_payment_was_paid_is_a_contradiction(self, paid):
        paid.tell(paid.says(Result.PAID), paid.whole(Result.REJECTED))
        assert paid.states()[:2] == ["paid", "sent"]
        assert paid.anomalies() == [("file-contradiction", False)]

    def test_accepted_after_refused_is_a_contradiction(self, paid):
        paid.tell(paid.whole(Result.REJECTED))
        paid.tell(paid.whole(Result.ACCEPTED))
        assert paid.anomalies() == [("file-contradiction", False)]

    def test_another_file_is_unknown_here(self, paid):
        paid.tell(replace(paid.whole(Result.ACCEPTED), reference="F9999999"))
        assert paid.anomalies() == [("unknown-reference", False)]

    def test_a_mixed_report_accepts_what_it_does_not_reject(self, paid):
        paid.tell(paid.says(Result.REJECTED), paid.whole(Result.ACCEPTED))
        assert paid.states() == ["rejected", *["accepted"] * 7]


class TestReissue:
    def ask(self, story, **changed):
        given = {"reference": story.references[0], "reason": "closed", "banks": story.world.banks}
        return story.world.do(reissue, "labour_officer", **given | changed)

    def order(self, story, *, key="subcontractor", **changed):
        payee = {
            "name": "工人乙",
            "account": a_card(77),
            "bank_code": "",
            "bank_name": "",
        } | changed
        content = write_correction(Correction(story.references[0], Payee(**payee), "new card"))
        signature = signing.sign(content, a_key(key), now=story.world.now)
        return {"order": content, "signature": signature}

    @pytest.fixture
    def returned(self, paid):
        paid.tell(paid.says(Result.PAID), paid.says(Result.PAID, place=1))
        paid.tell(paid.says(Result.RETURNED))
        return paid

    def test_the_same_account_may_be_tried_again_at_once(self, returned):
        asked = self.ask(returned)
        returned.world.do(countersign, "approver", reference=asked.reference)
        [file] = returned.world.do(
            bundle, "releaser", sheet_id=returned.sheet_id, banks=returned.world.banks
        )
        returned.world.give(file)
        paid_again = returned.says(Result.PAID, reference=asked.reference)
        returned.tell(paid_again)
        assert returned.states()[:3] == ["returned", "paid", "paid"]
        returned.tell(returned.says(Result.PAID))
        assert returned.anomalies() == [("paid-while-newer-attempt", True)]

    def test_a_changed_account_cools_down_first(self, returned):
        asked = self.ask(returned, **self.order(returned))
        with pytest.raises(CoolingDown):
            returned.world.do(countersign, "approver", reference=asked.reference)
        returned.world.now += timedelta(days=3)
        returned.world.do(countersign, "approver", reference=asked.reference)
        with pytest.raises(NoSuchReissue):
            returned.world.do(countersign, "second approver", reference=asked.reference)

    def test_a_correction_that_the_subcontractor_did_not_sign_is_refused(self, returned):
        with pytest.raises(BadSignature):
            self.ask(returned, **self.order(returned, key="stranger"))

    @pytest.mark.parametrize(
        ("changed", "refusal"),
        [({"account": ""}, OrderRefused), ({"name": "名|字"}, Unpayable)],
    )
    def test_a_correction_that_cannot_be_paid_is_refused(self, returned, changed, refusal):
        with pytest.raises(refusal):
            self.ask(returned, **self.order(returned, **changed))

    def test_who_asked_does_not_countersign(self, returned):
        asked = self.ask(returned)
        officer, approver = map(returned.world.caller, ("labour_officer", "approver"))
        returned.world.members["both"] = replace(approver, person_id=officer.person_id)
        with pytest.raises(SamePerson):
            returned.world.do(countersign, "both", reference=asked.reference)

    def test_it_is_asked_for_once(self, returned):
        self.ask(returned)
        with pytest.raises(ReissueAsked):
            self.ask(returned)

    def test_only_what_came_back_is_paid_again(self, returned):
        with pytest.raises(WrongState, match="rejected or returned"):
            self.ask(returned, reference=returned.references[1])
        for reference in ("nonsense", "0000990001014"):
            with pytest.raises(NoSuchPayment):
                self.ask(returned, reference=reference)
            with pytest.raises(NoSuchPayment):
                returned.world.do(countersign, "approver", reference=reference)

    def test_a_line_that_was_never_paid_has_no_payment(self, returned):
        reference = returned.references[0]
        with returned.world.begin() as tx:
            tx.execute(text("UPDATE attempt SET attempt = 7 WHERE line = 1"))
        with pytest.raises(NoSuchPayment):
            self.ask(returned, reference=reference)

    def test_after_new_evidence_of_payment_nothing_is_sent_before_a_person_looked(self, returned):
        asked = self.ask(returned)
        returned.world.do(countersign, "approver", reference=asked.reference)
        returned.tell(returned.says(Result.PAID))
        write = {"sheet_id": returned.sheet_id, "banks": returned.world.banks}
        with pytest.raises(WrongState, match="no countersigned"):
            returned.world.do(bundle, "releaser", **write)
        with pytest.raises(WrongState, match="resolve the anomaly"):
            returned.world.do(
                give_up, "approver", reference=returned.references[0], reason="paid already"
            )
        returned.world.do(resolve, "releaser", anomaly_id=1, resolution="the bank was mistaken")
        assert len(returned.world.do(bundle, "releaser", **write)) == 1

    def test_a_countersignature_that_is_too_old_is_given_anew(self, returned):
        asked = self.ask(returned)
        returned.world.do(countersign, "approver", reference=asked.reference)
        returned.world.now += timedelta(days=8)
        write = {"sheet_id": returned.sheet_id, "banks": returned.world.banks}
        with pytest.raises(WrongState, match="no countersigned"):
            returned.world.do(bundle, "releaser", **write)
        returned.world.do(countersign, "second approver", reference=asked.reference)
        assert len(returned.world.do(bundle, "releaser", **write)) == 1

    def test_what_was_given_up_is_not_paid_any_more(self, returned):
        asked = self.ask(returned)
        returned.world.do(countersign, "approver", reference=asked.reference)
        up = {"reference": returned.references[0], "reason": "left the country"}
        returned.world.do(give_up, "approver", **up)
        assert returned.columns().held == 0
        with pytest.raises(WrongState, match="no money is held"):
            returned.world.do(give_up, "approver", **up)
        with pytest.raises(WrongState, match="no countersigned"):
            returned.world.do(
                bundle, "releaser", sheet_id=returned.sheet_id, banks=returned.world.banks
            )


def test_an_anomaly_is_resolved_once_by_a_person(paid):
    paid.tell(paid.says(Result.PAID, amount=1))
    with paid.world.begin() as tx:
        number = tx.scalar(text("SELECT id FROM anomaly"))
    found_out = {"anomaly_id": number, "resolution": "the bank corrected its report"}
    paid.world.do(resolve, "releaser", **found_out)
    with pytest.raises(NoSuchAnomaly):
        paid.world.do(resolve, "releaser", **found_out)


def test_what_the_loop_picks_up_about_a_whole_file_reaches_that_files_project(world):
    story = Story(world)
    told = story.whole(Result.ACCEPTED)
    banks = {name: Telling(one, told) for name, one in world.banks.items()}
    with world.begin() as tx:
        connection = tx.scalar(text("SELECT id FROM bank_connection"))
    world.do(ingest, None, content=b"a report", banks=banks, connection_id=connection)
    with world.begin() as tx:
        assert tx.scalar(text("SELECT state FROM bank_file")) == "acknowledged"
        assert prove(tx).ok
