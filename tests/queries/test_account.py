"""What an account has, what waits for it, what does not fit, who did what."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import pytest
from sqlalchemy import text

from disburse.domain.access import Forbidden
from disburse.domain.ledger import COLUMNS
from disburse.queries import account, acts, anomalies, figures
from disburse.steps.bank.resolve import resolve
from disburse.steps.money.declare import declare
from disburse.steps.money.vouch import vouch
from disburse.steps.payroll.review import review
from disburse.storage.engine import read_only
from disburse.storage.ledger import NoSuchAccount
from disburse.storage.views import Tally
from tests.queries.asking import NETS, ask, do
from tests.sheets import a_sheet_json, lines


def test_an_account_shows_its_nine_columns_and_what_everything_waiting_needs(world):
    june = {"period": date(2026, 6, 1), "worked_from": date(2026, 6, 1),
            "worked_to": date(2026, 6, 30), "pay_on": date(2026, 7, 10)}  # fmt: skip
    world.allocate(5_000)
    for content in (a_sheet_json(*lines(8)), a_sheet_json(*lines(2), **june)):
        number = world.receive(content).sheet.id
        do(world, review, "labour_officer", sheet_id=number)
    world.receive(a_sheet_json(*lines(1), **june | {"period": date(2026, 5, 1),
                  "worked_from": date(2026, 5, 1), "worked_to": date(2026, 5, 31)}))  # fmt: skip
    told = {"amount": 700, "voucher_digest": "0" * 64, "expected_on": date(2026, 8, 7)}
    declared = do(world, declare, "funder", **told)
    do(world, vouch, "approver", declaration_id=declared)
    shown = {
        who: ask(world, account.account, who, now=world.now)
        for who in ("finance_viewer", "funder", "supervisor", "bank_operator")
    }
    assert len(set(map(repr, shown.values()))) == 1
    one = shown["funder"]
    assert [field.name for field in fields(one.balance)] == list(COLUMNS)
    assert (one.balance.free, one.balance.awaited, one.balance.booked) == (5_700, -700, 5_000)
    needed = sum(NETS[:8]) + sum(NETS[:2])
    assert (one.waiting, one.coming) == (Tally(2, needed), Tally(1, NETS[0]))
    assert (one.coverage.needed, one.coverage.shortage) == (needed, needed - 5_700)
    assert (one.coverage.due_on, one.coverage.days_late) == (date(2026, 7, 10), 26)
    assert (one.coverage.declared, one.coverage.payer) == (700, "Owner")
    assert (one.statement_on, one.statement_closing) == (world.now.date(), 5_000)
    assert [(d.id, d.state, d.amount) for d in one.declarations] == [(declared, "vouched", 700)]


def test_an_account_that_nothing_waits_for_lacks_nothing(world):
    shown = ask(world, account.account, "viewer", now=world.now)
    assert (shown.coverage, shown.waiting) == (None, Tally(0, 0))
    with pytest.raises(Forbidden):
        ask(world, account.account, "signer", now=world.now)


def test_what_does_not_fit_is_listed_until_somebody_resolves_it(world):
    world.book((300, "", "6217000000000000000"), (-200, "", ""))
    first, second = ask(world, anomalies.anomalies, "approver").rows
    assert (first.code, first.red) == ("unknown-credit", False)
    assert (second.code, second.red) == ("unordered-debit", True)
    do(world, resolve, "approver", anomaly_id=first.id, resolution="the owner's, misdirected")
    assert ask(world, anomalies.anomalies, "inspector").rows == (second,)
    both = ask(world, anomalies.anomalies, "inspector", only_open=False)
    assert both.rows[0].resolution == "the owner's, misdirected"
    with pytest.raises(Forbidden):
        ask(world, anomalies.anomalies, "signer")


def test_acts_are_paged_and_name_who_did_them(world):
    number = world.funded()
    whole = ask(world, acts.acts, "viewer").rows
    assert [one.act for one in whole] == ["receive", "book", "review", "fund"]
    assert [one.member for one in whole] == ["signer", "bank_operator", "labour_officer", None]
    found, cursor = [], None
    for _ in whole:
        page = ask(world, acts.acts, "viewer", limit=1, cursor=cursor)
        found += page.rows
        cursor = page.following
    assert (tuple(found), cursor) == (whole, None)
    of_sheet = ask(world, acts.acts, "signer", sheet_id=number).rows
    assert [one.act for one in of_sheet] == ["receive", "review", "fund"]
    assert ask(world, acts.acts, "signer").rows == of_sheet  # the bank's statement is not its own


def test_figures_show_what_is_open_and_since_when(world):
    with read_only(world.begin)() as tx:
        assert figures.figures(tx).payments == ()
    world.sent()
    world.book((-200, "", ""))
    with read_only(world.begin)() as tx:
        found = figures.figures(tx)
    [payments], [file], [queue] = found.payments, found.files, found.anomalies
    assert (payments.state, payments.count, payments.amount) == ("sent", 8, sum(NETS[:8]))
    assert (payments.currency, payments.oldest) == ("CNY", world.now)
    assert (file.state, file.count, file.amount) == ("sent", 1, sum(NETS[:8]))
    assert (queue.red, queue.count) == (True, 1)
    columns = {one.name: one.amount for one in found.columns}
    assert set(columns) == set(COLUMNS)
    assert (columns["in_flight"], columns["missing"]) == (sum(NETS[:8]), -200)
    assert found.sheets == ()


def test_a_project_without_an_account_has_none_to_show(world):
    with world.begin() as tx:
        tx.execute(text("UPDATE project SET account_id = NULL"))
    with pytest.raises(NoSuchAccount):
        ask(world, account.account, "viewer", now=world.now)
