"""Money that comes in: declared by two people, stated by the bank, and never by typing."""

from __future__ import annotations

from datetime import date
from hashlib import sha256

import pytest
from sqlalchemy import text

from disburse.domain.access import Forbidden, OrganisationKind
from disburse.domain.approval import SamePerson
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.statement import Entry, Statement, StatementBroken
from disburse.queries.prove import prove
from disburse.steps.money.book import book
from disburse.steps.money.declare import declare
from disburse.steps.money.recall import recall
from disburse.steps.money.vouch import vouch
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.review import review
from disburse.storage import ledger
from disburse.storage.funding import DuplicateStatement, NoSuchDeclaration
from disburse.storage.ledger import NoSuchAccount
from tests.builders import PAYER

VOUCHER = sha256(b"voucher").hexdigest()


def balance(world):
    with world.begin() as tx:
        proof = prove(tx)
        assert proof.ok, proof
        account = {"project_id": world.project_id, "account_id": world.account_id}
        return ledger.balance_of(tx, **account)


def declared(world, amount=10_000, *, vouched=True):
    number = world.do(
        declare, "funder", amount=amount, voucher_digest=VOUCHER, expected_on=date(2026, 8, 9)
    )
    if vouched:
        world.do(vouch, "approver", declaration_id=number)
    return number


def anomalies(world):
    with world.begin() as tx:
        return [row.code for row in tx.execute(text("SELECT code FROM anomaly ORDER BY id"))]


class TestDeclaration:
    def test_one_person_alone_makes_no_money(self, world):
        number = declared(world, vouched=False)
        assert balance(world).free == 0
        funder, approver = world.caller("funder"), world.caller("approver")
        world.members["both"] = type(approver)(
            member_id=approver.member_id,
            person_id=funder.person_id,
            organisation_id=approver.organisation_id,
            organisation_kind=approver.organisation_kind,
            grants=approver.grants,
        )
        with pytest.raises(SamePerson):
            world.do(vouch, "both", declaration_id=number)

    def test_two_people_make_it_free_and_awaited_and_the_bank_confirms_it(self, world):
        declared(world)
        assert (balance(world).free, balance(world).awaited) == (10_000, -10_000)
        world.allocate(10_000)
        assert (balance(world).free, balance(world).awaited) == (10_000, 0)

    def test_it_is_vouched_for_once(self, world):
        number = declared(world)
        with pytest.raises(WrongState):
            world.do(vouch, "second approver", declaration_id=number)
        with pytest.raises(NoSuchDeclaration):
            world.do(vouch, "approver", declaration_id=number + 1)

    def test_another_amount_than_declared_is_an_allocation_of_its_own(self, world):
        declared(world)
        world.allocate(9_999)
        assert (balance(world).free, balance(world).awaited) == (19_999, -10_000)

    def test_between_two_declarations_of_one_amount_nobody_guesses(self, world):
        declared(world)
        declared(world)
        world.allocate(10_000)
        assert balance(world).awaited == -20_000

    def test_recalled_before_anybody_vouched_moves_nothing(self, world):
        number = declared(world, vouched=False)
        world.do(recall, "approver", declaration_id=number, reason="typing mistake")
        assert balance(world).free == 0
        with pytest.raises(WrongState):
            world.do(recall, "approver", declaration_id=number, reason="again")

    def test_recalled_after_it_was_used_leaves_the_rest_missing(self, world):
        got = world.receive()
        number = declared(world, got.coverage.needed + 5)
        world.do(review, "labour_officer", sheet_id=got.sheet.id)
        world.do(fund, None, sheet_id=got.sheet.id)
        world.do(recall, "approver", declaration_id=number, reason="the owner is broke")
        after = balance(world)
        assert (after.free, after.missing, after.awaited) == (0, -got.coverage.needed, 0)

    def test_recalled_while_free_leaves_nothing(self, world):
        number = declared(world)
        world.do(recall, "approver", declaration_id=number, reason="another bank")
        assert (balance(world).free, balance(world).missing) == (0, 0)


class TestStatement:
    def test_every_kind_of_entry_finds_its_column(self, world):
        sheet_id, [file], _ = world.sent()
        with world.begin() as tx:
            reference = tx.scalar(text("SELECT reference FROM attempt WHERE line = 1"))
        world.book(
            (-file.total, file.reference, ""),  # our batch, booked as one
            (500, reference, ""),  # a payment that came back
            (7, "", "somebody"),  # nobody knows
            (-3, "", ""),  # a fee
        )
        after = balance(world)
        assert (after.drawn, after.suspense, after.missing) == (-file.total + 500, 7, -3)
        # what came back is not what the payment was: somebody has to look
        assert anomalies(world) == ["unknown-credit", "unordered-debit", "amount-differs"]
        assert sheet_id

    def test_only_the_accounts_bank_states_what_is_on_it(self, world):
        world.allocate(1)
        with world.begin() as tx:
            tx.execute(
                text("UPDATE bank_connection SET bank_id = :o"),
                {"o": world.organisations[OrganisationKind.OWNER]},
            )
        with pytest.raises(Forbidden, match="bank that keeps"):
            world.allocate(1)

    @pytest.mark.parametrize(
        ("opening", "closing", "amounts"),
        [(5, 99, [100]), (6, 106, [100]), (5, 5, [0])],
        ids=["does not add up", "leaves a gap", "has an empty entry"],
    )
    def test_a_statement_that_is_not_sound_is_refused(self, world, opening, closing, amounts):
        world.allocate(5)
        entries = [
            Entry(
                reference=f"E{place}", amount=amount, booked_on=date(2026, 8, 5), names="",
                counterparty=PAYER, text="",
            )
            for place, amount in enumerate(amounts)
        ]  # fmt: skip
        statement = Statement(
            reference="S", closes_on=date(2026, 8, 5), opening=opening, closing=closing,
            entries=entries,
        )  # fmt: skip
        with pytest.raises(StatementBroken):
            world.do(book, "bank_operator", statement=statement, digest="0" * 64)
        assert balance(world).free == 5

    def test_a_statement_is_booked_once(self, world):
        statement = world.book((100, "", PAYER))
        again = {"statement": statement, "digest": "1" * 64}
        with pytest.raises(DuplicateStatement, match="entries"):
            world.do(book, "bank_operator", **again)
        renamed = Statement(
            reference=statement.reference, closes_on=statement.closes_on, opening=100,
            closing=100, entries=[],
        )  # fmt: skip
        with pytest.raises(DuplicateStatement, match="booked before"):
            world.do(book, "bank_operator", statement=renamed, digest="1" * 64)

    def test_a_project_without_an_account_books_and_declares_nothing(self, world):
        with world.begin() as tx:
            tx.execute(text("UPDATE project SET account_id = NULL"))
        with pytest.raises(NoSuchAccount):
            world.allocate(1)
        with pytest.raises(NoSuchAccount):
            declared(world, vouched=False)
