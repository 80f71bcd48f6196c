"""A bank's own file of statements is booked as its JSON form is: whole, once, by that bank."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from disburse import banks
from disburse.adapter import NoStatements, UnreadableStatement
from disburse.domain.access import Forbidden
from disburse.domain.bookable import NothingToBook
from disburse.domain.statement import StatementBroken
from disburse.queries.prove import prove
from disburse.queries.reconciliation import reconciliation
from disburse.steps.money.book import book_file
from disburse.storage import kept_bytes, ledger
from disburse.storage.funding import DuplicateStatement
from tests.adapters.statements import a_balance, a_statement, an_entry, camt, camt053, mt940
from tests.builders import PAYER, World
from tests.kit.stranger import MyBank

ISO = banks.load(["iso20022"])["iso20022"]
CMB = "cmb_xml:cmb_agent_request"
PAID_IN = f"<RltdPties><DbtrAcct><Id><Othr><Id>{PAYER}</Id></Othr></Id></DbtrAcct></RltdPties>"


@pytest.fixture
def account(world):
    """Return the number of the project's account, as the bank knows it."""
    with world.begin() as tx:
        return tx.scalar(
            text("SELECT number FROM special_account WHERE id = :a"), {"a": world.account_id}
        )


def book(world, content, who="bank_operator", adapter=ISO):
    with world.begin() as tx:
        return book_file(
            tx,
            caller=world.caller(who),
            content=content,
            banks=dict.fromkeys(world.banks, adapter),
            **world.here,
        )


def balance(world):
    with world.begin() as tx:
        proof = prove(tx)
        assert proof.ok, proof
        return ledger.balance_of(tx, project_id=world.project_id, account_id=world.account_id)


def allocation(amount="650.00", reference="S1", opening="0.00"):
    money = an_entry(
        amount,
        f"<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>{PAID_IN}</TxDtls>",
        reference=f"{reference}-1",
    )
    closing = f"{float(opening) + float(amount):.2f}"
    return lambda account: a_statement(
        a_balance("OPBD", opening) + a_balance("CLBD", closing) + money,
        account=account,
        reference=reference,
    )


def test_the_owners_money_arrives_by_the_banks_own_file(world, account):
    booked = book(world, camt(allocation()(account)))
    assert [(one.kind, one.entry.reference) for one in booked.entries] == [("allocate", "S1-1")]
    assert booked.statements == 1
    assert balance(world).free == 65_000


def test_every_statement_of_the_account_is_booked_and_others_are_passed_over(world, account):
    later = allocation("10.00", "S2", "650.00")
    other = camt053(opening="9.00", entries=[])  # of no account of ours
    inside = other.decode().split("<Stmt>")[1].split("</Stmt>")[0].replace("62100000", "99")
    booked = book(world, camt(allocation()(account), inside, later(account)))
    assert (booked.statements, booked.passed_over, len(booked.entries)) == (2, 1, 2)
    assert balance(world).free == 66_000
    with world.begin() as tx:
        who = world.caller("finance_viewer")
        told = reconciliation(tx, who, project_id=world.project_id)
    assert [day.booked for day in told.days] == [65_000, 66_000]
    assert told.agrees, "both were booked at one moment, each with its own entries"


def test_one_bad_statement_in_a_file_books_none(world, account):
    gap = allocation("10.00", "S2", "999.00")
    with pytest.raises(StatementBroken, match="opens with"):
        book(world, camt(allocation()(account), gap(account)))
    assert balance(world).free == 0


def test_the_same_file_is_booked_once(world, account):
    content = camt(allocation()(account))
    book(world, content)
    with pytest.raises(DuplicateStatement):
        book(world, content)
    assert balance(world).free == 65_000


def test_a_file_that_is_none_or_is_another_accounts_is_refused(world, account):
    with pytest.raises(UnreadableStatement):
        book(world, b"<html/>")
    with pytest.raises(NothingToBook):
        book(world, camt(allocation()("99")))
    with pytest.raises(StatementBroken, match="'EUR'"):
        book(world, camt(a_statement(account=account, currency="EUR")))
    with pytest.raises(NoStatements):
        book(world, b"x", adapter=MyBank("mybank"))


@pytest.mark.parametrize("who", ["labour_officer", "approver"])
def test_only_the_accounts_bank_may_book_its_file(world, account, who):
    with pytest.raises(Forbidden):
        book(world, camt(allocation()(account)), who=who)


def test_the_banks_bytes_are_kept(world, account):
    content = camt(allocation()(account))
    book(world, content)
    with world.begin() as tx:
        kept = tx.scalar(text("SELECT max(id) FROM kept_bytes"))
        assert kept_bytes.read(tx, project_id=world.project_id, bytes_id=kept) == content


def test_a_bank_takes_payments_in_its_own_format_and_sends_mt940(begin):
    adapters = banks.load([CMB])
    account = {"bank_code": "", "number": "6210000000000001", "statements": True}
    cmb = World(begin, adapter=CMB, banks=adapters, account=account, workers=2)
    _, [file], _ = cmb.sent()
    with cmb.begin() as tx:
        query = text("SELECT reference, amount FROM attempt ORDER BY line")
        payments = [(row.reference, row.amount) for row in tx.execute(query)]
    content = mt940(
        *(
            f":61:2608090809D{amount // 100},{amount % 100:02d}NMSC{reference}//CMB{place}"
            for place, (reference, amount) in enumerate(payments)
        ),
        opening=f"C260809CNY{file.total // 100},{file.total % 100:02d}",
        closing="C260809CNY0,00",
    )
    booked = book(cmb, content, adapter=adapters[CMB])
    assert [one.kind for one in booked.entries] == ["book_payment", "book_payment"]
    after = balance(cmb)
    assert (after.booked, after.drawn) == (0, -file.total)
