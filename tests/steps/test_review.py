"""What a hostile reader of the money path found, one story each; every one of them failed once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from disburse import signing
from disburse.adapter import Result, Silence
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import Forbidden, OrganisationKind
from disburse.domain.approval import SamePerson
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.orders import Correction, OrderRefused, write_correction
from disburse.domain.sheet import Kind, Payee
from disburse.domain.signing_key import KeyRevoked
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.ingest import ingest
from disburse.steps.bank.reissue import reissue
from disburse.steps.bank.resolve import resolve
from disburse.steps.parties.open_account import open_account
from disburse.steps.parties.revoke_key import revoke_key
from disburse.steps.parties.use_account import use_account
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.clear import clear
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.receive import receive
from disburse.steps.payroll.review import review
from disburse.storage import parties, records
from disburse.storage.attempts import sealed_payee
from tests.builders import JSON, a_key
from tests.sheets import a_card, a_credit_code, a_line, a_sheet_json, lines
from tests.steps.test_bank import Story, Telling


@pytest.fixture
def sent(world):
    """A sheet that is with the bank."""
    return Story(world)


@pytest.fixture
def rejected(sent):
    """Likewise, and its first payment was rejected."""
    sent.tell(sent.says(Result.REJECTED))
    return sent


def a_report(story, word=None):
    """Return the bank's own file that answers every payment."""
    words = dict.fromkeys(story.references, word or Word())
    return write_answer(read_order(story.bytes), words, on=story.world.now.date())


def a_second_project(world):
    """Start a project on the same account, with the same organisations; return its number."""
    with world.operating() as tx:
        number = tx.scalar(
            text("""
                INSERT INTO project (code, name, owner_id, general_contractor_id, account_id,
                    region, sector, government_funded, currency, contract_amount,
                    labour_share_basis_points, starts_on, ends_on, time_zone, policy)
                SELECT 'SECOND', name, owner_id, general_contractor_id, account_id, region,
                    sector, government_funded, currency, 0, 0, starts_on, ends_on, time_zone,
                    policy FROM project RETURNING id
            """)
        )
        tx.execute(
            text("""
                INSERT INTO party SELECT :p, organisation_id, capacity, delegation_digest,
                    delegation_from, delegation_to FROM party
            """),
            {"p": number},
        )
    return number


def another_bank(world, place=9):
    """Let a second bank take part; return its operator."""
    registration = a_credit_code(place)
    with world.operating() as tx:
        values = {
            "kind": OrganisationKind.BANK, "registration": registration, "name": "Other bank",
            "region": "", "sector": "",
        }  # fmt: skip
        number = parties.add_organisation(tx, values)
        project_id = world.project_id
        parties.add_party(tx, project_id=project_id, organisation_id=number, capacity="bank")
    operator = replace(world.caller("bank_operator"), organisation_id=number)
    world.members["other bank's operator"] = operator
    return registration


def move_to_another_account(world, bank):
    """Let the project pay from an account at another bank, in another format, from now on."""
    with world.begin() as tx:
        account = open_account(
            tx, caller=world.caller("administrator"), banks=world.banks, bank=bank,
            adapter="iso20022", currency="CNY", number="99887766554433", holder="GC",
            bank_code="ICBKCNBJ", now=world.now,
        )  # fmt: skip
    with world.begin() as tx:
        use_account(
            tx, caller=world.caller("administrator"), project_id=world.project_id,
            account_id=account.id, now=world.now,
        )  # fmt: skip


def ask(story, **changed):
    given = {"reference": story.references[0], "reason": "closed", "banks": story.world.banks}
    return story.world.do(reissue, "labour_officer", **given | changed)


def an_order(story, **changed):
    """Return the subcontractor's signed order to pay the first payment to another account."""
    payee = {"name": "工人乙", "account": a_card(77), "bank_code": "", "bank_name": ""} | changed
    content = write_correction(Correction(story.references[0], Payee(**payee), "new card"))
    signature = signing.sign(content, a_key("subcontractor"), now=story.world.now)
    return {"order": content, "signature": signature}


