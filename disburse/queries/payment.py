"""One payment's whole chain: what is owed, every attempt, what the bank said, who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from disburse.domain.access import Act, Caller
from disburse.domain.identity import mask_account, mask_id, mask_name
from disburse.domain.lifecycle import bank_file, sheet
from disburse.domain.lifecycle.attempt import State
from disburse.domain.reference import attempt_of
from disburse.queries.acts import ActDone
from disburse.queries.scope import scope_of
from disburse.storage import history
from disburse.storage.attempts import NoSuchPayment
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """What the worker is owed by one line, masked; amounts in minor units."""

    project_id: int
    project: str
    period: date
    sheet_id: int
    line: int
    kind: str
    number: int
    subcontractor_id: int
    subcontractor: str
    worker_id: int | None
    name: str
    id_number: str
    currency: str
    owed: int
    funded: int
    live: int
    paid: int
    set_aside: bool
    void: bool
    sheet_digest: str
    sheet_state: sheet.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """One try to pay it; `evidence` is the bank's record that decided it."""

    attempt: int
    reference: str
    amount: int
    state: State
    name: str
    account: str
    bank_name: str
    evidence: str | None
    reason: str
    answered_on: date | None
    file_id: int | None
    file_reference: str | None
    file_sha256: str | None
    file_state: bank_file.State | None
    reissue_reason: str | None  # why it was paid again; None for the first attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAnswer:
    """One record of a bank's report about this payment, and what it did."""

    at: datetime
    report: str  # the report's SHA-256
    record: int
    attempt: int
    result: str
    amount: int | None
    reason: str
    text: str
    evidence: str
    happened_on: date | None
    state_before: str | None
    state_after: str | None
    effect: str


@dataclass(frozen=True, slots=True)
class Chain:
    """Everything behind one payment, oldest first."""

    entitlement: Entitlement
    attempts: tuple[Attempted, ...]
    answers: tuple[BankAnswer, ...]
    acts: tuple[ActDone, ...]


def chain(tx: Transaction, caller: Caller, *, project_id: int, reference: str) -> Chain:
    """Return the chain of the payment that the bank knows by `reference`; any attempt names it.

    Raises `NoSuchPayment`, also for another subcontractor's.
    """
    scope = scope_of(tx, caller, Act.READ_PAYOUTS, project_id)
    key = attempt_of(reference)
    place = (
        history.place_of(tx, project_id=project_id, key=key, employer_id=scope.employer_id)
        if key
        else None
    )
    if place is None:
        raise NoSuchPayment("there is no such payment on this project")
    return Chain(
        entitlement=_entitlement(history.entitlement(tx, place)),
        attempts=tuple(_attempted(row) for row in history.attempts(tx, place)),
        answers=tuple(BankAnswer(**row) for row in history.answers(tx, place)),
        acts=tuple(ActDone(**row) for row in history.acts_behind(tx, place)),
    )


def _entitlement(row: Mapping[str, Any]) -> Entitlement:
    return Entitlement(
        **{
            **row,
            "name": mask_name(row["name"]),
            "id_number": mask_id(row["id_number"]),
            "sheet_state": sheet.State(row["sheet_state"]),
        }
    )


def _attempted(row: Mapping[str, Any]) -> Attempted:
    file_state = row["file_state"]
    return Attempted(
        **{
            **row,
            "name": mask_name(row["name"]),
            "account": mask_account(row["account"]),
            "state": State(row["state"]),
            "file_state": bank_file.State(file_state) if file_state else None,
        }
    )
