"""Everything behind one payment, and behind the file that it left in."""

from __future__ import annotations

import pytest

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import Forbidden
from disburse.domain.lifecycle import attempt, bank_file
from disburse.domain.lifecycle.edges import WrongState
from disburse.queries import files, payment, sheets
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.review import review
from disburse.steps.payroll.set_aside import set_aside
from disburse.storage.attempts import NoSuchPayment
from disburse.storage.files import NoSuchFile
from disburse.storage.views import Tally
from tests.queries.asking import NETS, ask, do, paid_in_part, pay_again


def test_a_payments_chain_tells_everything_behind_it(world):
    _, file, [rejected, *_] = paid_in_part(world)
    again = pay_again(world, rejected)
    chain = ask(world, payment.chain, "inspector", reference=again)
    assert ask(world, payment.chain, "signer", reference=rejected) == chain
    owed = chain.entitlement
    assert (owed.owed, owed.paid, owed.live, owed.line) == (NETS[0], NETS[0], 0, 1)
    first, second = chain.attempts
    assert (first.reference, first.state, first.reason) == (
        rejected, attempt.State.REJECTED, "AC04"
    )  # fmt: skip
    assert (first.file_sha256, first.reissue_reason) == (file.sha256, None)
    assert (second.state, second.reissue_reason) == (attempt.State.PAID, "again")
    assert second.evidence is not None
    assert [(one.attempt, one.result, one.effect) for one in chain.answers] == [
        (1, "rejected", "moved"), (2, "paid", "moved"),
    ]  # fmt: skip
    done = [one.act for one in chain.acts]
    assert done[:4] == ["receive", "review", "fund", "approve"]
    assert sorted(done[4:]) == sorted([
        "write", "export", "claim", "hand_over", "acknowledge", "ingest", "reissue",
        "countersign", "write", "claim", "hand_over", "acknowledge", "ingest",
    ])  # fmt: skip
    assert {one.member for one in chain.acts} >= {"signer", "approver", "releaser", None}


def test_a_chain_leaves_out_what_happened_to_other_lines(world):
    number = world.receive().sheet.id
    do(world, set_aside, "labour_officer", sheet_id=number, line=8, reason="unknown")
    do(world, set_aside, "labour_officer", sheet_id=number, line=7, reason="another")
    world.allocate(sum(NETS))
    do(world, review, "labour_officer", sheet_id=number)
    do(world, fund, "approver", sheet_id=number)
    do(world, approve, "approver", sheet_id=number)
    do(world, export, "releaser", sheet_id=number, banks=world.banks)
    reference = ask(world, sheets.lines, "viewer", sheet_id=number).rows[0].reference
    chain = ask(world, payment.chain, "inspector", reference=reference)
    assert "set_aside" not in [one.act for one in chain.acts]


@pytest.mark.parametrize("reference", ["", "nonsense", "0000000000000", "00000100010Z1"])
def test_a_reference_of_nobodys_is_refused(world, reference):
    with pytest.raises(NoSuchPayment):
        ask(world, payment.chain, "inspector", reference=reference)


def test_a_file_is_answered_when_no_payment_of_it_is_open(world):
    number, [file], [content] = world.sent()
    [shown] = ask(world, files.files, "releaser").rows
    assert (shown.sha256, shown.count, shown.total) == (file.sha256, 8, sum(NETS[:8]))
    assert shown.payments == {attempt.State.SENT: Tally(8, sum(NETS[:8]))}
    assert (shown.state, shown.answered) == (bank_file.State.SENT, False)
    order = read_order(content)
    words = {one.reference: Word() for one in order.credits}
    world.ingest(write_answer(order, words, on=world.now.date()))
    shown = ask(world, files.file, "bank_operator", file_id=file.id)
    assert shown.answered
    assert [f.id for f in ask(world, files.files, "releaser", sheet_id=number).rows] == [file.id]
    assert ask(world, files.files, "releaser", state=bank_file.State.WRITTEN).rows == ()
    assert ask(world, files.content, "releaser", file_id=file.id) == content


def test_the_bytes_of_a_file_are_for_releasers_once_it_is_claimed(world):
    _, [file] = world.exported()
    with pytest.raises(WrongState):
        ask(world, files.content, "releaser", file_id=file.id)
    world.give(file)
    for who in ("finance_viewer", "bank_operator", "signer"):
        with pytest.raises(Forbidden):
            ask(world, files.content, who, file_id=file.id)
    with pytest.raises(Forbidden):
        ask(world, files.files, "signer")


def test_files_that_are_nowhere_are_refused(world):
    for query in (files.file, files.content):
        with pytest.raises(NoSuchFile):
            ask(world, query, "releaser", file_id=999)
