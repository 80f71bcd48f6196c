"""What becomes of payments where no report tells it: by the bank's books, and by its paper."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from disburse.adapter import Result
from disburse.agreeing import WORD_HOLDS, OtherWord
from disburse.domain.access import Act, Forbidden
from disburse.domain.approval import SamePerson
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.reference import AttemptKey, of_attempt
from disburse.queries.documents import document
from disburse.queries.proposals import proposals
from disburse.steps.bank.countersign import NotStatedYet, countersign
from disburse.steps.bank.keep_document import keep_document
from disburse.steps.bank.lose import lose
from disburse.steps.bank.never import never
from disburse.steps.bank.reissue import reissue
from disburse.steps.bank.take_back import NoSuchWord, take_back
from disburse.steps.bank.transcribe import NothingSaid, transcribe
from disburse.storage.attempts import NoSuchPayment
from disburse.storage.kept_bytes import NoSuchDocument
from tests.builders import World
from tests.steps.test_bank import Story
from tests.steps.test_open_items import agreed, items

PAPER = b"%PDF-1.7 the bank's letter: all paid but one"


@pytest.fixture
def story(world):
    return Paper(world)


class Paper(Story):
    """A file at a bank that answers on paper."""

    def book(self, *entries):
        self.world.book(*((amount, names, "") for amount, names in entries))

    def amount(self, place=0):
        with self.world.begin() as tx:
            query = "SELECT amount FROM attempt WHERE reference = :r"
            return tx.scalar(text(query), {"r": self.references[place]})

    def hand_in(self, content=PAPER):
        return self.world.do(keep_document, "releaser", content=content)

    def says_on_paper(self, who, outcomes=None, others=None, *, digest=None, **more):
        named = {
            0: self.references[0],
            1: self.references[1],
            "another": of_attempt(AttemptKey(99, 1, 1)),
        }
        given = {
            "file_id": self.file.id,
            "document_sha256": digest or sha256(PAPER).hexdigest(),
            "outcomes": {named[at]: said for at, said in (outcomes or {}).items()},
            "others": others,
            "happened_on": self.world.now.date(),
        }
        return self.world.do(transcribe, who, **given | more)

    def both_say(self, *said, **more):
        self.says_on_paper("releaser", *said, **more)
        return self.says_on_paper("approver", *said, **more)


class TestByTheBanksBooks:
    def test_a_debit_that_names_a_payment_is_the_word_that_it_was_paid(self, story):
        story.book((-story.amount(), story.references[0]))
        assert story.states() == ["paid", *["sent"] * 7]
        assert story.file_state() == "acknowledged"
        assert (story.columns().paid, story.columns().drawn) == (story.amount(), -story.amount())
        story.book((-story.amount(1), story.references[1]))
        assert story.states()[:3] == ["paid", "paid", "sent"]
        assert story.anomalies() == []

    def test_what_a_report_says_later_changes_nothing(self, story):
        story.book((-story.amount(), story.references[0]))
        story.tell(story.says(Result.PAID))
        assert story.states()[0] == "paid"
        assert story.anomalies() == []

    def test_the_debit_of_a_report_that_came_first_changes_nothing(self, story):
        story.tell(story.says(Result.PAID), story.says(Result.RETURNED, 1, evidence="R1"))
        before = story.states()
        story.book((-story.amount(), story.references[0]), (-story.amount(1), story.references[1]))
        assert story.states() == before
        assert story.anomalies() == []

    def test_a_credit_that_names_a_payment_brings_it_back(self, story):
        story.book((-story.amount(), story.references[0]))
        story.book((story.amount(), story.references[0]))
        assert story.states()[0] == "returned"
        assert story.columns().paid == 0
        # and the report of that return is no second one
        story.tell(story.says(Result.RETURNED, evidence="R1"))
        assert story.anomalies() == []

    def test_out_and_back_in_one_statement_is_a_return(self, story):
        amount, named = story.amount(), story.references[0]
        story.book((-amount, named), (amount, named))
        assert (story.states()[0], story.columns().paid) == ("returned", 0)

    def test_a_bank_that_takes_its_own_mistake_back_has_paid(self, story):
        amount, named = story.amount(), story.references[0]
        story.book((-amount, named), (amount, named), (-amount, named))
        assert (story.states()[0], story.columns().paid) == ("paid", amount)

    def test_a_rejected_payment_may_go_out_and_come_back_with_its_file(self, story):
        story.tell(story.says(Result.REJECTED))
        amount, named = story.amount(), story.references[0]
        story.book((-amount, named), (amount, named))
        assert (story.states()[0], story.anomalies()) == ("rejected", [])

    def test_a_rejected_payment_that_went_out_is_a_red_alarm(self, story):
        story.tell(story.says(Result.REJECTED))
        story.book((-story.amount(), story.references[0]))
        assert story.states()[0] == "rejected"
        assert story.anomalies() == [("paid-after-rejected", True)]

    def test_another_amount_moves_nothing_and_is_looked_at(self, story):
        story.book((-story.amount() + 1, story.references[0]))
        assert story.states()[0] == "sent"
        assert story.anomalies() == [("amount-differs", False)]

    def test_a_whole_files_debit_proves_that_the_bank_has_it_and_pays_nobody_yet(self, story):
        story.book((-story.file.total, story.file.reference))
        assert set(story.states()) == {"accepted"}
        assert story.file_state() == "acknowledged"
        assert story.columns().paid == 0

    def test_a_part_of_a_file_proves_that_the_bank_has_it(self, story):
        story.book((-story.file.total + 1, story.file.reference))
        assert set(story.states()) == {"sent"}
        assert story.file_state() == "acknowledged"

    def test_a_file_that_went_out_and_came_back_says_nothing(self, story):
        total, named = story.file.total, story.file.reference
        story.book((-total, named), (total, named))
        assert (set(story.states()), story.file_state()) == ({"sent"}, "sent")

    def test_it_leads_out_of_unknown(self, story):
        lost = {"file_id": story.file.id, "why": "no answer"}
        story.world.do(lose, None, **lost)
        story.book((-story.amount(), story.references[0]))
        assert story.states() == ["paid", *["unknown"] * 7]
        assert story.file_state() == "acknowledged"

    def test_what_only_has_the_amount_is_booked_and_proves_nothing(self, story):
        story.book((-story.file.total, ""))
        assert (set(story.states()), story.file_state()) == ({"sent"}, "sent")


class TestOnPaper:
    def test_two_people_say_what_the_kept_document_says(self, story):
        story.hand_in()
        story.says_on_paper("releaser", {0: Result.REJECTED}, Result.PAID)
        assert set(story.states()) == {"sent"}
        file = story.says_on_paper("approver", {0: Result.REJECTED}, Result.PAID)
        assert story.states() == ["rejected", *["paid"] * 7]
        assert file.state == story.file_state() == "acknowledged"
        assert story.columns().paid == story.file.total - story.amount()
        assert story.columns().held == story.amount()

    def test_the_document_is_kept_once_and_read_by_whoever_has_to_compare(self, story):
        digest = story.hand_in()
        assert story.hand_in() == digest == sha256(PAPER).hexdigest()
        with story.world.begin() as tx:
            here = {"project_id": story.world.project_id, "digest": digest}
            assert document(tx, story.world.caller("approver"), **here) == PAPER
            with pytest.raises(Forbidden):
                document(tx, story.world.caller("inspector"), **here)
            kept = "SELECT count(*) FROM kept_bytes WHERE sha256 = :d"
            assert tx.scalar(text(kept), {"d": digest}) == 1

    def test_no_sheet_or_bank_file_is_handed_out_as_a_document(self, story):
        here = {"project_id": story.world.project_id, "digest": story.file.sha256}
        with story.world.begin() as tx, pytest.raises(NoSuchDocument):
            document(tx, story.world.caller("approver"), **here)

    def test_without_the_document_nobody_is_believed(self, story):
        with pytest.raises(NoSuchDocument):
            story.says_on_paper("releaser", others=Result.PAID)

    def test_one_person_is_not_two_and_the_grounds_are_the_same(self, story):
        story.hand_in()
        story.says_on_paper("releaser", others=Result.PAID)
        with pytest.raises(SamePerson):
            story.says_on_paper("releaser", others=Result.PAID)
        with pytest.raises(OtherWord):
            story.says_on_paper("approver", others=Result.REJECTED)
        assert set(story.states()) == {"sent"}

    def test_some_now_and_others_later_from_the_same_document(self, story):
        story.hand_in()
        story.both_say({0: Result.PAID})
        assert story.states() == ["paid", *["sent"] * 7]
        story.both_say({1: Result.PAID})
        story.both_say({0: Result.RETURNED}, Result.REJECTED)
        assert story.states() == ["returned", "paid", *["rejected"] * 6]

    def test_it_leads_out_of_unknown(self, story):
        story.world.do(lose, None, file_id=story.file.id, why="no answer")
        story.hand_in()
        story.both_say(None, Result.PAID)
        assert set(story.states()) == {"paid"}

    def test_what_contradicts_an_answer_is_for_people(self, story):
        story.hand_in()
        story.tell(story.says(Result.REJECTED))
        story.both_say({0: Result.PAID})
        assert story.states()[0] == "rejected"
        assert story.anomalies() == [("paid-after-rejected", True)]

    @pytest.mark.parametrize(
        ("outcomes", "others"), [({}, None), ({0: Result.ACCEPTED}, None), ({}, Result.PENDING)]
    )
    def test_it_says_paid_rejected_or_returned(self, story, outcomes, others):
        story.hand_in()
        with pytest.raises(NothingSaid):
            story.says_on_paper("releaser", outcomes, others)

    def test_another_files_payment_is_refused(self, story):
        story.hand_in()
        with pytest.raises(NoSuchPayment):
            story.says_on_paper("releaser", {"another": Result.PAID})

    def test_a_file_that_never_left_has_no_outcome(self, world):
        _, [file] = world.exported()
        digest = world.do(keep_document, "releaser", content=PAPER)
        with pytest.raises(WrongState, match="no bank ever had it"):
            world.do(
                transcribe, "releaser", file_id=file.id, document_sha256=digest, outcomes={},
                others=Result.PAID, happened_on=world.now.date(),
            )  # fmt: skip


class TestPaidAgain:
    """A rejection is a word; where the bank's books are here, they have to agree first."""

    @pytest.fixture
    def stated(self, begin):
        return Paper(World(begin, account={"statements": True}))

    def asks(self, story):
        told = {"reference": story.references[0], "reason": "again", "banks": story.world.banks}
        return story.world.do(reissue, "labour_officer", **told).reference

    def signs(self, story, reference):
        return story.world.do(countersign, "approver", reference=reference)

    def rejects(self, story, **more):
        story.tell(story.says(Result.REJECTED, **more), story.says(Result.PAID, 1))
        return self.asks(story)

    def test_it_waits_for_a_statement_of_that_day(self, stated):
        day = stated.world.now.date()
        again = self.rejects(stated, on=day + timedelta(days=1))
        stated.book((-stated.amount(1), stated.references[1]))  # of the day before
        with pytest.raises(NotStatedYet, match="book a statement of that day first"):
            self.signs(stated, again)
        stated.world.now += timedelta(days=1)
        stated.book()
        assert self.signs(stated, again)

    def test_a_rejection_without_a_day_waits_for_the_pay_day(self, stated):
        again = self.rejects(stated)
        with stated.world.begin() as tx:
            pay_on = tx.scalar(text("SELECT pay_on FROM sheet"))
        stated.book()
        with pytest.raises(NotStatedYet, match=str(pay_on)):
            self.signs(stated, again)
        stated.world.now += pay_on - stated.world.now.date()
        stated.book()
        assert self.signs(stated, again)

    def test_a_debit_of_the_payment_itself_holds_it_up(self, stated):
        again = self.rejects(stated, on=stated.world.now.date())
        stated.book((-stated.amount(), ""))  # under a name that nobody knows
        with pytest.raises(NotStatedYet, match="explain it before"):
            self.signs(stated, again)
        (item,) = items(stated.world)
        agreed(stated.world, "own_payment", stated.amount(), item.id, names=stated.references[0])
        with pytest.raises(NotStatedYet, match="may pay twice"):
            self.signs(stated, again)
        stated.book((stated.amount(), stated.references[0]))
        assert self.signs(stated, again)

    def test_a_debit_of_the_whole_file_holds_it_up_until_its_part_came_back(self, stated):
        again = self.rejects(stated, on=stated.world.now.date())
        stated.book((-stated.file.total, stated.file.reference))
        with pytest.raises(NotStatedYet, match="may pay twice"):
            self.signs(stated, again)
        stated.book((stated.amount(), stated.references[0]))
        assert self.signs(stated, again)

    def test_a_debit_of_the_file_without_it_is_what_was_expected(self, stated):
        again = self.rejects(stated, on=stated.world.now.date())
        stated.book((-stated.file.total + stated.amount(), stated.file.reference))
        assert self.signs(stated, again)

    def test_a_return_needs_no_statement(self, stated):
        stated.tell(stated.says(Result.RETURNED), stated.says(Result.PAID, 1))
        assert self.signs(stated, self.asks(stated))

    def test_where_no_statements_are_booked_people_answer_for_it(self, story):
        assert self.signs(story, self.rejects(story))


