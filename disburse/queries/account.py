"""A project's special account: the nine columns, and is there money for everything that waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from disburse.domain.access import Act, Caller
from disburse.domain.coverage import Coverage, cover
from disburse.domain.ledger import Balance
from disburse.door import admit, day
from disburse.storage import figures, ledger
from disburse.storage.engine import Transaction
from disburse.storage.ledger import NoSuchAccount
from disburse.storage.views import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Money that people say is on its way; it counts once a second person vouched."""

    id: int
    amount: int
    confirmed: int
    expected_on: date
    state: str
    voucher_digest: str
    declared_by: int  # persons
    vouched_by: int | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountShown:
    """The account of one project; amounts in minor units."""

    account_id: int
    holder: str
    number: str
    bank_name: str
    currency: str
    state: str
    statements: bool  # a statement source is connected
    balance: Balance
    statement_on: date | None  # the last statement's closing day and balance, where there is one
    statement_closing: int | None
    waiting: Tally  # reviewed sheets, which wait for money: how many, and what they need
    coming: Tally  # received sheets, which will wait for it
    coverage: Coverage | None  # for all waiting sheets in total; None when none waits
    declarations: tuple[Declared, ...]  # those that did not arrive yet, and were not recalled


def account(tx: Transaction, caller: Caller, *, project_id: int, now: datetime) -> AccountShown:
    """Return the project's account, or raise `NoSuchAccount` while it has none.

    The general contractor, the owner, the bank and the authorities see the same numbers.
    """
    project = admit(tx, caller, Act.READ_BALANCE, project_id)
    if project.account_id is None:
        raise NoSuchAccount("the project has no special account yet")
    row = figures.account(tx, project.account_id)
    balance = ledger.balance_of(tx, project_id=project_id, account_id=project.account_id)
    waiting = figures.waiting(tx, project_id=project_id, account_id=project.account_id)
    coverage = None
    if waiting.due_on is not None:
        coverage = cover(
            balance,
            needed=waiting.reviewed.amount,
            due_on=waiting.due_on,
            payer=project.owner_name,
            today=day(project, now),
        )
    return AccountShown(
        **row,
        balance=balance,
        waiting=waiting.reviewed,
        coming=waiting.received,
        coverage=coverage,
        declarations=tuple(
            Declared(**one)
            for one in figures.declarations(
                tx, project_id=project_id, account_id=project.account_id
            )
        ),
    )
