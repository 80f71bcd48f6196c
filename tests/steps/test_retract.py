"""An explanation that was agreed on and wrong is taken back: reversed, never removed."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from disburse.domain.approval import SamePerson
from disburse.domain.ledger import Short
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.open_item import ExplanationRefused
from disburse.queries.reconciliation import reconciliation
from disburse.steps.money.endorse import endorse
from disburse.steps.money.retract import retract
from tests.sheets import a_line, a_sheet_json
from tests.steps.test_open_items import agreed, anomalies, balance, items, payments, say


def endorsed(world, *told, **facts):
    number = say(world, *told, **facts)
    world.do(endorse, "approver", explanation_id=number)
    return number


def take_back(world, number):
    """Two people retract; return what the balance is then."""
    wrong = {"explanation_id": number, "reason": "it was another credit"}
    assert not world.do(retract, "releaser", **wrong)
    assert world.do(retract, "approver", **wrong)
    return balance(world)


def states(world):
    with world.begin() as tx:
        return list(tx.scalars(text("SELECT state FROM explanation ORDER BY id")))


class TestWhatItMoved:
    def test_an_allocation_waits_in_suspense_again(self, world):
        world.book((700, "", "somebody"))
        (item,) = items(world)
        number = endorsed(world, "allocation", 700, item.id)
        assert (balance(world).free, anomalies(world)) == (700, [])
        after = take_back(world, number)
        assert (after.free, after.suspense) == (0, 700)
        assert ([one.remaining for one in items(world)], states(world)) == ([700], ["retracted"])
        assert anomalies(world) == ["unknown-credit"]
        # and can be explained anew
        again = agreed(world, "allocation", 700, item.id)
        assert (again.free, anomalies(world)) == (700, [])

    def test_what_was_spent_since_cannot_be_taken_back(self, world):
        world.book((700, "", "somebody"), (-300, "", "the court"))
        credit, debit = items(world)
        number = endorsed(world, "allocation", 700, credit.id)
        agreed(world, "absorbed", 300, debit.id)
        world.do(retract, "releaser", explanation_id=number, reason="wrong")
        with pytest.raises(Short, match="free lacks 300"):
            world.do(retract, "approver", explanation_id=number, reason="wrong")
        assert (balance(world).free, states(world)) == (400, ["endorsed", "endorsed"])

    def test_a_return_that_was_none_is_drawn_again(self, world):
        _, [file], _ = world.sent()
        (reference, amount), *_ = payments(world)
        world.book((-file.total, file.reference, ""), (amount, "", "bank"))
        number = endorsed(world, "payment_return", amount, items(world)[-1].id, names=reference)
        after = take_back(world, number)
        assert (after.drawn, after.suspense) == (-file.total, amount)

    def test_a_debit_that_was_not_ours_is_missing_again(self, world):
        _, [file], _ = world.sent()
        world.book((-file.total + 1, "THEIRS", ""))
        (item,) = items(world)
        number = endorsed(world, "own_payment", file.total - 1, item.id, names=file.reference)
        after = take_back(world, number)
        assert (after.drawn, after.missing) == (0, -file.total + 1)
        assert anomalies(world) == ["unordered-debit"]

    def test_what_it_gave_back_to_free_money_is_absorbed_again(self, world):
        world.sent()
        world.allocate(500)
        (reference, _), *_ = payments(world)
        world.book((-400, "THEIRS", ""))
        (item,) = items(world)
        agreed(world, "absorbed", 300, item.id)
        before = balance(world)
        number = endorsed(world, "own_payment", 400, item.id, names=reference)
        after = take_back(world, number)
        assert after == before
        (shown,) = items(world)
        assert (shown.remaining, shown.absorbed) == (100, 300)

    def test_a_fee_that_was_none_gives_the_free_money_back(self, world):
        world.allocate(100)
        world.book((-30, "", "the court"))
        number = endorsed(world, "absorbed", 30, items(world)[0].id)
        after = take_back(world, number)
        assert (after.free, after.missing) == (100, -30)

    def test_money_that_made_nothing_good_leaves_both_items_open(self, world):
        world.book((100, "", "somebody"), (-30, "", ""))
        credit, debit = items(world)
        number = endorsed(world, "replenishment", 30, credit.id, fills_id=debit.id)
        after = take_back(world, number)
        assert (after.suspense, after.missing) == (100, -30)
        assert [(one.remaining, one.absorbed) for one in items(world)] == [(100, 0), (30, 0)]

    def test_a_return_that_came_here_after_all_closes_what_it_had_opened(self, world):
        _, [file], _ = world.sent()
        (reference, amount), *_ = payments(world)
        world.book((-file.total, file.reference, ""), (amount - 10, reference, ""))
        number = endorsed(world, "elsewhere", 10, names=reference)
        after = take_back(world, number)
        assert (after.missing, after.drawn, items(world)) == (0, -file.total + amount - 10, ())


class TestWhatRestsOnIt:
    def test_what_it_opened_and_was_explained_since_comes_first(self, world):
        _, [file], _ = world.sent()
        world.allocate(100)
        (reference, amount), *_ = payments(world)
        world.book((-file.total, file.reference, ""), (amount - 10, reference, ""))
        first = endorsed(world, "elsewhere", 10, names=reference)
        second = endorsed(world, "absorbed", 10, items(world)[0].id)
        world.do(retract, "releaser", explanation_id=first, reason="wrong")
        with pytest.raises(ExplanationRefused, match="retract that first"):
            world.do(retract, "approver", explanation_id=first, reason="wrong")
        take_back(world, second)
        assert world.do(retract, "approver", explanation_id=first, reason="wrong")
        assert balance(world).missing == 0

    def test_absorbed_money_that_was_counted_otherwise_since(self, world):
        world.sent(a_sheet_json(a_line(1)))
        world.allocate(500)
        (reference, _), *_ = payments(world)
        world.book((-400, "THEIRS", ""))
        (item,) = items(world)
        first = endorsed(world, "absorbed", 400, item.id)
        agreed(world, "own_payment", 400, item.id, names=reference)
        world.do(retract, "releaser", explanation_id=first, reason="wrong")
        with pytest.raises(ExplanationRefused, match="only 0 minor units"):
            world.do(retract, "approver", explanation_id=first, reason="wrong")

    def test_a_payment_that_came_back_since_was_paid(self, world):
        world.sent(a_sheet_json(a_line(1), a_line(2)))
        (reference, amount), *_ = payments(world)
        world.book((-amount - 1, "THEIRS", ""))
        number = endorsed(world, "own_payment", amount, items(world)[0].id, names=reference)
        world.book((amount, reference, ""))
        world.do(retract, "releaser", explanation_id=number, reason="wrong")
        with pytest.raises(ExplanationRefused, match="more would be than can"):
            world.do(retract, "approver", explanation_id=number, reason="wrong")


class TestTwoPeople:
    def test_one_person_alone_changes_nothing(self, world):
        world.book((700, "", "somebody"))
        number = endorsed(world, "allocation", 700, items(world)[0].id)
        world.do(retract, "approver", explanation_id=number, reason="wrong")
        with pytest.raises(SamePerson):
            world.do(retract, "approver", explanation_id=number, reason="wrong")
        assert (balance(world).free, states(world)) == (700, ["endorsed"])

    def test_only_what_was_endorsed_and_once(self, world):
        world.book((700, "", "somebody"))
        (item,) = items(world)
        proposed = say(world, "allocation", 700, item.id)
        with pytest.raises(WrongState, match="proposed"):
            world.do(retract, "approver", explanation_id=proposed, reason="wrong")
        world.do(endorse, "approver", explanation_id=proposed)
        take_back(world, proposed)
        with pytest.raises(WrongState, match="retracted"):
            world.do(retract, "approver", explanation_id=proposed, reason="wrong")

    def test_both_movements_stand_and_every_day_still_agrees(self, world):
        world.book((700, "", "somebody"))
        number = endorsed(world, "allocation", 700, items(world)[0].id)
        take_back(world, number)
        with world.begin() as tx:
            query = "SELECT kind, reference FROM transfer WHERE reference LIKE :some ORDER BY kind"
            posted = [tuple(row) for row in tx.execute(text(query), {"some": "%explanation%"})]
            told = reconciliation(tx, world.caller("approver"), project_id=world.project_id)
        assert posted == [
            ("accept_credit", f"explanation:{number}"),
            ("correct", f"accept_credit:explanation:{number}"),
        ]
        assert told.agrees