class TestReports:
    def test_a_report_that_went_to_the_wrong_project_first_still_pays(self, sent):
        world, report = sent.world, a_report(sent)
        other = {"project_id": a_second_project(world), "now": world.now}
        with world.begin() as tx:
            told = ingest(
                tx, caller=world.caller("bank_operator"), content=report, banks=world.banks, **other
            )
        assert told.effects == {"anomaly": 8}
        assert set(sent.states()) == {"sent"}
        assert world.ingest(report).effects == {"moved": 8}
        assert set(sent.states()) == {"paid"}

    def test_another_bank_of_the_project_says_nothing_of_these_payments(self, sent):
        another_bank(sent.world)
        with pytest.raises(Forbidden, match="only the bank"):
            sent.world.do(
                ingest, "other bank's operator", content=a_report(sent), banks=sent.world.banks
            )

    def test_the_new_accounts_bank_says_nothing_of_the_old_ones_payments(self, sent):
        world = sent.world
        move_to_another_account(world, another_bank(world))
        banks = {name: Telling(one, sent.says(Result.PAID)) for name, one in world.banks.items()}
        told = world.do(ingest, "other bank's operator", content=b"forged", banks=banks)
        assert told.effects == {"anomaly": 1}
        assert set(sent.states()) == {"sent"}

    @pytest.mark.parametrize("who", ["bank_operator", "releaser"])
    def test_an_answer_still_counts_after_the_project_changed_its_account(self, sent, who):
        world = sent.world
        move_to_another_account(world, another_bank(world))
        world.do(ingest, who, content=a_report(sent), banks=world.banks)
        assert set(sent.states()) == {"paid"}

    def test_a_character_that_cannot_be_stored_holds_up_no_payment(self, sent):
        sent.world.ingest(a_report(sent, Word("paid", "", "a\0b")))
        assert set(sent.states()) == {"paid"}
        sent.tell(sent.says(Result.RETURNED, reason="\0", evidence="\0"))
        assert sent.states()[0] == "returned"

    def test_an_answer_in_another_currency_moves_nothing(self, sent):
        sent.tell(sent.says(Result.PAID, currency="USD"))
        assert sent.states()[0] == "sent"
        assert sent.anomalies() == [("amount-differs", False)]


class TestWhatIsSaidOfOneGoesBeforeWhatIsSaidOfAll:
    @pytest.mark.parametrize("at_once", [True, False])
    def test_a_payment_that_the_bank_has_already_is_not_refused_with_its_file(self, sent, at_once):
        if at_once:
            sent.tell(sent.says(Result.DUPLICATE), sent.whole(Result.REJECTED))
        else:
            sent.tell(sent.says(Result.DUPLICATE))
            sent.tell(sent.whole(Result.REJECTED))
        assert sent.states() == ["unknown", *["sent"] * 7]
        assert sent.anomalies()[1:] == [("file-contradiction", False)]

    def test_a_payment_of_another_amount_is_not_refused_with_its_file(self, sent):
        sent.tell(sent.says(Result.PAID, amount=1), sent.whole(Result.REJECTED))
        assert set(sent.states()) == {"sent"}

    def test_what_is_left_open_is_not_accepted_with_its_file_nor_by_silence(self, sent):
        pending = sent.says(Result.PENDING)
        sent.tell(pending, sent.whole(Result.ACCEPTED))
        assert sent.states() == ["sent", *["accepted"] * 7]

    def test_silence_says_nothing_of_what_was_named(self, sent):
        sent.tell(
            sent.says(Result.PENDING), sent.says(Result.REJECTED, place=1),
            sent.says(Result.PAID, place=2, amount=1), silence=Silence.ACCEPTED,
        )  # fmt: skip
        assert sent.states() == ["sent", "rejected", "sent", *["accepted"] * 5]


