"""What must hold: the books against the bank's own memory."""

from __future__ import annotations

from collections import Counter
from typing import Final

from disburse.domain.reference import attempt_of
from disburse.queries.board import board
from disburse.queries.prove import prove
from disburse.simulator.acts import Movement, book_movements, state_account
from disburse.simulator.bank import PAID, PENDING, REJECTED, RETURNED
from disburse.simulator.find import Find
from disburse.simulator.life import Life
from disburse.storage import simulated

# What may have become of a payment at the bank, by what our books say of it; None: it never came.
ALLOWED: Final[dict[str, set[str | None]]] = {
    "prepared": {None},
    "void": {None},
    "accepted": {PENDING, PAID, REJECTED, RETURNED},
    "paid": {PAID, RETURNED},
    "rejected": {None, REJECTED},
    "returned": {RETURNED},
}
STANDING: Final = ("written", "dispatching", "sent", "unknown")  # files that wait for something
PAGE: Final = 500


def check(life: Life) -> None:
    """Hold what the books say of every payment against what the bank did."""
    states = life.states()
    life.did["payments compared"] += len(states)
    for name, state in states.items():
        allowed = ALLOWED.get(state)
        truth = life.bank.result.get(name)
        if allowed is not None and truth not in allowed:
            raise Find(f"payment {name} is {state} in the books and {truth} at the bank")


def check_all(life: Life) -> None:
    """Prove the books, and look for everything that stands still on the board."""
    check(life)
    life.did["whole checks"] += 1
    proof = life.see(prove)
    if not proof.ok:
        raise Find(f"the books do not prove: {proof.differences}")
    standing = {(one.id, one.state) for one in life.see(simulated.files, *STANDING)}
    if hidden := standing - _on_the_board(life):
        raise Find(f"files stand still and no board shows them: {sorted(hidden)}")


def check_booked(life: Life) -> None:
    """Let the bank state everything it moved: then the books agree with it to the fen."""
    if life.stated is None:
        every = life.bank.movements()
        book_movements(life, [Movement(amount, names) for amount, names in every])
    else:
        state_account(life)
    proof = life.see(prove)
    if not proof.ok:
        raise Find(f"the books do not prove after the last statement: {proof.differences}")
    left = life.see(simulated.unsettled)
    if left != ({"bank": life.balance} if life.balance else {}):
        raise Find(f"the bank's account has {life.balance} and the books differ: {left}")


def _on_the_board(life: Life) -> set[tuple[int, str]]:
    shown: set[tuple[int, str]] = set()
    cursor = None
    while True:
        with life.real() as tx:
            page = board(tx, life.town.callers["approver"], banks=life.banks, now=life.now,
                         cursor=cursor, limit=PAGE)  # fmt: skip
        shown |= {(one.id, one.state) for one in page.rows if one.thing == "file"}
        cursor = page.following
        if cursor is None:
            return shown


def all_paid(life: Life) -> bool:
    """Say whether everybody has the money once, and our books know it."""
    owed = life.see(simulated.owed)
    states = life.states()
    known = [attempt_of(name) for name, state in states.items() if state == "paid"]
    paid = Counter(key[:2] for key in map(attempt_of, life.bank.having(PAID)) if key)
    once = set(paid) == owed and set(paid.values()) <= {1}
    return once and {key[:2] for key in known if key} == owed and not life.bank.untold
