"""What can happen in a life: what people, the worker loop, the bank and time do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from disburse import sheetfile, signing
from disburse.demo.contract import PAYER, a_header
from disburse.demo.wages import lines_of
from disburse.domain.statement import Entry, Statement
from disburse.queries.files import content
from disburse.simulator.bank import FAULTS, PAID, PENDING, REJECTED, RETURNED
from disburse.simulator.life import WORKERS, Life
from disburse.simulator.town import EMPLOYERS, PROJECT
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.claim import claim
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.keep_document import keep_document
from disburse.steps.bank.never import never
from disburse.steps.bank.reissue import reissue
from disburse.steps.bank.resolve import resolve
from disburse.steps.bank.retransmit import retransmit
from disburse.steps.money.book import book
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.receive import receive
from disburse.steps.payroll.review import review
from disburse.storage import simulated

MONTHS: Final = tuple(date(2026, month, 1) for month in (7, 6, 5, 4, 3))
PAY_ON: Final = date(2026, 8, 10)
LINES_MAX: Final = 6
SHEETS_MAX: Final = EMPLOYERS * len(MONTHS)


# ---------------------------------------------------------------- the worker loop and the bank
def work(life: Life) -> None:
    """Let one of two worker processes go round once."""
    life.work(life.loop, life.posts[life.rng.choice(WORKERS)])


def bank_takes(life: Life) -> None:
    """Let the bank fetch what lies there."""
    life.bank.take()


def bank_decides(life: Life) -> None:
    """Let the bank pay some payments, or refuse them."""
    for name in life.some(life.bank.having(PENDING), 4):
        life.bank.happen(name, life.rng.choice([PAID, PAID, REJECTED]))


def payment_comes_back(life: Life) -> None:
    """Let a payment that was made come back."""
    for name in life.some(life.bank.having(PAID), 1):
        life.bank.happen(name, RETURNED)


def bank_tells(life: Life) -> None:
    """Let the bank answer, with a fault or without."""
    state_account(life)
    count = life.rng.choice([0, 1, None])
    life.bank.tell(life.rng.choice(FAULTS), count)


def bank_acknowledges(life: Life) -> None:
    """Let the bank say that it has a file."""
    life.bank.acknowledge(life.rng.choice(FAULTS))


def bank_repeats(life: Life) -> None:
    """Let the bank say again what it said some time ago."""
    life.bank.repeat()


def bank_dies(life: Life) -> None:
    """Let the bank's own system crash."""
    life.bank.die()


# ---------------------------------------------------------------- time
def time(life: Life) -> None:
    """Let a while pass."""
    life.wait(timedelta(seconds=life.rng.choice([1, 60, 700, 7200])))


def time_jumps(life: Life) -> None:
    """Set the clock back, or let days pass."""
    life.wait(timedelta(hours=life.rng.choice([-1, 30, 80])))


# ---------------------------------------------------------------- people
def new_sheet(life: Life) -> None:
    """Take a subcontractor's sheet in, as far as written bank files."""
    if life.sheets == SHEETS_MAX:
        return
    month, employer = divmod(life.sheets, EMPLOYERS)
    life.sheets += 1
    burning, life.begin = life.begin, life.real  # what comes before the bank is no part of this
    try:
        _export(life, life.town.employers[employer], MONTHS[month])
    finally:
        life.begin = burning


def _export(life: Life, employer: Any, month: date) -> None:  # noqa: ANN401
    lines = lines_of(employer.workers[: life.rng.randint(1, LINES_MAX)], month)
    header = a_header(PROJECT, employer.registration, month, lines, pay_on=PAY_ON)
    told = b"".join(sheetfile.write_json(header, lines))
    signature = signing.sign(told, employer.key, now=life.now)
    got = life.take_step(receive, employer.signer, content=told, media_type=sheetfile.JSON,
                         signature=signature, banks=life.banks)  # fmt: skip
    _pay_in(life, got.coverage.needed)
    sheet = {"sheet_id": got.sheet.id}
    life.take_step(review, "labour_officer", **sheet)
    with life.calm() as tx:
        fund(tx, caller=None, project_id=life.town.project_id, now=life.now, **sheet)
    life.take_step(approve, "approver", **sheet)
    life.take_step(export, "releaser", **sheet, banks=life.banks)


def _pay_in(life: Life, amount: int) -> None:
    """Let the owner's money arrive on the account."""
    book_movements(life, [Movement(amount=amount, counterparty=PAYER)])


class Movement(NamedTuple):
    """One entry of the account at the bank, in fen."""

    amount: int
    names: str = ""  # a reference of ours
    counterparty: str = ""


