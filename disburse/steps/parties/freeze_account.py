"""A special account is stopped: no bank file may leave that would draw on it."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.edges import WrongState
from disburse.door import by, enter
from disburse.storage import accounts, acts, parties
from disburse.storage.engine import Transaction
from disburse.storage.parties import SpecialAccount


def freeze_account(
    tx: Transaction, *, caller: Caller, account_id: int, reason: str, now: datetime
) -> SpecialAccount:
    """Freeze an open account for `reason`, or raise `WrongState`.

    It stops files that were not claimed yet; what the bank has, it has. Wages may not be frozen
    for other debts (Order 724 art. 33): this is for a bank's or a court's word, not a lever.
    """
    enter(tx, caller, Act.FREEZE_ACCOUNT)
    account = parties.account(tx, account_id)
    if account.state != "open":
        raise WrongState(f"account {account_id} is {account.state}, not open")
    accounts.set_state(tx, account_id=account_id, state="frozen")
    acts.record(
        tx,
        Act.FREEZE_ACCOUNT,
        by=by(caller, now),
        subject="account",
        subject_id=account_id,
        states=(account.state, "frozen"),
        facts={"reason": particulars.reason(reason)},
    )
    return parties.account(tx, account_id)
