"""August's wages, paid in September: refusals, a sheet that waits, a payment that comes back."""

from __future__ import annotations

from typing import Final

from disburse import signing
from disburse.demo.bank import Word, with_stranger, write_answer
from disburse.demo.contract import PAYER
from disburse.demo.doing import (
    answer,
    kept,
    pay,
    release,
    signed,
    state,
    submit,
    submit_month,
    turn,
)
from disburse.demo.showing import show_account, show_coverage, show_findings, show_sheets
from disburse.demo.site import Key, Site
from disburse.demo.telling import Mark, yuan
from disburse.demo.wages import AUGUST, SUBCONTRACTORS, a_faulty_sheet, a_sheet, tampered
from disburse.domain.identity import mask_account
from disburse.domain.orders import Correction, write_correction
from disburse.domain.sheet import Payee
from disburse.queries.anomalies import anomalies
from disburse.signing import BadSignature
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.countersign import CoolingDown, countersign
from disburse.steps.bank.reissue import reissue
from disburse.steps.bank.resolve import resolve
from disburse.steps.payroll.receive import SheetRefused
from disburse.steps.payroll.review import review
from disburse.steps.payroll.set_aside import set_aside

A, B, C = (Key(one.letter, AUGUST) for one in SUBCONTRACTORS)
ALLOCATED_FIRST: Final = 75_000_000  # fen; enough for A and B
ALLOCATED_LATE: Final = 21_000_000  # fen; with what is left, enough for C
SET_ASIDE: Final = 17  # the line of B whose worker nobody registered
REFUSED_BY_BANK: Final = 12  # the payment to A's workers that the bank refuses
SENT_BACK: Final = 5  # and the one to B's that comes back after it was paid (before line 17, so
# payments and lines are numbered alike)


def submit_sheets(site: Site) -> None:
    """Submit two sheets that are refused as a whole, and then three that are taken."""
    site.teller.chapter("august.submit")
    site.clock.to(9, 5)
    a, _, c = SUBCONTRACTORS
    sheet = a_sheet(a, AUGUST)
    signature = signing.sign(sheet.content, site.keys["A"], now=site.clock.now)
    changed = tampered(sheet)
    kept(site, changed, signature)
    try:
        submit(site, "A", changed, signature)
    except BadSignature:
        site.teller.say("tampered", Mark.REFUSED, sheet=changed.name)
    faulty = a_faulty_sheet(c, AUGUST)
    try:
        submit(site, "C", faulty, signed(site, "C", faulty))
    except SheetRefused as refusal:
        site.teller.say("faulty", Mark.REFUSED, sheet=faulty.name, count=len(refusal.findings))
        show_findings(site.teller, "faulty.table", refusal.findings)
    findings = [found for key in (A, B, C) for found in submit_month(site, key).findings]
    show_findings(site.teller, "blocked.table", findings)


def review_sheets(site: Site) -> None:
    """Let the labour officer set one line aside and review all three sheets."""
    site.teller.chapter("august.review")
    site.clock.to(9, 7)
    reason = "未实名登记，不在名册，待核实"
    site.do(set_aside, "labour_officer", sheet_id=site.sheets[B], line=SET_ASIDE, reason=reason)
    site.teller.say("set_aside", Mark.WAITS, line=SET_ASIDE, letter=B.letter)
    for key in (A, B, C):
        site.do(review, "labour_officer", sheet_id=site.sheets[key])
    show_sheets(site)


def allocate(site: Site) -> None:
    """Let the owner's money arrive, for two of the three."""
    site.teller.chapter("august.allocate")
    on = site.clock.to(9, 8)
    site.bank.receive(ALLOCATED_FIRST, payer=PAYER, text="人工费拨付 2026-08", on=on)
    state(site)
    turn(site)
    site.noted["short"] = show_coverage(site, site.sheets[C])


