"""What waits for the caller's word: accounts whose roles, and keys that, nobody confirmed yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from disburse.domain.access import Act, Caller
from disburse.door import confirmable
from disburse.storage import confirmations
from disburse.storage.confirmations import WaitingAccount, WaitingKey
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything that waits, as far as the caller may know of it."""

    people: Sequence[WaitingAccount]
    keys: Sequence[WaitingKey]


def waiting(tx: Transaction, caller: Caller) -> Waiting:
    """Return what the caller could confirm; of an administrator, everything that waits."""
    whose = confirmable(tx, caller, Act.READ_WAITING)
    return Waiting(confirmations.accounts(tx, whose), confirmations.keys(tx, whose))