class TestTakenBack:
    @pytest.fixture
    def lost(self, story):
        story.world.do(lose, None, file_id=story.file.id, why="no answer")
        return story

    def says_never(self, story, who, grounds):
        document = story.world.do(keep_document, "releaser", content=grounds.encode())
        told = {"document_sha256": document, "reason": "they say so"}
        return story.world.do(never, who, file_id=story.file.id, **told)

    def takes_back(self, story, who="releaser", **changed):
        told = {"act": Act.NEVER, "subject": f"file:{story.file.id}", "reason": "the wrong letter"}
        return story.world.do(take_back, who, **told | changed)

    def waiting(self, story):
        with story.world.begin() as tx:
            caller = story.world.caller("approver")
            return proposals(tx, caller, **story.world.here)

    def test_who_named_wrong_grounds_speaks_anew_at_once(self, lost):
        self.says_never(lost, "releaser", "a")
        with pytest.raises(SamePerson):
            self.says_never(lost, "releaser", "b")
        with pytest.raises(OtherWord):
            self.says_never(lost, "approver", "b")
        self.takes_back(lost)
        self.says_never(lost, "releaser", "b")
        self.says_never(lost, "approver", "b")
        assert set(lost.states()) == {"rejected"}
        with lost.world.begin() as tx:
            rows = tx.execute(text("SELECT act FROM act WHERE subject = 'file' ORDER BY id"))
            acts = [row.act for row in rows]
        assert acts[-4:] == ["never", "take_back", "never", "never"]

    def test_another_person_may_speak_first_then(self, lost):
        self.says_never(lost, "releaser", "a")
        self.takes_back(lost)
        self.says_never(lost, "approver", "b")
        assert [one.asked_by for one in self.waiting(lost)] == [
            lost.world.caller("approver").person_id
        ]

    def test_nobody_takes_back_what_another_said(self, lost):
        self.says_never(lost, "releaser", "a")
        with pytest.raises(Forbidden, match="only who said it"):
            self.takes_back(lost, "approver")

    @pytest.mark.parametrize("changed", [{}, {"act": Act.RETRANSMIT}, {"subject": "file:9"}])
    def test_what_nobody_said_or_both_did_is_not_taken_back(self, lost, changed):
        if not changed:
            self.says_never(lost, "releaser", "a")
            self.says_never(lost, "approver", "a")
        with pytest.raises(NoSuchWord):
            self.takes_back(lost, **changed)

    def test_the_second_person_reads_the_grounds_until_they_lapse(self, lost):
        assert self.waiting(lost) == ()
        self.says_never(lost, "releaser", "a")
        (word,) = self.waiting(lost)
        assert (word.act, word.subject) == ("never", f"file:{lost.file.id}")
        assert (word.facts, word.until) == (
            {"document": sha256(b"a").hexdigest()},
            lost.world.now + WORD_HOLDS,
        )
        lost.world.now += WORD_HOLDS + timedelta(seconds=1)
        assert self.waiting(lost) == ()
