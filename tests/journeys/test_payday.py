"""One sheet, from the subcontractor's signature to the bank's last word. Read this first."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from disburse import signing
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.finding import Code
from disburse.domain.lifecycle.sheet import State
from disburse.domain.orders import Correction, write_correction
from disburse.domain.sheet import Payee
from disburse.queries.prove import prove
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.reissue import reissue
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.review import review
from disburse.steps.payroll.set_aside import set_aside
from disburse.storage import ledger
from tests.builders import a_key
from tests.sheets import a_card, a_sheet_json, lines

WORKERS = 8
STRANGER = 9  # signed for, but not on the roster


def test_payday(world):
    officer, approver, releaser = map(world.caller, ("labour_officer", "approver", "releaser"))

    # The subcontractor signs nine lines and submits them. One worker is not on the roster: that
    # line is blocked, the sheet is taken. The account is empty, and everybody is told so.
    everybody = lines(STRANGER)
    got = world.receive(a_sheet_json(*everybody))
    sheet = {"sheet_id": got.sheet.id}
    assert [(f.line, f.code) for f in got.findings] == [(STRANGER, Code.NOT_ON_ROSTER)]
    assert got.coverage.shortage == sum(line.net for line in everybody)

    # The labour officer sets that line aside and reviews the rest.
    with world.begin() as tx:
        set_aside(tx, caller=officer, line=STRANGER, reason="unknown here", **world.here | sheet)
    with world.begin() as tx:
        review(tx, caller=officer, **world.here | sheet)

    # The owner's money arrives, and the worker loop holds what the sheet needs.
    total = sum(line.net for line in everybody[:WORKERS])
    world.allocate(total + 1)
    with world.begin() as tx:
        fund(tx, caller=None, **world.here | sheet)

    # Another person approves; the bank file is written, proven, and handed over.
    with world.begin() as tx:
        assert approve(tx, caller=approver, **world.here | sheet).state is State.APPROVED
    with world.begin() as tx:
        _, [file] = export(tx, caller=releaser, banks=world.banks, **world.here | sheet)
    order = read_order(world.give(file))
    assert (len(order.credits), file.total) == (WORKERS, total)

    # The bank pays seven and refuses one; days later one that was paid comes back.
    words = {credit.reference: Word() for credit in order.credits}
    refused, late = order.credits[0].reference, order.credits[1].reference
    words[refused] = Word("rejected", "AC04", "closed account")
    world.ingest(write_answer(order, words, on=world.now.date()))
    world.now += timedelta(days=3)
    world.ingest(write_answer(order, {late: Word("returned", "AC01")}, on=world.now.date()))
    assert columns(world, "paid", "held", "in_flight", "free") == (
        sum(line.net for line in everybody[2:WORKERS]),
        everybody[0].net + everybody[1].net,
        0,
        1,
    )

    # The subcontractor signs the corrected account of the first, who is then paid.
    again = pay_again(world, refused, everybody[0].name, a_card(77))
    with world.begin() as tx:
        [second] = bundle(tx, caller=releaser, banks=world.banks, **world.here | sheet)
    order = read_order(world.give(second))
    assert [(c.reference, c.account) for c in order.credits] == [(again, a_card(77))]
    world.ingest(write_answer(order, {again: Word()}, on=world.now.date()))
    assert columns(world, "held") == (everybody[1].net,)

    with world.begin() as tx:
        proof = prove(tx)
    assert proof.ok, proof
    assert acts(world) == [
        "receive", "set_aside", "review", "fund", "approve", "export", "write", "claim",
        "hand_over", "acknowledge", "ingest", "ingest", "reissue", "countersign", "write", "claim",
        "hand_over", "acknowledge", "ingest",
    ]  # fmt: skip


def pay_again(world, reference, name, account):
    """Correct the account by a signed order, cool down, and have another person countersign."""
    payee = Payee(name=name, account=account, bank_code="102", bank_name="")
    order = write_correction(Correction(reference, payee, "the card was closed"))
    with world.begin() as tx:
        asked = reissue(
            tx,
            caller=world.caller("labour_officer"),
            reference=reference,
            reason="account closed",
            order=order,
            signature=signing.sign(order, a_key("subcontractor"), now=world.now),
            banks=world.banks,
            **world.here,
        )
    world.now = asked.not_before
    with world.begin() as tx:
        countersign(tx, caller=world.caller("approver"), reference=asked.reference, **world.here)
    return asked.reference


def columns(world, *names):
    """Return columns of the project's balance."""
    with world.begin() as tx:
        account = {"project_id": world.project_id, "account_id": world.account_id}
        balance = ledger.balance_of(tx, **account)
    return tuple(getattr(balance, name) for name in names)


def acts(world):
    """Return what happened to the sheet, in order."""
    with world.begin() as tx:
        rows = tx.execute(text("SELECT act FROM act WHERE sheet_id IS NOT NULL ORDER BY id"))
        return [row.act for row in rows]
