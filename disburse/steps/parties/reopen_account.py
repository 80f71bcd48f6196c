"""A frozen special account pays again."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.edges import WrongState
from disburse.door import by, enter
from disburse.storage import accounts, acts, parties
from disburse.storage.engine import Transaction
from disburse.storage.parties import SpecialAccount


def reopen_account(
    tx: Transaction, *, caller: Caller, account_id: int, reason: str, now: datetime
) -> SpecialAccount:
    """Reopen a frozen account for `reason`, or raise `WrongState`."""
    enter(tx, caller, Act.REOPEN_ACCOUNT)
    account = parties.account(tx, account_id)
    if account.state != "frozen":
        raise WrongState(f"account {account_id} is {account.state}, not frozen")
    accounts.set_state(tx, account_id=account_id, state="open")
    acts.record(
        tx,
        Act.REOPEN_ACCOUNT,
        by=by(caller, now),
        subject="account",
        subject_id=account_id,
        states=(account.state, "open"),
        facts={"reason": particulars.reason(reason)},
    )
    return parties.account(tx, account_id)