class TestPayingAgain:
    def test_the_same_number_at_another_bank_cools_down_too(self, rejected):
        with rejected.world.begin() as tx:
            row = tx.execute(text("SELECT reference, payee FROM attempt WHERE line = 1")).one()
            [known] = records.known(tx, [sealed_payee(rejected.world.project_id, row)])
        order = an_order(
            rejected, name=known["name"], account=known["account"], bank_code="104", bank_name="B"
        )
        assert ask(rejected, **order).not_before > rejected.world.now

    def test_a_card_that_no_bank_issued_is_refused(self, rejected):
        card = a_card(77)
        wrong = card[:-1] + str((int(card[-1]) + 1) % 10)
        with pytest.raises(OrderRefused, match="no bank"):
            ask(rejected, **an_order(rejected, account=wrong))

    def test_blanks_in_a_corrected_account_are_no_part_of_it(self, rejected):
        card = a_card(77)
        asked = ask(rejected, **an_order(rejected, account=f"{card[:4]} {card[4:]}"))
        assert asked.payee["account"] == card

    def test_nothing_is_made_out_anew_that_a_copied_key_ordered(self, rejected):
        """Such a file could never leave, and its money would be held for ever."""
        world = rejected.world
        rejected.tell(*(rejected.says(Result.REJECTED, place) for place in (1, 2)))
        signed, asked = ask(rejected), ask(rejected, reference=rejected.references[1])
        world.do(countersign, "approver", reference=signed.reference)
        with world.begin() as tx:
            revoke_key(
                tx, caller=world.caller("administrator"), registration=a_credit_code(2),
                kid=a_key("subcontractor").public.kid, compromised=True, reason="stolen",
                now=world.now,
            )  # fmt: skip
        with pytest.raises(KeyRevoked):
            world.do(bundle, "releaser", sheet_id=rejected.sheet_id, banks=world.banks)
        with pytest.raises(KeyRevoked):
            world.do(countersign, "approver", reference=asked.reference)
        with pytest.raises(KeyRevoked):
            ask(rejected, reference=rejected.references[2])

    def test_not_while_the_bank_says_that_it_has_the_file_it_refused(self, sent):
        world = sent.world
        sent.tell(sent.whole(Result.REJECTED))
        asked = ask(sent)
        world.do(countersign, "approver", reference=asked.reference)
        sent.tell(sent.whole(Result.DUPLICATE))
        assert sent.anomalies() == [("file-contradiction", False)]
        with pytest.raises(WrongState, match="contradicts"):
            ask(sent, reference=sent.references[1])
        files = {"sheet_id": sent.sheet_id, "banks": world.banks}
        with pytest.raises(WrongState, match="no countersigned"):
            world.do(bundle, "releaser", **files)
        with world.begin() as tx:
            number = tx.scalar(text("SELECT id FROM anomaly"))
        world.do(resolve, "releaser", anomaly_id=number, resolution="the bank mixed up two files")
        assert len(world.do(bundle, "releaser", **files)) == 1


class TestOtherPeople:
    def as_person_of(self, world, who, other):
        """Let `who` be, as a human being, the same as `other`."""
        world.members["both"] = replace(world.caller(who), person_id=world.caller(other).person_id)
        return "both"

    def test_who_submitted_a_sheet_neither_reviews_nor_approves_it(self, world):
        got = world.receive()
        sheet = {"sheet_id": got.sheet.id}
        with pytest.raises(SamePerson):
            world.do(review, self.as_person_of(world, "labour_officer", "signer"), **sheet)
        world.do(review, "labour_officer", **sheet)
        world.allocate(got.coverage.needed)
        world.do(fund, None, **sheet)
        with pytest.raises(SamePerson):
            world.do(approve, self.as_person_of(world, "approver", "signer"), **sheet)
        world.do(approve, "approver", **sheet)

    def test_who_cleared_a_finding_does_not_approve_the_sheet(self, world):
        content = a_sheet_json(a_line(1, account=a_card(55)), a_line(2))
        got = world.receive(content)
        sheet = {"sheet_id": got.sheet.id}
        clearing = self.as_person_of(world, "labour_officer", "second approver")
        found = {"line": 1, "finding": "account-differs", "reason": "new card was shown"}
        world.do(clear, clearing, **sheet | found)
        world.do(review, "labour_officer", **sheet)
        world.allocate(got.coverage.needed)
        world.do(fund, None, **sheet)
        with pytest.raises(SamePerson):
            world.do(approve, "second approver", **sheet)
        world.do(approve, "approver", **sheet)


def test_two_sheets_for_the_same_wage_at_the_same_moment_see_each_other(world):
    """Of another kind, so no key forbids both; the second is blocked until an officer looks."""
    first, second = a_sheet_json(*lines(2)), a_sheet_json(*lines(2), kind=Kind.BACK_PAY)
    waits = text("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
    with ThreadPoolExecutor(1) as pool:
        with world.begin() as tx:
            receive(
                tx, caller=world.caller("signer"), content=first, media_type=JSON,
                signature=signing.sign(first, a_key("subcontractor"), now=world.now),
                banks=world.banks, **world.here,
            )  # fmt: skip
            later = pool.submit(world.receive, second)
            looks = range(20_000)  # some seconds: a bound, so that a defect is no endless test
            assert any(later.done() or tx.scalar(waits) for _ in looks)
        got = later.result()
    assert [found.code for found in got.findings] == ["same-amount", "same-amount"]


def test_what_happens_on_a_shared_account_is_shown_to_somebody(world):
    a_second_project(world)
    world.book((5, "", "somebody"), (-3, "", "court"))
    with world.begin() as tx:
        rows = tx.execute(text("SELECT project_id, code, red FROM anomaly ORDER BY id"))
        assert [tuple(row) for row in rows] == [
            (world.project_id, "unknown-credit", False),
            (world.project_id, "unordered-debit", True),
        ]
