"""Stop trying to pay a rejected or returned payment; the worker stays owed."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.ledger import Kind, Transfer
from disburse.door import admit, by
from disburse.repeat import require_open_again, take_payment
from disburse.storage import acts, answered, ledger
from disburse.storage.engine import Transaction


def give_up(
    tx: Transaction, *, caller: Caller, project_id: int, reference: str, reason: str, now: datetime
) -> None:
    """Free the money held for this payment for `reason`; it shows as arrears."""
    admit(tx, caller, Act.GIVE_UP, project_id)
    require_other_person(caller.persons)
    sheet, attempt = take_payment(tx, project_id=project_id, reference=reference)
    require_open_again(tx, sheet, attempt)
    version = answered.give_up(tx, attempt)
    acts.record(
        tx,
        Act.GIVE_UP,
        by=by(caller, now),
        subject="payment",
        subject_id=reference,
        project_id=project_id,
        period=sheet.period,
        sheet_id=sheet.id,
        facts={"amount": attempt.amount, "reason": reason},
    )
    freed = Transfer(Kind.RELEASE, f"line:{sheet.id}.{attempt.line}.{version}", attempt.amount)
    ledger.post(tx, project_id=project_id, account_id=sheet.account_id, transfers=[freed], at=now)
