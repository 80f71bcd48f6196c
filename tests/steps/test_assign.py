"""What is on a shared account and could be several projects' is given to one by two people."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from disburse.domain.access import Act, Forbidden, Role
from disburse.domain.standing import Thing
from disburse.queries.open_items import unassigned
from disburse.queries.prove import prove
from disburse.steps.money.assign import assign
from disburse.storage import ledger
from disburse.storage.open_items import NoSuchOpenItem
from tests.builders import PAYER
from tests.queries.test_board import rows, shown
from tests.steps.test_open_items import agreed, anomalies, items


def another_project(world, code, *, account=True, payer="", without=""):
    with world.operating() as tx:
        values = {"code": code, "payer": payer, "a": world.account_id if account else None}
        number = tx.scalar(
            text("""
            INSERT INTO project (code, name, owner_id, general_contractor_id, account_id, region,
                sector, government_funded, currency, contract_amount, labour_share_basis_points,
                starts_on, ends_on, time_zone, policy, payer_account)
            SELECT :code, name, owner_id, general_contractor_id, :a, region, sector,
                government_funded, currency, 0, 0, starts_on, ends_on, time_zone, policy, :payer
            FROM project WHERE id = :p RETURNING id"""),
            values | {"p": world.project_id},
        )
        tx.execute(
            text("""
            INSERT INTO party SELECT :new, organisation_id, capacity, delegation_digest,
                delegation_from, delegation_to FROM party
                WHERE project_id = :p AND capacity <> :without"""),
            {"new": number, "p": world.project_id, "without": without},
        )
        if account:
            ledger.open_row(tx, project_id=number, account_id=world.account_id)
    return number


@pytest.fixture
def second(world):
    return another_project(world, "SECOND")


def balance(world, project_id=None):
    with world.everything() as tx:
        proof = prove(tx)
        assert proof.ok, proof
        number = world.project_id if project_id is None else project_id
        return ledger.balance_of(tx, project_id=number, account_id=world.account_id)


def nobodys(world, **asked):
    with world.begin() as tx:
        return unassigned(tx, world.caller("approver"), project_id=world.project_id, **asked).rows


def both_assign(world, item, **more):
    given = {"item_id": item.id, "reason": "the owner says so"}
    assert not world.do(assign, "releaser", **given | more)
    assert world.do(assign, "approver", **given | more)


def test_a_credit_becomes_the_projects_and_is_explained_there(world, second):
    world.book((700, "", "somebody"))
    (item,) = nobodys(world)
    assert (items(world), balance(world, 0).suspense) == ((), 700)
    both_assign(world, item)
    assert (balance(world, 0).suspense, balance(world).suspense) == (0, 700)
    assert nobodys(world) == ()
    (ours,) = items(world)
    assert (ours.id, ours.remaining, anomalies(world)) == (item.id, 700, ["unknown-credit"])
    assert agreed(world, "allocation", 700, ours.id).free == 700
    assert anomalies(world) == []
    assert second


def test_a_debit_becomes_the_projects_and_stays_a_red_alarm(world, second):
    world.book((-30, "", "the court"))
    both_assign(world, nobodys(world)[0], project_id=second)
    assert (balance(world, 0).missing, balance(world, second).missing) == (0, -30)
    with world.begin() as tx:
        rows = tx.execute(
            text("SELECT project_id, red, resolution IS NULL FROM anomaly ORDER BY id")
        )
        assert [tuple(row) for row in rows] == [
            (world.project_id, True, False),
            (second, True, True),
        ]


def test_what_was_there_before_the_books_is_assigned_too(world, second):
    world._booked = 5_000
    world.book()
    (item,) = nobodys(world)
    assert item.cause == f"opening:{world.account_id}"
    both_assign(world, item)
    assert (balance(world).suspense, anomalies(world)) == (5_000, [])
    assert second


def test_until_then_it_stands_on_the_board_of_everybody_who_may_decide(world, second):
    world.book((700, "", "somebody"))
    found = shown(world, project_id=second).rows
    (told,) = [one for one in found if one.thing is Thing.OPEN_ITEM]
    assert (told.state, told.id, told.amount) == ("unassigned", nobodys(world)[0].id, 700)
    assert [one.act for one in told.exits] == [Act.ASSIGN]
    both_assign(world, nobodys(world)[0])
    assert shown(world, project_id=second).rows == ()
    assert (Thing.OPEN_ITEM, "unexplained") in rows(world)


def test_both_movements_stand(world, second):
    world.book((700, "", "somebody"))
    both_assign(world, nobodys(world)[0])
    with world.everything() as tx:
        query = "SELECT project_id, kind, reference FROM transfer ORDER BY project_id, kind"
        posted = [tuple(row) for row in tx.execute(text(query))]
    entry = f"entry:{world.account_id}:B1-0"
    assert posted == [
        (0, "book_unknown_credit", entry),
        (0, "correct", f"book_unknown_credit:{entry}"),
        (world.project_id, "book_unknown_credit", entry),
    ]
    assert second


def test_it_takes_the_role_on_every_project_that_shares_the_account(world, second):
    world.book((700, "", "somebody"))
    releaser = world.caller("releaser")
    only_here = frozenset({(Role.RELEASER, world.project_id)})
    world.members["only here"] = replace(releaser, grants=only_here)
    with pytest.raises(Forbidden, match="every project"):
        world.do(assign, "only here", item_id=nobodys(world)[0].id, reason="ours")
    assert second


def test_another_contractors_project_is_nobodys_to_decide_for(world):
    another_project(world, "SECOND", without="general_contractor")
    world.book((700, "", "somebody"))
    with pytest.raises(Forbidden, match="every project"):
        world.do(assign, "releaser", item_id=nobodys(world)[0].id, reason="ours")


def test_a_project_that_never_had_the_account_gets_nothing_of_it(world, second):
    elsewhere = another_project(world, "ELSEWHERE", account=False)
    world.book((700, "", "somebody"))
    (item,) = nobodys(world)
    with pytest.raises(NoSuchOpenItem):
        world.do(assign, "releaser", project_id=elsewhere, item_id=item.id, reason="ours")
    with pytest.raises(NoSuchOpenItem):
        world.do(assign, "releaser", item_id=item.id + 1, reason="ours")
    assert second


def test_an_item_of_a_project_is_not_assigned_again(world, second):
    world.book((700, "", "somebody"))
    (item,) = nobodys(world)
    both_assign(world, item)
    with pytest.raises(NoSuchOpenItem):
        world.do(assign, "releaser", project_id=second, item_id=item.id, reason="ours")


class TestWhoPaid:
    def test_the_payer_tells_whose_money_it_is(self, world, second):
        world.allocate(100)
        assert (balance(world).free, nobodys(world)) == (100, ())
        assert second

    def test_one_owner_of_two_projects_is_never_guessed_for(self, world):
        another_project(world, "SECOND", payer=PAYER)
        world.allocate(100)
        assert (balance(world).free, balance(world, 0).suspense) == (0, 100)
        both_assign(world, nobodys(world)[0])
        assert agreed(world, "allocation", 100, items(world)[0].id).free == 100

    def test_where_the_bank_does_not_see_every_project_it_tells_nobodys_money(self, world):
        another_project(world, "SECOND", without="bank")
        world.allocate(100)
        assert (balance(world).free, balance(world, 0).suspense) == (0, 100)
