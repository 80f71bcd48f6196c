"""What went wrong and is put right: one file taken back, a wrong reissue, a wrong rejection."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from disburse.adapter import Result
from disburse.domain.approval import SamePerson
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.policy import Policy, PolicyRefused
from disburse.queries.prove import prove
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.cancel_file import cancel_file
from disburse.steps.bank.claim import claim
from disburse.steps.bank.correct import correct
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.decline import decline
from disburse.steps.bank.give_up import give_up
from disburse.steps.bank.reissue import reissue
from disburse.steps.payroll.cancel import cancel
from disburse.storage.approvals import NoSuchReissue
from disburse.storage.attempts import NoSuchPayment
from disburse.storage.engine import Transaction
from tests.builders import World
from tests.steps.test_bank import Story

WHY = {"reason": "a mistake"}


class Small:
    """The real adapter of a bank that takes few payments in one file."""

    def __init__(self, adapter):
        self._adapter = adapter
        self.capabilities = replace(adapter.capabilities, payments_max=5)

    def __getattr__(self, name):
        return getattr(self._adapter, name)


@pytest.fixture
def two_files(begin):
    """A world whose sheet of eight lines is in two files, the first of them with the bank."""
    world = World(begin)
    world.banks = {name: Small(one) for name, one in world.banks.items()}
    sheet_id, [first, second] = world.exported()
    world.give(first)
    return world, sheet_id, second


def sound(world):
    with world.begin() as tx:
        assert isinstance(tx, Transaction)
        assert prove(tx).ok


class TestOneFile:
    def references(self, world, second):
        with world.begin() as tx:
            rows = tx.execute(text("SELECT reference FROM attempt WHERE file_id = :f ORDER BY 1"),
                              {"f": second.id})  # fmt: skip
            return [row.reference for row in rows]

    def test_its_payments_are_paid_by_another_file_or_given_up(self, two_files):
        world, sheet_id, second = two_files
        with pytest.raises(WrongState):
            world.do(cancel, "releaser", sheet_id=sheet_id, **WHY)
        assert world.do(cancel_file, "releaser", file_id=second.id, **WHY).state == "void"
        sound(world)
        first, another, *_ = self.references(world, second)
        asked = world.do(reissue, "labour_officer", reference=first, banks=world.banks, **WHY)
        world.do(countersign, "approver", reference=asked.reference)
        [new] = world.do(bundle, "releaser", sheet_id=sheet_id, banks=world.banks)
        assert new.count == 1
        world.give(new)
        world.do(give_up, "approver", reference=another, **WHY)
        sound(world)

    def test_a_claimed_one_stays(self, two_files):
        world, _, second = two_files
        world.give(second)
        with pytest.raises(WrongState):
            world.do(cancel_file, "releaser", file_id=second.id, **WHY)

    def test_after_the_whole_sheet_was_taken_back_it_is_exported_again_instead(self, world):
        sheet_id, [file] = world.exported()
        world.do(cancel, "releaser", sheet_id=sheet_id, **WHY)
        [reference, *_] = self.references(world, file)
        with pytest.raises(WrongState):
            world.do(reissue, "labour_officer", reference=reference, banks=world.banks, **WHY)


class TestDecline:
    @pytest.fixture
    def asked(self, world):
        story = Story(world)
        story.tell(story.says(Result.REJECTED))
        return story, self.ask(story)

    def ask(self, story):
        facts = {"reference": story.references[0], "banks": story.world.banks}
        return story.world.do(reissue, "labour_officer", **facts, **WHY)

    def test_a_declined_request_is_paid_by_nobody_and_another_may_follow(self, asked):
        story, wrong = asked
        story.world.do(countersign, "approver", reference=wrong.reference)
        story.world.do(decline, "approver", reference=wrong.reference, **WHY)
        with pytest.raises(WrongState, match="no countersigned"):
            story.world.do(bundle, "releaser", sheet_id=story.sheet_id, banks=story.world.banks)
        with pytest.raises(NoSuchReissue):
            story.world.do(countersign, "approver", reference=wrong.reference)
        with pytest.raises(NoSuchReissue):
            story.world.do(decline, "approver", reference=wrong.reference, **WHY)
        right = self.ask(story)
        story.world.do(countersign, "approver", reference=right.reference)
        [file] = story.world.do(
            bundle, "releaser", sheet_id=story.sheet_id, banks=story.world.banks
        )
        assert file.count == 1

    def test_what_is_in_a_file_is_not_declined(self, asked):
        story, wrong = asked
        story.world.do(countersign, "approver", reference=wrong.reference)
        story.world.do(bundle, "releaser", sheet_id=story.sheet_id, banks=story.world.banks)
        with pytest.raises(NoSuchReissue):
            story.world.do(decline, "labour_officer", reference=wrong.reference, **WHY)

    def test_what_is_no_payment_is_refused(self, world):
        with pytest.raises(NoSuchPayment):
            world.do(decline, "approver", reference="nothing", **WHY)


class TestCorrect:
    @pytest.mark.parametrize("first", [Result.REJECTED, Result.RETURNED])
    def test_two_people_call_paid_what_the_bank_proved(self, world, first):
        story = Story(world)
        before = story.columns()
        story.tell(story.says(first))
        story.tell(story.says(Result.PAID))
        facts = {"reference": story.references[0], **WHY}
        assert world.do(correct, "releaser", **facts) is False
        assert story.states()[0] == first
        with pytest.raises(SamePerson):
            world.do(correct, "releaser", **facts)
        assert world.do(correct, "approver", **facts) is True
        assert story.states()[0] == "paid"
        after = story.columns()
        assert after.held == before.held
        assert after.paid == before.in_flight - after.in_flight
        with pytest.raises(WrongState):  # the anomaly is explained
            world.do(correct, "approver", **facts)

    def test_what_moved_on_while_people_looked_is_not_corrected(self, world):
        story = Story(world)
        story.tell(story.says(Result.REJECTED))
        story.tell(story.says(Result.PAID))
        with world.begin() as tx:  # as no step does while the proof is open
            tx.execute(text("UPDATE attempt SET state = 'unknown' WHERE line = 1"))
        with pytest.raises(WrongState, match="is unknown, or was paid again"):
            world.do(correct, "releaser", reference=story.references[0], **WHY)

    def test_without_the_banks_word_nothing_is_corrected(self, world):
        story = Story(world)
        story.tell(story.says(Result.REJECTED))
        with pytest.raises(WrongState, match="did not say"):
            world.do(correct, "releaser", reference=story.references[0], **WHY)

    def test_a_second_payment_is_no_correction(self, world):
        story = Story(world)
        story.tell(story.says(Result.REJECTED))
        asked = world.do(
            reissue, "labour_officer", reference=story.references[0], banks=world.banks, **WHY
        )
        world.do(countersign, "approver", reference=asked.reference)
        [file] = world.do(bundle, "releaser", sheet_id=story.sheet_id, banks=world.banks)
        story.tell(story.says(Result.PAID))
        assert file.state == "written"
        with pytest.raises(WrongState):
            world.do(correct, "releaser", reference=story.references[0], **WHY)

    def test_what_was_given_up_is_funded_first(self, world):
        story = Story(world)
        story.tell(story.says(Result.REJECTED))
        world.do(give_up, "approver", reference=story.references[0], **WHY)
        story.tell(story.says(Result.PAID))
        with pytest.raises(WrongState, match="no money is held"):
            world.do(correct, "releaser", reference=story.references[0], **WHY)


class TestReleaseApart:
    def test_an_approver_does_not_release_where_the_policy_says_so(self, begin):
        world = World(begin, policy=Policy(release_apart=True))
        releaser = world.caller("releaser")
        world.members["both"] = replace(releaser, person_id=world.caller("approver").person_id)
        _, [file] = world.exported()
        shown = {"sha256": file.sha256, "count": file.count, "total": file.total}
        with pytest.raises(SamePerson):
            world.do(claim, "both", file_id=file.id, **shown)
        assert world.do(claim, "releaser", file_id=file.id, **shown)[0].state == "dispatching"

    def test_else_one_person_may_do_both(self, world):
        releaser = world.caller("releaser")
        world.members["both"] = replace(releaser, person_id=world.caller("approver").person_id)
        _, [file] = world.exported()
        shown = {"sha256": file.sha256, "count": file.count, "total": file.total}
        assert world.do(claim, "both", file_id=file.id, **shown)[0].state == "dispatching"

    def test_the_policy_is_checked(self):
        with pytest.raises(PolicyRefused):
            Policy.read({"release_apart": "yes"})
