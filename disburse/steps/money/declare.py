"""One person declares, with a voucher, that money for the special account is on its way."""

from __future__ import annotations

from datetime import date, datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.money import MoneyRefused
from disburse.door import admit, by
from disburse.storage import acts, funding
from disburse.storage.engine import Transaction
from disburse.storage.ledger import NoSuchAccount


def declare(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    amount: int,
    voucher_digest: str,
    expected_on: date,
    now: datetime,
) -> int:
    """Store the declaration and return its number; it counts once another person vouches."""
    project = admit(tx, caller, Act.DECLARE, project_id)
    require_other_person(caller.persons)
    if amount <= 0:
        raise MoneyRefused("what is declared is an amount above zero")
    if project.account_id is None:
        raise NoSuchAccount("the project has no special account yet")
    number = funding.declare(
        tx,
        project_id=project_id,
        account_id=project.account_id,
        amount=amount,
        voucher_digest=voucher_digest,
        expected_on=expected_on,
        by=by(caller, now),
    )
    acts.record(
        tx,
        Act.DECLARE,
        by=by(caller, now),
        subject="declaration",
        subject_id=number,
        project_id=project_id,
        facts={"amount": amount, "voucher": voucher_digest, "expected_on": str(expected_on)},
    )
    return number
