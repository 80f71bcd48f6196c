"""The board shows what stands still, and for how long: nothing can wait unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import Act, OrganisationKind, Role
from disburse.domain.standing import Thing
from disburse.queries.board import board
from disburse.queries.paging import BadPage
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.give_up import give_up
from disburse.steps.bank.lose import lose
from disburse.steps.bank.reissue import reissue
from disburse.steps.money.declare import declare
from disburse.steps.money.explain import explain
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.review import review
from disburse.storage.engine import read_only
from disburse.storage.parties import NoSuchParty
from tests.queries.asking import do, paid_in_part, pay_again
from tests.sheets import lines

NETS = [line.net for line in lines(8)]


def shown(world, who="approver", **asked):
    with read_only(world.begin)() as tx:
        given = {"banks": world.banks, "now": world.now} | asked
        return board(tx, world.caller(who), **given)


def rows(world, who="approver", **asked):
    found = shown(world, who, **asked).rows
    return {(row.thing, row.state): row for row in found}


def places(world, who="approver", **asked):
    return set(rows(world, who, **asked))


def test_an_idle_project_has_an_empty_board(world):
    assert shown(world).rows == ()


class TestASheet:
    def test_each_step_has_the_next_owner(self, world):
        got = world.receive()
        found = rows(world)[Thing.SHEET, "received"]
        assert (found.owner_role, found.count, found.amount) == (
            Role.LABOUR_OFFICER, 8, sum(NETS))  # fmt: skip
        assert found.exits[0].act is Act.REVIEW
        assert found.exits[0].zh == "审核工资表"

        world.do(review, "labour_officer", sheet_id=got.sheet.id)
        found = rows(world)[Thing.SHEET, "reviewed"]
        assert found.owner_organisation is OrganisationKind.OWNER
        assert found.next_act is Act.FUND

    def test_its_age_counts_from_its_last_move_and_makes_an_alarm(self, world):
        got = world.receive()
        world.now += timedelta(days=2)
        world.do(review, "labour_officer", sheet_id=got.sheet.id)
        world.now += timedelta(hours=47)
        found = rows(world)[Thing.SHEET, "reviewed"]
        assert (found.age_seconds, found.alarm) == (47 * 3600, False)
        assert shown(world, only_late=True).rows == ()

        world.now += timedelta(hours=1)
        assert rows(world, only_late=True)[Thing.SHEET, "reviewed"].alarm

    def test_an_approval_tells_when_it_ends(self, world):
        number = world.funded()
        world.do(approve, "approver", sheet_id=number)

        found = rows(world)[Thing.SHEET, "approved"]

        assert found.next_act is Act.EXPIRE
        assert found.next_at == world.now + timedelta(days=7)

    def test_a_settled_sheet_is_gone(self, world):
        _, [_], [content] = world.sent()
        order = read_order(content)
        words = {one.reference: Word() for one in order.credits}
        world.ingest(write_answer(order, words, on=world.now.date()))

        assert shown(world).rows == ()


class TestAMissingAnswer:
    """A missing answer is itself an alarm."""

    def test_is_one_by_the_clock_alone(self, world):
        world.sent()
        due = rows(world)[Thing.FILE, "sent"]
        assert (due.next_act, due.alarm) == (Act.LOSE, False)
        assert due.next_at == due.late_at > world.now

        world.now = due.late_at  # and no worker loop ran

        late = rows(world, only_late=True)
        assert late[Thing.FILE, "sent"].alarm
        assert late[Thing.PAYMENT, "sent"].alarm
        assert late[Thing.PAYMENT, "sent"].amount == sum(NETS)

    def test_stays_one_when_the_worker_gave_up_waiting(self, world):
        _, [file], _ = world.sent()
        world.do(lose, None, file_id=file.id, why="no answer came in time")

        found = rows(world, only_late=True)

        assert found[Thing.FILE, "unknown"].alarm
        assert found[Thing.PAYMENT, "unknown"].alarm
        assert {way.act for way in found[Thing.FILE, "unknown"].exits} >= {
            Act.RETRANSMIT, Act.NEVER}  # fmt: skip

    def test_is_one_payment_by_payment_too(self, world):
        """The bank took the file, answered all but one payment, and then nothing more."""
        _, [file], [content] = world.sent()
        order = read_order(content)
        words = {one.reference: Word() for one in order.credits[1:]}
        world.ingest(write_answer(order, words, on=world.now.date()))
        world.now += timedelta(days=4)

        found = rows(world, only_late=True)

        assert found[Thing.PAYMENT, "sent"].count == 1
        assert found[Thing.PAYMENT, "sent"].name == file.reference
        assert found[Thing.FILE, "acknowledged"].alarm


class TestAPaymentThatCameBack:
    def test_waits_until_it_is_paid_again(self, world):
        number, file, names = paid_in_part(world)
        found = rows(world)
        assert found[Thing.PAYMENT, "rejected"].count == 1
        assert found[Thing.PAYMENT, "returned"].id == file.id
        assert found[Thing.SHEET, "exported"].amount == sum(NETS[:2])

        asked = do(world, reissue, "labour_officer", reference=names[0], reason="again",
                   banks=world.banks)  # fmt: skip
        found = rows(world)
        assert (Thing.PAYMENT, "rejected") not in found
        assert found[Thing.REISSUE, "asked"].id == number
        do(world, countersign, "approver", reference=asked.reference)
        assert (Thing.REISSUE, "countersigned") in rows(world)

    def test_is_gone_once_it_was_paid_or_given_up(self, world):
        _, _, names = paid_in_part(world)
        pay_again(world, names[0])
        assert (Thing.PAYMENT, "rejected") not in rows(world)

        do(world, give_up, "approver", reference=names[1], reason="went home")
        assert shown(world).rows == ()


class TestTheRest:
    def test_money_that_nobody_explained(self, world):
        world.book((700, "", "somebody"))
        assert places(world) == {(Thing.OPEN_ITEM, "unexplained"), (Thing.ANOMALY, "open")}
        found = rows(world)[Thing.OPEN_ITEM, "unexplained"]
        assert found.amount == 700

        world.do(explain, "labour_officer", kind="allocation", amount=700, item_id=found.id,
                 reason="the owner's second account")  # fmt: skip
        assert (Thing.OPEN_ITEM, "proposed") in rows(world)

    def test_a_declaration_until_the_bank_booked_it(self, world):
        world.do(declare, "funder", amount=900, voucher_digest="0" * 64,
                 expected_on=world.now.date())  # fmt: skip
        assert rows(world)[Thing.DECLARATION, "declared"].owner_role is Role.APPROVER

    def test_a_pause_after_a_restore(self, world):
        with world.begin() as tx:
            for number, reason in enumerate(("first", "another-server"), 1):
                tx.execute(text("""
                    INSERT INTO incarnation (number, system_identifier, timeline_id, dispatched,
                                             reason, seen_at)
                    VALUES (:n, 'a', :n, 0, :reason, :at)
                    """), {"n": number, "reason": reason, "at": world.now})  # fmt: skip
        found = rows(world)[Thing.DISPATCH, "paused"]
        assert (found.alarm, found.exits[0].act) == (True, Act.RESUME)


class TestWhoSeesIt:
    def test_each_sees_what_each_may_read(self, world):
        world.sent()
        world.book((700, "", "somebody"))

        assert {thing for thing, _ in places(world, "signer")} == {Thing.SHEET, Thing.PAYMENT}
        assert {thing for thing, _ in places(world, "bank_operator")} == {
            Thing.FILE, Thing.OPEN_ITEM}  # fmt: skip
        assert {thing for thing, _ in places(world, "approver")} == {
            Thing.SHEET, Thing.PAYMENT, Thing.FILE, Thing.OPEN_ITEM, Thing.ANOMALY}  # fmt: skip

    def test_a_subcontractor_sees_its_own(self, world):
        world.receive()
        with world.begin() as tx:
            kind = OrganisationKind.SUBCONTRACTOR
            world.organisations[kind] = world.organisations[OrganisationKind.OWNER]
            other = world.add_member(tx, kind, Role.SIGNER, "other signer")
        with read_only(world.begin)() as tx:
            assert board(tx, other, banks=world.banks, now=world.now).rows == ()

    def test_a_project_of_others_is_not_there(self, world):
        with pytest.raises(NoSuchParty):
            shown(world, project_id=world.project_id + 1)


def test_pages_go_on_where_the_last_one_ended(world):
    world.sent()
    world.book((700, "", "somebody"), (800, "", "another"))
    whole = shown(world).rows
    assert len(whole) == 7
    assert [row.since for row in whole] == sorted(row.since for row in whole)

    walked, cursor = [], None
    while True:
        page = shown(world, limit=2, cursor=cursor)
        walked += page.rows
        cursor = page.following
        if cursor is None:
            break

    assert tuple(walked) == whole
    with pytest.raises(BadPage):
        shown(world, cursor="nonsense")
