"""Finds the payment that somebody wants to pay again or give up, locked sheet first."""

from __future__ import annotations

from disburse.domain.lifecycle import sheet as sheet_life
from disburse.domain.lifecycle.attempt import OPEN_AGAIN, State
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.reference import AttemptKey, attempt_of
from disburse.storage import answered, inbox, sheets
from disburse.storage.answered import Attempt
from disburse.storage.attempts import NoSuchPayment, Place
from disburse.storage.engine import Transaction
from disburse.storage.sheets import NoSuchSheet, Sheet


def take_payment(tx: Transaction, *, project_id: int, reference: str) -> tuple[Sheet, Attempt]:
    """Return the payment that the bank knows by `reference`, with its sheet; both locked."""
    key = attempt_of(reference)
    if key is None:
        raise NoSuchPayment(f"{reference[:20]!r} is no payment reference of ours")
    return _take(tx, project_id, key)


def take_payment_before(
    tx: Transaction, *, project_id: int, key: AttemptKey
) -> tuple[Sheet, Attempt]:
    """Return the payment that a reissue with `key` follows, with its sheet; both locked."""
    return _take(tx, project_id, key._replace(attempt=key.attempt - 1))


def require_open_again(tx: Transaction, sheet: Sheet, attempt: Attempt) -> None:
    """Raise `WrongState` unless this latest payment came back or was refused, and is still held.

    One whose file was cancelled by itself counts too; after `cancel` the whole sheet is exported
    again instead.
    """
    cancelled = attempt.state is State.VOID and sheet.state is sheet_life.State.EXPORTED
    open_again = attempt.state in OPEN_AGAIN or cancelled
    if not open_again or attempt.newest != attempt.attempt:
        raise WrongState(
            f"payment {attempt.reference} is {attempt.state}; only the latest one that was "
            "rejected or returned can be paid again or given up",
            state=attempt.state,
        )
    if inbox.is_disputed(
        tx,
        project_id=attempt.project_id,
        reference=attempt.reference,
        file_id=attempt.file_id,
    ):
        raise WrongState(
            f"the bank said something of payment {attempt.reference} that contradicts this; "
            "resolve the anomaly first, or the worker may be paid twice"
        )
    if not answered.is_funded(tx, attempt):
        raise WrongState(f"no money is held for payment {attempt.reference} any more")


def _take(tx: Transaction, project_id: int, key: AttemptKey) -> tuple[Sheet, Attempt]:
    try:
        sheet = sheets.take(tx, project_id=project_id, sheet_id=key.sheet_id)
    except NoSuchSheet as error:
        raise NoSuchPayment("there is no such payment on this project") from error
    place = Place(project_id, sheet.period, sheet.id)
    found = answered.take(tx, place, key)
    if found is None:
        raise NoSuchPayment("there is no such payment on this project")
    return sheet, found
