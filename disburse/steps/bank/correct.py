"""The bank proves that a payment it had rejected or returned was paid after all."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from disburse.agreeing import agreed
from disburse.domain.access import Act, Caller
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.lifecycle.attempt import OPEN_AGAIN, State
from disburse.domain.lifecycle.edges import WrongState
from disburse.door import admit, by
from disburse.repeat import take_payment
from disburse.storage import acts, answered, inbox, ledger
from disburse.storage.answered import Attempt, Change
from disburse.storage.attempts import Place
from disburse.storage.engine import Transaction
from disburse.storage.inbox import Proof

# What the bank said that can make a payment paid after all.
PROOFS: Final = ("paid-after-rejected", "paid-after-returned")


def correct(
    tx: Transaction, *, caller: Caller, project_id: int, reference: str, reason: str, now: datetime
) -> bool:
    """Make the payment `paid` by the bank's record that contradicted it; say whether both agreed.

    The record waits in the queue of anomalies and is explained by this. Raises `WrongState` where
    there is none, or where the worker may have been paid again: that is no correction.
    """
    admit(tx, caller, Act.CORRECT, project_id)
    sheet, attempt = take_payment(tx, project_id=project_id, reference=reference)
    proof = _proof(tx, attempt)
    if not agreed(
        tx,
        by=by(caller, now),
        act=Act.CORRECT,
        project_id=project_id,
        subject=("payment", reference),
        version=attempt.version,
        facts={"evidence": proof.evidence},
    ):
        return False
    place = Place(project_id, sheet.period, sheet.id)
    paid = Change(attempt, State.PAID, proof.evidence, "corrected", attempt.answered_on)
    answered.change(tx, place, [paid])
    by_ = by(caller, now)
    resolution = f"corrected: {reason}"
    for number in proof.anomalies:
        inbox.resolve(tx, project_id=project_id, anomaly_id=number, resolution=resolution, by=by_)
    acts.record(
        tx,
        Act.CORRECT,
        by=by_,
        subject="payment",
        subject_id=reference,
        project_id=project_id,
        period=sheet.period,
        sheet_id=sheet.id,
        states=(attempt.state, State.PAID),
        facts={"amount": attempt.amount, "evidence": proof.evidence, "reason": reason},
    )
    moves = _moves(attempt)
    ledger.post(tx, project_id=project_id, account_id=sheet.account_id, transfers=moves, at=now)
    return True


def _proof(tx: Transaction, attempt: Attempt) -> Proof:
    reference = attempt.reference
    proof = inbox.open_proof(tx, project_id=attempt.project_id, reference=reference, codes=PROOFS)
    if proof is None:
        raise WrongState(f"the bank did not say that payment {reference} was paid after all")
    if attempt.state not in OPEN_AGAIN or attempt.newest != attempt.attempt:
        raise WrongState(f"payment {reference} is {attempt.state}, or was paid again since")
    if not answered.is_funded(tx, attempt):
        raise WrongState(f"no money is held for payment {reference} any more; fund it first")
    return proof


def _moves(attempt: Attempt) -> list[Transfer]:
    """Take the transfer back that the wrong answer made; after a rejection, settle."""
    before = f"{attempt.reference}.{attempt.version - 1}"
    if attempt.state is State.RETURNED:
        return [Transfer(Kind.CORRECT, f"{Kind.RETURN}:{before}", attempt.amount)]
    return [
        Transfer(Kind.CORRECT, f"{Kind.REJECT}:{before}", attempt.amount),
        Transfer(Kind.SETTLE, attempt.transfer_reference(), attempt.amount),
    ]
