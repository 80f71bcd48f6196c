"""Progress is a view: it follows every line, and tells each caller what is theirs to know."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from disburse.domain.coverage import Coverage
from disburse.domain.identity import mask_account, mask_name
from disburse.domain.lifecycle.sheet import State
from disburse.queries import acts, payment, sheets
from disburse.steps.bank.give_up import give_up
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.reject import reject
from disburse.steps.payroll.review import review
from disburse.steps.payroll.set_aside import set_aside
from disburse.storage.attempts import NoSuchPayment
from disburse.storage.engine import read_only
from disburse.storage.sheets import NoSuchSheet
from disburse.storage.views import LineState, Tally
from tests.queries.asking import NETS, STRANGER, ask, do, paid_in_part, pay_again, sheet_of
from tests.queries.test_payouts import another_subcontractor
from tests.sheets import a_line, a_sheet_json, lines


def test_every_line_is_in_one_tally_on_its_whole_way(world):
    got = world.receive(a_sheet_json(*lines(8), a_line(STRANGER)))
    number = got.sheet.id
    before = sheet_of(world, number).progress
    assert before.lines == {LineState.WAITING: Tally(9, sum(NETS))}
    assert (before.open_blockers, before.settled, before.answered) == (1, False, False)
    do(world, set_aside, "labour_officer", sheet_id=number, line=STRANGER, reason="unknown")
    after = sheet_of(world, number).progress
    assert after.lines == {
        LineState.WAITING: Tally(8, sum(NETS[:8])),
        LineState.SET_ASIDE: Tally(1, NETS[8]),
    }
    assert (after.open_blockers, after.arrears) == (0, sum(NETS))


def test_a_sheet_is_settled_when_every_funded_line_is_paid(world):
    number, _, [rejected, returned, *_] = paid_in_part(world)
    progress = sheet_of(world, number).progress
    assert progress.lines == {
        LineState.PAID: Tally(6, sum(NETS[2:8])),
        LineState.REJECTED: Tally(1, NETS[0]),
        LineState.RETURNED: Tally(1, NETS[1]),
    }
    assert (progress.answered, progress.settled) == (True, False)
    assert progress.arrears == NETS[0] + NETS[1]
    pay_again(world, rejected)
    assert not sheet_of(world, number).progress.settled
    do(world, give_up, "approver", reference=returned, reason="left the country")
    progress = sheet_of(world, number).progress
    assert progress.settled
    assert progress.lines[LineState.GIVEN_UP] == Tally(1, NETS[1])
    assert progress.arrears == NETS[1]  # still owed


def test_a_rejected_sheet_owes_nothing_and_waits_for_nothing(world):
    number = world.receive().sheet.id
    do(world, reject, "approver", sheet_id=number, reason="wrong month")
    shown = sheet_of(world, number)
    assert shown.progress.lines == {LineState.VOID: Tally(8, sum(NETS[:8]))}
    assert (shown.progress.arrears, shown.coverage, shown.covered) == (0, None, None)


def test_the_same_shortage_is_told_to_the_contractor_and_to_the_owner(world):
    number = world.receive().sheet.id
    world.allocate(1_000)
    world.now += timedelta(days=10)
    expected = Coverage(
        free=1_000, held=0, missing=0, declared=0, needed=sum(NETS[:8]),
        shortage=sum(NETS[:8]) - 1_000, due_on=date(2026, 8, 10), payer="Owner", days_late=5,
    )  # fmt: skip
    for who in ("labour_officer", "funder", "viewer", "inspector"):
        assert sheet_of(world, number, who).coverage == expected
    # A subcontractor is told whether there is money, and not what else the account has.
    shown = sheet_of(world, number, "signer")
    assert (shown.coverage, shown.covered) == (None, False)


def test_a_line_is_shown_masked_with_where_it_stands(world):
    number, _, [rejected, *_] = paid_in_part(world)
    page = ask(world, sheets.lines, "viewer", sheet_id=number, limit=3)
    told = lines(1)[0]
    first = page.rows[0]
    assert (first.name, first.account) == (mask_name(told.name), mask_account(told.account))
    assert (first.state, first.reference, first.net) == (LineState.REJECTED, rejected, NETS[0])
    rest = ask(world, sheets.lines, "viewer", sheet_id=number, cursor=page.following)
    assert [row.number for row in page.rows + rest.rows] == list(range(1, 9))
    only = ask(world, sheets.lines, "viewer", sheet_id=number, state=LineState.RETURNED)
    assert [row.number for row in only.rows] == [2]


def test_blockers_are_paged_by_line_and_masked(world):
    strangers = [a_line(STRANGER + place, number=place + 1) for place in range(3)]
    number = world.receive(a_sheet_json(*strangers)).sheet.id
    first = ask(world, sheets.blockers, "labour_officer", sheet_id=number, limit=2)
    assert [row.line for row in first.rows] == [1, 2]
    rest = ask(
        world, sheets.blockers, "labour_officer", sheet_id=number, limit=2, cursor=first.following
    )
    assert ([row.line for row in rest.rows], rest.following) == ([3], None)
    assert first.rows[0].shown == mask_name(strangers[0].name)
    assert not first.rows[0].cleared


def test_what_an_approver_is_shown_is_what_the_approval_takes(world):
    number = world.funded()
    shown = ask(world, sheets.to_approve, "approver", sheet_id=number)
    assert (shown.count, shown.total, shown.lines) == (8, sum(NETS[:8]), "1-8")
    assert (shown.needed, shown.given) == (1, ())
    do(world, approve, "approver", sheet_id=number, root_seen=shown.root)
    again = ask(world, sheets.to_approve, "approver", sheet_id=number)
    assert again.given == (world.caller("approver").person_id,)


def test_lists_of_sheets_are_narrowed_and_paged(world):
    june = {"period": date(2026, 6, 1), "worked_from": date(2026, 6, 1),
            "worked_to": date(2026, 6, 30)}  # fmt: skip
    july = world.receive().sheet.id
    other = world.receive(a_sheet_json(*lines(2), **june)).sheet.id
    do(world, review, "labour_officer", sheet_id=other)
    found = ask(world, sheets.sheets, "viewer")
    assert [row.id for row in found.rows] == [july, other]
    first = ask(world, sheets.sheets, "viewer", limit=1)
    rest = ask(world, sheets.sheets, "viewer", limit=1, cursor=first.following)
    assert [row.id for row in first.rows + rest.rows] == [july, other]
    assert [r.id for r in ask(world, sheets.sheets, "viewer", state=State.REVIEWED).rows] == [other]
    july_only = ask(world, sheets.sheets, "viewer", period=date(2026, 7, 1))
    assert [row.id for row in july_only.rows] == [july]
    with read_only(world.begin)() as tx:
        everywhere = sheets.sheets(tx, world.caller("inspector"))
    assert len(everywhere.rows) == 2


def test_another_subcontractors_sheets_do_not_exist(world):
    number, _, [reference, *_] = paid_in_part(world)
    another_subcontractor(world)
    who = "second signer"
    assert ask(world, sheets.sheets, who).rows == ()
    for query in (sheets.lines, sheets.blockers, sheets.to_approve):
        with pytest.raises(NoSuchSheet):
            ask(world, query, who, sheet_id=number)
    with pytest.raises(NoSuchSheet):
        sheet_of(world, number, who)
    with pytest.raises(NoSuchPayment):
        ask(world, payment.chain, who, reference=reference)
    assert ask(world, acts.acts, who).rows == ()
    assert ask(world, acts.acts, who, sheet_id=number).rows == ()


def test_sheets_that_are_nowhere_are_refused(world):
    with pytest.raises(NoSuchSheet):
        sheet_of(world, 999)
