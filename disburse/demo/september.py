"""September's wages, paid in October: the roster mended, declared money, and money that is real."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Final

from disburse.demo.august import REFUSED_BY_BANK, SENT_BACK
from disburse.demo.contract import PAYER
from disburse.demo.doing import give, pay, release, state, submit_month, turn
from disburse.demo.people import Worker, a_worker
from disburse.demo.set_up import ABSENT
from disburse.demo.showing import show_account, show_findings, show_sheets
from disburse.demo.site import Key, Site
from disburse.demo.telling import Mark, yuan
from disburse.demo.wages import SEPTEMBER, SUBCONTRACTORS, Subcontractor
from disburse.domain.finding import Code
from disburse.steps.bank.claim import NotBacked
from disburse.steps.money.declare import declare
from disburse.steps.money.vouch import vouch
from disburse.steps.parties.enrol import enrol
from disburse.steps.payroll.clear import clear
from disburse.steps.payroll.review import review

A, B, C = (Key(one.letter, SEPTEMBER) for one in SUBCONTRACTORS)
DECLARED: Final = 94_000_000  # fen
NEW_CARD: Final = 9  # the line of C whose worker told nobody else of a new card


def mend_roster(site: Site) -> None:
    """Enrol the absent worker, and the two new cards that were paid to."""
    site.teller.chapter("september.roster")
    site.clock.to(9, 22)
    a, b, _ = SUBCONTRACTORS
    mended = (
        (a, a.workers[REFUSED_BY_BANK - 1].with_new_card().enrolment()),
        (b, b.workers[SENT_BACK - 1].with_new_card().enrolment()),
        (b, a_worker(ABSENT).enrolment(joined_on=SEPTEMBER)),
    )
    for subcontractor, enrolment in mended:
        site.do(
            enrol,
            "labour_officer",
            registration=subcontractor.registration,
            enrolments=[enrolment],
        )
    site.teller.say("mended", count=len(mended))


def submit_sheets(site: Site) -> None:
    """Submit three sheets in other forms than before; one line asks for a person's word."""
    site.teller.chapter("september.submit")
    site.clock.to(10, 8)
    a, b, c = SUBCONTRACTORS
    findings = [
        found
        for key, workers in (
            (A, _replaced(a, REFUSED_BY_BANK)),
            (B, _replaced(b, SENT_BACK)),
            (C, _replaced(c, NEW_CARD)),
        )
        for found in submit_month(site, key, workers).findings
    ]
    show_findings(site.teller, "blocked.table", findings)
    site.do(
        clear,
        "labour_officer",
        sheet_id=site.sheets[C],
        line=NEW_CARD,
        finding=Code.ACCOUNT_DIFFERS,
        reason="已向本人核实换卡",
    )
    site.teller.say("cleared", line=NEW_CARD, letter=C.letter)
    for key in (A, B, C):
        site.do(review, "labour_officer", sheet_id=site.sheets[key])


def declare_money(site: Site) -> None:
    """Declare, by two people, that money is on its way: it can be held, but pays nobody yet."""
    site.teller.chapter("september.declare")
    site.clock.to(10, 9)
    number = site.do(
        declare,
        "funder",
        amount=DECLARED,
        voucher_digest=sha256("国库支付凭证（演示）".encode()).hexdigest(),
        expected_on=date(2026, 10, 12),
    )
    site.do(vouch, "approver", declaration_id=number)
    site.teller.say("declared", amount=yuan(DECLARED))
    turn(site)
    balance = show_account(site)
    site.noted["declared"] = {"awaited": balance.awaited, "held": balance.held}
    files = {key: release(site, key) for key in (A, B, C)}
    site.files.update(files)
    try:
        give(site, files[A])
    except NotBacked:
        site.teller.say("not_backed", Mark.REFUSED, file=files[A].name)
        site.refused.append({"file": files[A].name, "code": NotBacked.code})
    show_sheets(site)


def confirm_and_pay(site: Site) -> None:
    """Confirm the declared money by the bank's statement, and pay everybody."""
    site.teller.chapter("september.pay")
    on = site.clock.to(10, 12)
    site.bank.receive(DECLARED, payer=PAYER, text="人工费拨付 2026-09", on=on)
    state(site)
    for key in (A, B, C):
        site.orders[key] = pay(site, site.files[key])
    state(site)


def _replaced(subcontractor: Subcontractor, line: int) -> list[Worker]:
    """Return the subcontractor's workers, of whom the one on `line` has a new card."""
    workers = subcontractor.workers
    workers[line - 1] = workers[line - 1].with_new_card()
    return workers
