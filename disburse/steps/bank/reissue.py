"""Ask for a rejected or returned payment to be paid again, under the same entitlement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.identity import is_account, normalise_account
from disburse.domain.orders import OrderRefused, read_correction
from disburse.domain.policy import Policy
from disburse.domain.reference import AttemptKey, of_attempt
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.repeat import require_open_again, take_payment
from disburse.signers import signer_of
from disburse.signing import NOBODY, Trust
from disburse.storage import acts, approvals, kept_bytes, keys, parties
from disburse.storage.approvals import Reissue
from disburse.storage.attempts import as_payment
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


class Unpayable(Refusal):
    """The bank would refuse the corrected account; `facts["faults"]` says why."""

    code = "unpayable"


def reissue(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    reference: str,
    reason: str,
    order: bytes | None = None,
    signature: str = "",
    banks: Mapping[str, Adapter],
    trust: Trust = NOBODY,
    now: datetime,
) -> Reissue:
    """Store the request; another person has to countersign it before anything is paid.

    A new account comes in `order` (see `domain.orders`), signed by the subcontractor; it cools down
    first, as the project's policy says. Without an order the same account is tried again.
    """
    project = admit(tx, caller, Act.REISSUE, project_id)
    require_other_person(caller.persons)
    sheet, attempt = take_payment(tx, project_id=project_id, reference=reference)
    keys.require_trusted(tx, project_id=project_id, sheet_id=sheet.id)
    require_open_again(tx, sheet, attempt)
    payee: Mapping[str, Any] = attempt.payee
    order_bytes_id = None if order is None else _kept(tx, sheet, order, now)
    if order is not None:
        signer_of(tx, order, signature, organisation_id=sheet.employer_id, trust=trust, now=now)
        payee = dict(payee) | _corrected(order, reference)
    key = AttemptKey(sheet.id, attempt.line, attempt.attempt + 1)
    adapter = banks[parties.account(tx, sheet.account_id).adapter]
    _require_payable(adapter, of_attempt(key), payee, attempt.amount, sheet.currency)
    changed = any(payee[name] != attempt.payee[name] for name in ("account", "bank_code"))
    who = by(caller, now)
    asked = Reissue(
        project_id=project_id,
        period=sheet.period,
        sheet_id=sheet.id,
        line=attempt.line,
        attempt=key.attempt,
        requested_by=who.person_id or 0,
        requested_for=who.for_person,
        requested_at=now,
        reason=reason,
        payee=payee,
        order_bytes_id=order_bytes_id,
        not_before=now + Policy.read(project.policy).cooling() if changed else now,
    )
    approvals.add_reissue(tx, asked)
    acts.record(
        tx, Act.REISSUE, by=who, subject="payment", subject_id=of_attempt(key),
        project_id=project_id, period=sheet.period, sheet_id=sheet.id,
        facts={"after": reference, "reason": reason, "changed": changed, "order": order_bytes_id},
    )  # fmt: skip
    return asked


def _kept(tx: Transaction, sheet: Sheet, order: bytes, now: datetime) -> int:
    return kept_bytes.keep(
        tx,
        project_id=sheet.project_id,
        media_type="application/json",
        content=order,
        at=now,
        employer_id=sheet.employer_id,
    )


def _corrected(order: bytes, reference: str) -> dict[str, str]:
    payee = read_correction(order, reference=reference).payee
    account = normalise_account(payee.account)
    if not is_account(account):
        raise OrderRefused("no bank can have issued the account that the order names; compare it")
    return {
        "name": payee.name,
        "account": account,
        "bank_code": payee.bank_code,
        "bank_name": payee.bank_name,
        "latin_name": payee.latin_name,
    }


def _require_payable(
    adapter: Adapter, reference: str, payee: Mapping[str, Any], amount: int, currency: str
) -> None:
    payment = as_payment(reference, amount, payee)
    if faults := adapter.preflight(payment, currency):
        told = "; ".join(f"{fault.field}: {fault.detail}" for fault in faults)
        raise Unpayable(f"the bank would refuse this payment: {told}", faults=faults)
