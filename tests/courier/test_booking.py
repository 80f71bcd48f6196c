"""Statements among a bank's answers: booked by the worker loop, once, whole, or told to people."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from disburse.courier.carrying import Carried
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import Forbidden
from disburse.queries.reconciliation import reconciliation
from disburse.steps.money.book import book_file
from disburse.storage import connections
from tests.adapters.statements import (
    a_balance,
    a_movement,
    a_statement,
    an_entry,
    camt,
    camt053,
)

ACCOUNT = "1017700000000001"


@pytest.fixture
def sent(carrying):
    """A file of eight payments that the bank has."""
    carrying.connect()
    carrying.released()
    carrying.carry()
    return carrying


def put(carrying, content, name="statement.xml"):
    carrying.wait(seconds=1)
    (carrying.inbox / name).write_bytes(content)
    return carrying.carry()


def payments(carrying):
    """Return (reference, amount as a bank writes it) of every payment."""
    rows = carrying.rows("SELECT reference, amount FROM attempt ORDER BY line")
    return [(name, f"{amount // 100}.{amount % 100:02d}") for name, amount in rows]


def opening(carrying):
    [(closing,)] = carrying.rows("SELECT closing FROM statement ORDER BY number DESC LIMIT 1")
    return f"{closing // 100}.{closing % 100:02d}"


def statement(carrying, *entries, reference="S9"):
    return camt053(opening=opening(carrying), entries=entries, reference=reference, account=ACCOUNT)


def back(carrying, name, amount, reason="AC04"):
    """Return the statement in which one payment comes back."""
    before = opening(carrying)
    after = f"{(int(before.replace('.', '')) + int(amount.replace('.', ''))) / 100:.2f}"
    return camt(
        a_statement(
            a_balance("OPBD", before) + a_balance("CLBD", after),
            an_entry(amount, a_movement(name, back=reason), reference="B1"),
            account=ACCOUNT,
            reference="S10",
        )
    )


def test_a_debit_that_names_a_payment_proves_it(sent):
    (name, amount), *_ = payments(sent)
    assert put(sent, statement(sent, (f"-{amount}", name))) == Carried(answers=1)
    assert sent.states() == ["paid"] + ["sent"] * 7
    assert sent.file_state() == "acknowledged"
    [(evidence,)] = sent.rows("SELECT evidence FROM attempt WHERE state = 'paid'")
    assert evidence.startswith("entry:")
    assert sent.rows("SELECT code FROM anomaly") == []
    chain = sent.rows("SELECT result, effect FROM inbox")
    assert chain == [("paid", "moved")]


def test_the_same_statement_again_changes_nothing(sent):
    (name, amount), *_ = payments(sent)
    content = statement(sent, (f"-{amount}", name))
    put(sent, content)
    assert put(sent, content, "again.xml") == Carried(answers=1)
    assert sent.rows("SELECT count(*) FROM statement WHERE reference = 'S9'") == [(1,)]
    assert sent.rows("SELECT code FROM anomaly") == []


def test_a_credit_is_a_return_unless_the_bank_takes_its_own_entry_back(sent):
    (name, amount), (other, second), *_ = payments(sent)
    put(sent, statement(sent, (f"-{amount}", name), (f"-{second}", other)))
    put(sent, back(sent, name, amount))
    assert sent.states()[:2] == ["returned", "paid"]
    content = statement(sent, (second, other), reference="S11")
    put(sent, content.replace(b"<Sts>", b"<RvslInd>true</RvslInd><Sts>"))
    assert sent.states()[:2] == ["returned", "paid"], "it may book it again, and pay"
    with sent.world.loop() as tx:
        told = reconciliation(
            tx, sent.world.caller("finance_viewer"), project_id=sent.world.project_id
        )
    assert told.agrees


def test_a_report_that_tells_of_the_same_return_in_its_own_words_alarms_nobody(sent):
    (name, amount), *_ = payments(sent)
    order = read_order(next(sent.outbox.iterdir()).read_bytes())
    put(sent, statement(sent, (f"-{amount}", name)))
    put(sent, back(sent, name, amount))
    words = {name: Word("returned", "E05", "账号户名不符")}
    put(sent, write_answer(order, words, on=sent.world.now.date()), "report.txt")
    assert sent.states()[0] == "returned"
    assert sent.rows("SELECT code FROM anomaly") == []


def test_a_debit_of_a_rejected_payment_is_a_red_alarm(sent):
    (name, amount), *_ = payments(sent)
    order = read_order(next(sent.outbox.iterdir()).read_bytes())
    words = {name: Word("rejected", "E05", "账号户名不符")}
    put(sent, write_answer(order, words, on=sent.world.now.date()), "report.txt")
    put(sent, statement(sent, (f"-{amount}", name)))
    assert sent.states()[0] == "rejected"
    assert sent.rows("SELECT code, red FROM anomaly") == [("paid-after-rejected", True)]


def test_a_statement_that_leaves_a_gap_is_kept_and_told(sent):
    content = camt053(opening="1.23", entries=[], reference="S9", account=ACCOUNT)
    assert put(sent, content) == Carried(answers=1)
    assert sent.rows("SELECT code, reference FROM anomaly") == [
        ("answer-not-taken", "statement-broken")
    ]
    assert [path.name for path in sent.inbox.iterdir()] == ["unreadable"]


def test_a_notice_and_another_accounts_statement_are_passed_over(sent):
    notice = camt(a_statement(account=ACCOUNT), family="054")
    assert put(sent, notice) == Carried(answers=1)
    assert put(sent, camt053(opening="1.00", entries=[], account="99")) == Carried(answers=1)
    assert sent.rows("SELECT code FROM anomaly") == []
    assert sorted(path.name for path in sent.inbox.iterdir()) == ["read"]


def test_another_connections_bank_cannot_state_what_is_on_the_account(sent):
    content = statement(sent)
    with sent.world.loop() as tx, pytest.raises(Forbidden):
        book_file(
            tx, caller=None, content=content, banks=sent.world.banks, connection_id=999,
            **sent.world.here,
        )  # fmt: skip


def test_without_a_project_on_the_connection_nothing_is_booked(sent):
    content = statement(sent)
    with sent.world.operating() as tx:
        tx.execute(text("UPDATE project SET account_id = NULL"))
    with sent.world.loop() as tx:
        assert connections.accounts(tx, 1) == []
    assert put(sent, content) == Carried(answers=1)
    assert sent.rows("SELECT count(*) FROM statement WHERE reference = 'S9'") == [(0,)]
