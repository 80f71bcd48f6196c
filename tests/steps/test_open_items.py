"""Money that nobody can explain: two people say what it was, and the books follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.approval import SamePerson
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.open_item import Explained, ExplanationRefused
from disburse.queries.open_items import open_items
from disburse.queries.prove import prove
from disburse.queries.reconciliation import reconciliation
from disburse.steps.money.declare import declare
from disburse.steps.money.dismiss import dismiss
from disburse.steps.money.endorse import endorse
from disburse.steps.money.explain import explain
from disburse.steps.money.recall import recall
from disburse.steps.money.vouch import vouch
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.review import review
from disburse.storage import ledger
from disburse.storage.ledger import NoSuchAccount
from disburse.storage.open_items import NoSuchExplanation, NoSuchOpenItem
from tests.sheets import a_line, a_sheet_json

VOUCHER = sha256(b"voucher").hexdigest()


def balance(world):
    with world.begin() as tx:
        proof = prove(tx)
        assert proof.ok, proof
        account = {"project_id": world.project_id, "account_id": world.account_id}
        return ledger.balance_of(tx, **account)


def items(world, **asked):
    with world.begin() as tx:
        here = {"project_id": world.project_id}
        return open_items(tx, world.caller("approver"), **here | asked).rows


def anomalies(world):
    with world.begin() as tx:
        query = "SELECT code FROM anomaly WHERE resolved_at IS NULL ORDER BY id"
        return [row.code for row in tx.execute(text(query))]


def unbooked(world):
    with world.begin() as tx:
        return {part.what: part.reported - part.booked for part in prove(tx).unbooked}


def say(world, kind, amount, item=None, **facts):
    given = {"kind": Explained(kind), "amount": amount, "reason": "seen on the bank's page"}
    return world.do(explain, "labour_officer", item_id=item, **given | facts)


def agreed(world, *told, **facts):
    number = say(world, *told, **facts)
    world.do(endorse, "approver", explanation_id=number)
    return balance(world)


def payments(world):
    with world.begin() as tx:
        query = "SELECT reference, amount FROM attempt ORDER BY line"
        return [tuple(row) for row in tx.execute(text(query))]


class TestCredit:
    def test_an_allocation_from_another_account_becomes_free(self, world):
        world.book((700, "", "somebody"))
        (item,) = items(world)
        assert (item.side, item.remaining, anomalies(world)) == ("credit", 700, ["unknown-credit"])
        after = agreed(world, "allocation", 700, item.id)
        assert (after.free, after.suspense) == (700, 0)
        assert (items(world), anomalies(world)) == ((), [])
        (shown,) = items(world, only_open=False)
        assert [one.state for one in shown.explanations] == ["endorsed"]

    def test_the_banks_words_are_told_to_whoever_has_to_explain_it(self, world):
        world.book((700, "", "somebody"), said="advance for August")
        assert [item.text for item in items(world)] == ["advance for August"]

    def test_it_may_be_explained_in_parts(self, world):
        world.book((700, "", "somebody"))
        (item,) = items(world)
        agreed(world, "allocation", 300, item.id)
        assert anomalies(world) == ["unknown-credit"]
        after = agreed(world, "allocation", 400, item.id)
        assert (after.free, after.suspense) == (700, 0)

    def test_a_payment_that_came_back_unnamed_is_drawn_no_more(self, world):
        _, [file], _ = world.sent()
        (reference, amount), *_ = payments(world)
        world.book((-file.total, file.reference, ""), (amount, "", "bank"))
        item = items(world)[-1]
        before = balance(world)
        after = agreed(world, "payment_return", amount, item.id, names=reference)
        assert (after.suspense, after.drawn - before.drawn) == (0, amount)

    def test_nothing_comes_back_that_the_bank_never_booked(self, world):
        world.sent()
        (reference, amount), *_ = payments(world)
        world.book((amount + 1, "", "bank"))
        number = say(world, "payment_return", amount, items(world)[-1].id, names=reference)
        with pytest.raises(ExplanationRefused, match="0 are booked"):
            world.do(endorse, "approver", explanation_id=number)
        assert balance(world).suspense == amount + 1

    def test_it_makes_good_what_a_fee_took(self, world):
        world.book((100, "", "somebody"), (-30, "", ""))
        credit, debit = items(world)
        after = agreed(world, "replenishment", 30, credit.id, fills_id=debit.id)
        assert (after.suspense, after.missing, after.free) == (70, 0, 0)
        assert anomalies(world) == ["unknown-credit"]


class TestDebit:
    def test_a_fee_is_absorbed_by_free_money(self, world):
        world.allocate(100)
        world.book((-30, "", "the court"))
        (item,) = items(world)
        after = agreed(world, "absorbed", 30, item.id)
        assert (after.free, after.missing, anomalies(world)) == (70, 0, [])

    def test_it_is_never_absorbed_beyond_what_is_free(self, world):
        world.allocate(20)
        world.book((-30, "", ""))
        number = say(world, "absorbed", 30, items(world)[0].id)
        with pytest.raises(ledger.ledger.Short):
            world.do(endorse, "approver", explanation_id=number)
        assert balance(world).missing == -30

    def test_our_own_payment_under_a_foreign_name_is_booked(self, world):
        _, [file], _ = world.sent()
        world.book((-file.total + 1, "THEIRS", ""), (-1, "THEIRS", ""))
        for item, amount in zip(items(world), (file.total - 1, 1), strict=True):
            after = agreed(world, "own_payment", amount, item.id, names=file.reference)
        assert (after.missing, after.drawn) == (0, -file.total)
        assert unbooked(world)[file.reference] == -file.total  # booked, and not reported yet

    def test_absorbed_money_comes_back_when_it_was_our_payment_after_all(self, world):
        _, [file], _ = world.sent()
        world.allocate(500)
        (reference, _), *_ = payments(world)
        world.book((-400, "THEIRS", ""))
        (item,) = items(world)
        free = balance(world).free
        assert agreed(world, "absorbed", 300, item.id).free == free - 300
        after = agreed(world, "own_payment", 400, item.id, names=reference)
        assert (after.free, after.missing, after.drawn) == (free, 0, -400)
        assert file

    def test_more_than_a_payment_comes_to_is_never_booked_for_it(self, world):
        world.sent()
        (reference, amount), *_ = payments(world)
        world.book((-amount - 7, "THEIRS", ""))
        (item,) = items(world)
        with pytest.raises(ExplanationRefused, match="comes to that much"):
            say(world, "own_payment", amount + 7, item.id, names=reference)
        number = say(world, "own_payment", amount, item.id, names=reference)
        again = say(world, "own_payment", 7, item.id, names=reference)
        world.do(endorse, "approver", explanation_id=number)
        with pytest.raises(ExplanationRefused, match="more out cannot be"):
            world.do(endorse, "approver", explanation_id=again)

    def test_recalled_money_that_was_spent_is_an_open_debit(self, world):
        got = world.receive()
        number = world.do(
            declare, "funder", amount=got.coverage.needed, voucher_digest=VOUCHER,
            expected_on=date(2026, 8, 9),
        )  # fmt: skip
        world.do(vouch, "approver", declaration_id=number)
        world.do(review, "labour_officer", sheet_id=got.sheet.id)
        world.do(fund, None, sheet_id=got.sheet.id)
        world.do(recall, "approver", declaration_id=number, reason="the owner is broke")
        world.book((got.coverage.needed, "", "the owner's other account"))
        credit, debit = sorted(items(world), key=lambda item: item.side)
        amount = got.coverage.needed
        after = agreed(world, "replenishment", amount, credit.id, fills_id=debit.id)
        assert (after.missing, after.suspense, after.held) == (0, 0, amount)

    def test_a_return_short_of_a_fee_leaves_the_fee_to_be_absorbed(self, world):
        _, [file], _ = world.sent()
        world.allocate(100)
        (reference, amount), *_ = payments(world)
        world.book((-file.total, file.reference, ""), (amount - 10, reference, ""))
        after = agreed(world, "elsewhere", 10, names=reference)
        assert after.missing == -10
        after = agreed(world, "absorbed", 10, items(world)[0].id)
        assert (after.missing, after.drawn) == (0, -file.total + amount)


class TestMatching:
    def test_the_only_file_of_that_amount_is_it(self, world):
        _, [file], _ = world.sent()
        world.book((-file.total, "NOTPROVIDED", ""))
        after = balance(world)
        assert (after.drawn, after.missing, anomalies(world)) == (-file.total, 0, [])
        with world.begin() as tx:
            row = tx.execute(
                text("SELECT names, matched_by FROM statement_entry WHERE amount < 0")
            ).one()
        assert tuple(row) == (file.reference, "amount")

    def test_between_two_payments_of_one_amount_nobody_guesses(self, world):
        alike = a_line(1)
        twin = a_line(2)
        sums = {"gross_items": alike.gross_items, "gross": alike.gross, "net": alike.net}
        world.sent(a_sheet_json(alike, replace(twin, **sums), a_line(3)))
        world.book((-alike.net, "", ""))
        assert anomalies(world) == ["ambiguous-debit"]
        assert balance(world).missing == -alike.net

    def test_two_entries_that_could_be_one_file_are_for_people(self, world):
        _, [file], _ = world.sent()
        world.book((-file.total, "", ""), (-file.total, "", ""))
        assert anomalies(world) == ["ambiguous-debit", "ambiguous-debit"]
        assert balance(world).drawn == 0

    def test_a_file_that_the_same_statement_names_is_no_candidate(self, world):
        _, [file], _ = world.sent()
        world.book((-file.total, file.reference, ""), (-file.total, "", ""))
        assert (balance(world).missing, anomalies(world)) == (-file.total, ["unordered-debit"])

    def test_a_file_that_the_bank_books_twice_is_a_red_alarm(self, world):
        _, [file], _ = world.sent()
        world.book((-file.total, file.reference, ""))
        world.book((-file.total, file.reference, ""))
        with world.begin() as tx:
            [(code, red)] = [tuple(r) for r in tx.execute(text("SELECT code, red FROM anomaly"))]
        assert (code, red) == ("booked-twice", True)
        assert balance(world).missing == -file.total

    def test_a_debit_long_before_the_pay_day_is_not_ours(self, world):
        _, [file], _ = world.sent()
        world.now = world.now.replace(year=world.now.year - 1)
        world.book((-file.total, "", ""))
        assert anomalies(world) == ["unordered-debit"]


class TestBatches:
    """Two files of one sum: how many payments the bank booked at once tells which it was."""

    @pytest.fixture
    def two(self, world):
        def costing(place, net, number=None):
            line = a_line(place, number=number or place)
            gross = net + line.total_deductions
            return replace(line, gross=gross, gross_items=(("base", gross),), net=net)

        _, [small], _ = world.sent(a_sheet_json(costing(1, 100_000), costing(2, 200_000)))
        earlier = {
            "period": date(2026, 6, 1), "worked_from": date(2026, 6, 1),
            "worked_to": date(2026, 6, 30),
        }  # fmt: skip
        amounts = (90_000, 110_000, 100_000)
        told = [costing(place, net, place - 2) for place, net in enumerate(amounts, start=3)]
        _, [large], [self.bytes] = world.sent(a_sheet_json(*told, **earlier))
        assert small.total == large.total == 300_000
        return small, large

    def matched(self, world):
        with world.everything() as tx:
            query = "SELECT names, matched_by FROM statement_entry WHERE amount < 0 ORDER BY 1"
            return [tuple(row) for row in tx.execute(text(query))]

    def test_the_count_tells_which(self, world, two):
        small, large = two
        world.book((-300_000, "", ""), count=3)
        assert self.matched(world) == [(large.reference, "batch")]
        world.book((-300_000, "", ""), count=2)
        assert (small.reference, "batch") in self.matched(world)
        assert (anomalies(world), balance(world).missing) == ([], 0)

    def test_without_the_count_nobody_guesses(self, world, two):
        world.book((-300_000, "", ""))
        assert (anomalies(world), self.matched(world)) == (["ambiguous-debit"], [("", "reference")])
        assert two

    def test_another_count_is_neither(self, world, two):
        world.book((-300_000, "", ""), count=4)
        assert anomalies(world) == ["unordered-debit"]
        assert two

    def test_two_entries_with_the_count_of_one_file_are_for_people(self, world, two):
        world.book((-300_000, "", ""), (-300_000, "", ""), count=3)
        assert anomalies(world) == ["ambiguous-debit", "ambiguous-debit"]
        assert two

    def test_a_batch_speaks_for_its_file_before_amounts_do(self, world, two):
        small, large = two
        world.book((-300_000, "", "", 3), (-300_000, "", "", None))
        assert self.matched(world) == sorted(
            [(large.reference, "batch"), (small.reference, "amount")]
        )

    def test_many_at_once_are_never_one_payment(self, world, two):
        world.book((-200_000, "", ""), count=2)
        assert anomalies(world) == ["unordered-debit"]
        assert two

    def test_of_a_file_in_part_the_count_of_what_was_not_rejected(self, world, two):
        _, large = two
        with world.begin() as tx:
            query = "SELECT reference FROM attempt WHERE file_id = :f AND amount = 100000"
            rejected = tx.scalar(text(query), {"f": large.id})
        words = {rejected: Word("rejected", "AC04")}
        world.ingest(write_answer(read_order(self.bytes), words, on=world.now.date()))
        world.book((-200_000, "", ""), count=2)
        assert self.matched(world) == [(large.reference, "batch")]
        assert anomalies(world) == []


class TestTwoPeople:
    def test_nobody_endorses_the_own_explanation(self, world):
        world.book((700, "", "somebody"))
        number = say(world, "allocation", 700, items(world)[0].id)
        officer, approver = world.caller("labour_officer"), world.caller("approver")
        world.members["both"] = type(approver)(
            member_id=approver.member_id,
            person_id=officer.person_id,
            organisation_id=approver.organisation_id,
            organisation_kind=approver.organisation_kind,
            grants=approver.grants,
        )
        with pytest.raises(SamePerson):
            world.do(endorse, "both", explanation_id=number)
        assert balance(world).suspense == 700

    def test_an_explanation_is_endorsed_once_and_dismissed_before_that(self, world):
        world.book((700, "", "somebody"))
        (item,) = items(world)
        wrong = say(world, "allocation", 700, item.id)
        world.do(dismiss, "labour_officer", explanation_id=wrong, reason="another account")
        with pytest.raises(WrongState, match="dismissed already"):
            world.do(endorse, "approver", explanation_id=wrong)
        first, second = (say(world, "allocation", 700, item.id) for _ in range(2))
        world.do(endorse, "approver", explanation_id=first)
        with pytest.raises(ExplanationRefused, match="0 minor units open"):
            world.do(endorse, "approver", explanation_id=second)
        with pytest.raises(NoSuchExplanation):
            world.do(endorse, "approver", explanation_id=second + 1)

    @pytest.mark.parametrize(
        ("kind", "facts", "told"),
        [
            ("absorbed", {}, "an open debit"),
            ("elsewhere", {"names": "F0000010"}, "no open item"),
            ("allocation", {"names": "F0000010"}, "names no payment"),
            ("payment_return", {}, "has to name"),
            ("replenishment", {}, "names the open debit"),
            ("payment_return", {"names": "F0000010"}, "no payment or file"),
        ],
    )
    def test_what_cannot_be_true_is_not_even_kept(self, world, kind, facts, told):
        world.book((700, "", "somebody"))
        with pytest.raises(ExplanationRefused, match=told):
            say(world, kind, 700, items(world)[0].id, **facts)

    def test_more_than_is_open_is_refused(self, world):
        world.book((700, "", "somebody"))
        with pytest.raises(ExplanationRefused, match="700 minor units open, not 701"):
            say(world, "allocation", 701, items(world)[0].id)
        with pytest.raises(NoSuchOpenItem):
            say(world, "allocation", 700, items(world)[0].id + 1)

    def test_without_an_account_there_is_nothing_to_explain(self, world):
        with world.begin() as tx:
            tx.execute(text("UPDATE project SET account_id = NULL"))
        with pytest.raises(NoSuchAccount):
            say(world, "allocation", 1, 1)
        with pytest.raises(NoSuchAccount), world.begin() as tx:
            reconciliation(tx, world.caller("approver"), project_id=world.project_id)


class TestReconciliation:
    def test_every_statement_agrees_with_the_ledger_of_its_day(self, world):
        _, [file], _ = world.sent()
        world.now += timedelta(days=1)
        world.book((-file.total, file.reference, ""), (9, "", "somebody"))
        with world.begin() as tx:
            told = reconciliation(tx, world.caller("approver"), project_id=world.project_id)
        first, second = told.days
        assert told.agrees
        assert (first.booked, first.held + first.in_flight) == (first.closing, first.closing)
        assert (second.closing, second.booked, second.suspense) == (9, 9, 9)
        for day in told.days:
            parts = (day.free, day.held, day.in_flight, day.unconfirmed, day.suspense,
                     day.missing, day.awaited)  # fmt: skip
            assert (sum(parts), day.difference) == (day.booked, 0)

    def test_an_account_older_than_its_books_opens_with_money_to_be_explained(self, world):
        world._booked = 5_000
        world.book((100, "", "somebody"))
        assert balance(world).suspense == 5_100
        assert {item.cause for item in items(world)} == {
            f"opening:{world.account_id}", f"entry:{world.account_id}:B1-0",
        }  # fmt: skip
        opening = next(item for item in items(world) if item.cause.startswith("opening"))
        assert agreed(world, "allocation", 5_000, opening.id).free == 5_000
