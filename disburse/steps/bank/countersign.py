"""Another person attests a reissue: one line, one payment."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

from disburse.domain import approval
from disburse.domain.access import Act, Caller
from disburse.domain.approval import Payable, Terms, require_other_person, root_of
from disburse.domain.lifecycle.attempt import State
from disburse.domain.policy import Policy
from disburse.domain.reference import AttemptKey, attempt_of
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.repeat import require_open_again, take_payment_before
from disburse.storage import acts, approvals, funding, keys, parties
from disburse.storage.answered import Attempt
from disburse.storage.approvals import Reissue
from disburse.storage.attempts import NoSuchPayment
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet

NONCE_BYTES: Final = 16


class CoolingDown(Refusal):
    """The account was changed only lately; its first payment waits, as the policy says."""

    code = "cooling-down"


class NotStatedYet(Refusal):
    """The bank's books do not show yet that a rejected payment never went out."""

    code = "not-stated-yet"


def countersign(
    tx: Transaction, *, caller: Caller, project_id: int, reference: str, now: datetime
) -> str:
    """Approve the reissue with the new payment's `reference`; `bundle` then writes its file.

    Returns the canonical approval. Raises `SamePerson` for whoever asked for the reissue, and
    `NotStatedYet` while the bank's books may tell that a rejected payment went out.
    """
    project = admit(tx, caller, Act.COUNTERSIGN, project_id)
    key = _key(reference)
    sheet, before = take_payment_before(tx, project_id=project_id, key=key)
    asked = approvals.take_reissue(
        tx, project_id=project_id, sheet_id=sheet.id, line=key.line, attempt=key.attempt, at=now
    )
    require_other_person(caller.persons, asked.requested_by, asked.requested_for)
    if now < asked.not_before:
        raise CoolingDown(f"the account was changed; it can be paid from {asked.not_before} on")
    keys.require_trusted(tx, project_id=project_id, sheet_id=sheet.id)
    _require_unpaid(tx, sheet, before)
    who = by(caller, now)
    expires_at = now + Policy.read(project.policy).approval_holds_for()
    terms = Terms(
        sheet_digest=sheet.digest,
        root=root_of(sheet.salt, [_paid_to(asked, before)]),
        currency=sheet.currency,
        special_account=parties.account(tx, sheet.account_id).number,
        pay_on=sheet.pay_on,
        policy_version=project.policy_version,
        needed=1,
        approver=str(who.person_id),
        acting_for=who.for_person,
        nonce=secrets.token_hex(NONCE_BYTES),
        expires_at=expires_at,
    )
    document = approval.canonical(terms)
    acts.record(
        tx,
        Act.COUNTERSIGN,
        by=who,
        subject="payment",
        subject_id=reference,
        project_id=project_id,
        period=sheet.period,
        sheet_id=sheet.id,
        facts={"amount": before.amount},
    )
    approvals.countersign(tx, asked, by=who, document=document, expires_at=expires_at)
    return document


def _require_unpaid(tx: Transaction, sheet: Sheet, before: Attempt) -> None:
    """Raise unless it came back, and a statement of a rejection's day has no debit of it.

    A rejection is a word, and a bank can be wrong: where its statements are booked here, they say
    whether the money went out all the same. A return needs none: the money left and came back.
    """
    require_open_again(tx, sheet, before)
    account = parties.account(tx, sheet.account_id)
    if before.state is not State.REJECTED or not account.statements:
        return
    day = before.answered_on or sheet.pay_on
    stated = funding.stated_of(tx, before, account_id=account.id, until=day)
    if stated.out > 0:
        raise NotStatedYet(
            f"the bank's statement has a debit for payment {before.reference}, which it rejected: "
            "ask the bank; paying again now may pay twice"
        )
    if stated.alike:
        raise NotStatedYet(
            "an unexplained debit of just this amount is on the account: explain it before "
            f"payment {before.reference} is made again"
        )
    if not stated.covered:
        raise NotStatedYet(
            f"payment {before.reference} was rejected on {day}: book a statement of that day first"
        )


def _key(reference: str) -> AttemptKey:
    key = attempt_of(reference)
    if key is None:
        raise NoSuchPayment(f"{reference[:20]!r} is no payment reference of ours")
    return key


def _paid_to(asked: Reissue, before: Attempt) -> Payable:
    return Payable(asked.line, asked.payee["name"], asked.payee["account"], before.amount)