def pay_two(site: Site) -> None:
    """Approve and pay two sheets; the bank refuses one payment, and says it all twice."""
    site.teller.chapter("august.pay")
    site.clock.to(9, 9)
    files = {key: release(site, key) for key in (A, B)}
    on = site.clock.to(9, 10)
    refused = Word("rejected", "AC04", "账户已销户")
    site.orders[A] = pay(site, files[A], {REFUSED_BY_BANK: refused})
    site.orders[B] = pay(site, files[B])
    order, words = site.orders[A], {REFUSED_BY_BANK: refused}
    said = {
        credit.reference: words.get(number, Word())
        for number, credit in enumerate(order.credits, start=1)
    }
    again = answer(site, f"HP_{files[A].name}", write_answer(order, said, on=on))
    site.noted["report_repeated"] = again.repeated
    site.teller.say("repeated", Mark.NOTE, repeated=again.repeated)
    _resolve_stranger(site, f"HP_{files[B].name}")
    state(site)


def _resolve_stranger(site: Site, name: str) -> None:
    """Take in a second list for B with a stranger in it, who waits for a person to look."""
    order = with_stranger(site.orders[B])
    stranger = order.credits[-1].reference
    report = write_answer(order, {stranger: Word()}, on=site.clock.today)
    answer(site, name.replace(".", "_2."), report)
    with site.begin() as tx:
        found = anomalies(tx, site.callers["finance_viewer"], project_id=site.project_id)
    for one in found.rows:
        site.do(resolve, "approver", anomaly_id=one.id, resolution="他行客户的记录，已通知银行更正")
        site.teller.say("anomaly", Mark.NOTE, code=one.code)


def pay_late(site: Site) -> None:
    """Let the missing money arrive a day late; the worker loop funds the sheet that waits."""
    site.teller.chapter("august.late")
    on = site.clock.to(9, 11)
    site.bank.receive(ALLOCATED_LATE, payer=PAYER, text="人工费拨付 2026-08 补拨", on=on)
    state(site)
    turn(site)
    site.orders[C] = pay(site, release(site, C))
    state(site)


def come_back(site: Site) -> None:
    """Send one payment back, five days after "paid": its worker is owed again."""
    site.teller.chapter("august.back")
    on = site.clock.to(9, 15)
    order = site.orders[B]
    reference = order.credits[SENT_BACK - 1].reference
    word = Word("returned", "AC01", "户名账号不符")
    report = site.bank.send_back(order, reference, word, on=on)
    answer(site, f"TP_{order.reference}.txt", report)
    site.teller.say("returned", Mark.WAITS, reference=reference)
    state(site)
    show_account(site)


def pay_again(site: Site) -> None:
    """Pay both again, to corrected accounts: signed, countersigned, cooled down."""
    site.teller.chapter("august.again")
    site.clock.to(9, 16)
    asked = {A: _ask(site, A, REFUSED_BY_BANK), B: _ask(site, B, SENT_BACK)}
    site.clock.to(9, 17)
    try:
        site.do(countersign, "approver", reference=asked[A])
    except CoolingDown:
        site.teller.say("cooling", Mark.REFUSED)
    site.clock.to(9, 21)
    for key, reference in asked.items():
        site.do(countersign, "approver", reference=reference)
        [file] = site.do(bundle, "releaser", sheet_id=site.sheets[key], banks=site.banks)
        pay(site, file)
        site.teller.say("again", letter=key.letter, reference=reference)
    state(site)
    show_account(site)


def _ask(site: Site, key: Key, number: int) -> str:
    """Let the subcontractor sign the worker's new account, and the officer ask for the payment."""
    credit = site.orders[key].credits[number - 1]
    [worker] = [
        one.with_new_card()
        for one in next(s for s in SUBCONTRACTORS if s.letter == key.letter).workers
        if one.account == credit.account
    ]
    payee = Payee(
        name=worker.name,
        account=worker.account,
        bank_code=worker.bank_code,
        bank_name=worker.bank_name,
    )
    order = write_correction(Correction(credit.reference, payee, "工人已换卡，本人确认"))
    signature = signing.sign(order, site.keys[key.letter], now=site.clock.now)
    site.keep(f"sheets/correction_{credit.reference}.json", order)
    site.keep(f"sheets/correction_{credit.reference}.json.jws", signature.encode())
    asked = site.do(
        reissue,
        "labour_officer",
        reference=credit.reference,
        reason="更正收款账户后重发",
        order=order,
        signature=signature,
        banks=site.banks,
    )
    site.teller.say(
        "asked", reference=asked.reference, account=mask_account(worker.account),
        amount=yuan(_fen(credit.amount)),
    )  # fmt: skip
    return asked.reference


def _fen(amount: str) -> int:
    return int(amount.replace(".", ""))
