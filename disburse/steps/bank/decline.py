"""A wrong request to pay again is turned down before anything of it is in a bank file."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.reference import attempt_of
from disburse.door import admit, by
from disburse.repeat import take_payment_before
from disburse.storage import acts, approvals
from disburse.storage.attempts import NoSuchPayment
from disburse.storage.engine import Transaction


def decline(
    tx: Transaction, *, caller: Caller, project_id: int, reference: str, reason: str, now: datetime
) -> None:
    """Turn the reissue with the new payment's `reference` down, countersigned or not.

    Whoever asked for it may do so too. Another request can be made afterwards.
    """
    admit(tx, caller, Act.DECLINE, project_id)
    require_other_person(caller.persons)
    key = attempt_of(reference)
    if key is None:
        raise NoSuchPayment(f"{reference[:20]!r} is no payment reference of ours")
    sheet, before = take_payment_before(tx, project_id=project_id, key=key)
    approvals.decline(tx, project_id=project_id, sheet_id=sheet.id, key=key, at=now)
    acts.record(
        tx,
        Act.DECLINE,
        by=by(caller, now),
        subject="payment",
        subject_id=reference,
        project_id=project_id,
        period=sheet.period,
        sheet_id=sheet.id,
        facts={"amount": before.amount, "reason": reason},
    )