def book_movements(life: Life, movements: Sequence[Movement]) -> None:
    """Let the bank's statement of these movements be booked."""
    day, opening = life.now.date(), life.balance
    life.statements += 1
    life.balance += sum(one.amount for one in movements)
    name = f"S{life.statements}"
    entries = [
        Entry(reference=f"{name}-{at}", amount=one.amount, booked_on=day, names=one.names,
              counterparty=one.counterparty, text="")
        for at, one in enumerate(movements)
    ]  # fmt: skip
    statement = Statement(reference=name, closes_on=day, opening=opening, closing=life.balance,
                          entries=entries)  # fmt: skip
    digest = sha256(name.encode()).hexdigest()
    with life.real() as tx:  # a statement that was not booked would come again
        book(tx, caller=life.town.callers["bank_operator"], project_id=life.town.project_id,
             statement=statement, digest=digest, now=life.now)  # fmt: skip


def state_account(life: Life) -> None:
    """Let the bank state what it moved since it last did, where statements count."""
    if life.stated is None:
        return
    life.bank.write_down()
    new = [one for one in life.bank.movements() if one not in life.stated]
    life.stated.update(new)
    book_movements(life, [Movement(amount, names) for amount, names in new])


def release(life: Life) -> None:
    """Let a releaser let files leave."""
    for one in life.some(life.see(simulated.files, "written"), 2):
        life.take_step(claim, "releaser", file_id=one.id, sha256=one.sha256, count=one.count,
                       total=one.total)  # fmt: skip


def ask_again(life: Life) -> None:
    """Ask for payments that came back to be paid again."""
    for name in life.some(life.see(simulated.open_again), 2):
        life.take_step(reissue, "labour_officer", reference=name, reason="again",
                       banks=life.banks)  # fmt: skip


def sign_again(life: Life) -> None:
    """Let another person sign such a payment."""
    for name, _ in life.some(life.see(simulated.asked_again, signed=False, at=life.now), 2):
        life.take_step(countersign, "approver", reference=name)


def bundle_again(life: Life) -> None:
    """Give such payments their bank file."""
    waiting = life.see(simulated.asked_again, signed=True, at=life.now)
    for sheet_id in life.some(sorted({sheet_id for _, sheet_id in waiting}), 1):
        life.take_step(bundle, "releaser", sheet_id=sheet_id, banks=life.banks)


def resolve_all(life: Life) -> None:
    """Look at everything that was odd."""
    for number in life.see(simulated.anomalies):
        life.take_step(resolve, "releaser", anomaly_id=number, resolution="looked at")


def bury(life: Life) -> None:
    """Let two people hold the bank's document of a file that it has not and will not execute."""
    for one in life.see(simulated.files, "unknown"):
        if one.reference not in life.bank.orders and not life.bank.lies_there(one.name):
            life.bank.refused.add(one.name)
            document = life.take_step(keep_document, "releaser", content=b"the bank's book")
            for who in ("releaser", "approver"):
                life.offer(never, who, file_id=one.id, document_sha256=document,
                           reason="the bank's book")  # fmt: skip


def send_again(life: Life) -> None:
    """Let an unknown file leave again, by two people; refused where the bank recognises none."""
    for one in life.some(life.see(simulated.files, "unknown"), 1):
        if one.name not in life.bank.refused:
            for who in ("releaser", "second_releaser"):
                life.offer(retransmit, who, file_id=one.id, reason="no word came",
                           banks=life.banks)  # fmt: skip


# ---------------------------------------------------------------- impatience: all is refused
def asks_too_early(life: Life) -> None:
    """Ask for a payment again that may be on its way or was made."""
    wanted = [name for name, state in life.states().items() if state in {"sent", "unknown", "paid"}]
    for name in life.some(wanted, 1):
        life.take_step(reissue, "labour_officer", reference=name, reason="hurry",
                       banks=life.banks)  # fmt: skip


def buries_alone(life: Life) -> None:
    """Let one person say that the bank will never execute a file."""
    for one in life.some(life.see(simulated.files, "unknown"), 1):
        document = life.take_step(keep_document, "releaser", content=life.rng.randbytes(32))
        life.take_step(never, "releaser", file_id=one.id, document_sha256=document,
                       reason="no bank's")  # fmt: skip


def carries_by_hand(life: Life) -> None:
    """Carry a file by hand that travels by itself."""
    for one in life.some(life.see(simulated.files, "dispatching", "sent", "unknown"), 1):
        with life.begin() as tx:
            found = content(tx, life.town.callers["releaser"], project_id=life.town.project_id,
                            file_id=one.id)  # fmt: skip
        (life.bank.outbox / f"carried-{one.id}").write_bytes(found)


def impatience(life: Life) -> None:
    """Let somebody want to help where only the bank's word helps."""
    for try_ in (asks_too_early, buries_alone, carries_by_hand):
        life.trying(try_.__name__.replace("_", " "), try_)


Act = Callable[[Life], None]
WEIGHTS: Final[dict[Act, int]] = {
    work: 22, bank_takes: 10, bank_decides: 11, bank_tells: 14, bank_acknowledges: 3,
    bank_repeats: 4, bank_dies: 2, payment_comes_back: 4, release: 8, new_sheet: 4, ask_again: 5,
    sign_again: 5, bundle_again: 5, impatience: 4, time: 8, time_jumps: 1, resolve_all: 2,
    bury: 3, send_again: 4,
}  # fmt: skip
