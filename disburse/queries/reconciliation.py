"""Does the ledger agree with the bank, statement by statement; and if not, which parts differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from disburse.domain.access import Act, Caller
from disburse.domain.ledger import Balance, Kind, Transfer, deltas
from disburse.door import admit
from disburse.storage import parties, reconciling
from disburse.storage.engine import Transaction
from disburse.storage.ledger import NoSuchAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One statement beside the ledger as it stood when it was booked; amounts in minor units.

    `booked` = free + held + in_flight + unconfirmed + suspense + missing + awaited, always;
    `difference` = closing - booked: what the ledger lacks, 0 unless the account is shared.
    """

    number: int
    reference: str
    closes_on: date
    opening: int
    entries: int
    closing: int
    booked: int
    free: int
    held: int
    in_flight: int
    unconfirmed: int  # paid + drawn: reported paid, not booked yet
    suspense: int
    missing: int
    awaited: int
    difference: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Every statement of the account, oldest first."""

    currency: str
    shared: bool  # other projects have money on this account: differences are theirs
    agrees: bool
    days: tuple[Day, ...]


def reconciliation(tx: Transaction, caller: Caller, *, project_id: int) -> Reconciliation:
    """Hold each statement of the project's account against the ledger, or raise `NoSuchAccount`.

    One pass over the project's transfers, however many statements there are.
    """
    project = admit(tx, caller, Act.READ_BALANCE, project_id)
    if project.account_id is None:
        raise NoSuchAccount("the project has no special account yet")
    days = tuple(_days(tx, project_id, project.account_id))
    shared = len(parties.sharing(tx, project.account_id)) > 1
    return Reconciliation(
        currency=project.currency,
        shared=shared,
        agrees=shared or not any(day.difference for day in days),
        days=days,
    )


def _days(tx: Transaction, project_id: int, account_id: int) -> Iterator[Day]:
    moved = defaultdict(list)
    for one in reconciling.moved(tx, project_id=project_id, account_id=account_id):
        moved[one.number].append(Transfer(Kind(one.kind), one.reverses, one.amount))
    balance = Balance()
    for row in reconciling.statements(tx, account_id):
        change = deltas(moved[row["number"]])
        balance = Balance(
            **{name: getattr(balance, name) + change.get(name, 0) for name in Balance.__slots__}
        )
        yield Day(
            **row,
            booked=balance.booked,
            free=balance.free,
            held=balance.held,
            in_flight=balance.in_flight,
            unconfirmed=balance.paid + balance.drawn,
            suspense=balance.suspense,
            missing=balance.missing,
            awaited=balance.awaited,
            difference=row["closing"] - balance.booked,
        )
