"""What a funded sheet pays: the root that people approve, and the attempts that follow from it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from disburse.domain.approval import GrowingRoot, Payable, Root, root_of
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.sheet import DEDUCTION_ITEMS, GROSS_ITEMS
from disburse.storage import attempts, ledger, lines
from disburse.storage.attempts import NewAttempt, Place
from disburse.storage.engine import Transaction
from disburse.storage.lines import PayableLine
from disburse.storage.sheets import Sheet


def root(tx: Transaction, sheet: Sheet) -> Root:
    """Digest what the sheet's funded lines pay, to whom and where."""
    return root_of(sheet.salt, map(_payable, lines.funded(tx, sheet)))


def prepare(
    tx: Transaction, sheet: Sheet, *, note: str, needs: Collection[str]
) -> tuple[list[NewAttempt], Root]:
    """Return an attempt for every funded line, and the root of these lines.

    `note` is what the worker reads on the own bank statement; what the wage is made of is told
    only to a bank that `needs` it. 100,000 lines take 60 MB.
    """
    before = attempts.next_numbers(tx, Place(sheet.project_id, sheet.period, sheet.id))
    growing = GrowingRoot(sheet.salt)
    new = []
    for line in lines.funded(tx, sheet, wages="wage" in needs):
        growing.add(_payable(line))
        number = before.get(line.number, 0) + 1
        new.append(NewAttempt(line.number, number, line.owed, _payee(line, note)))
    return new, growing.root()


def let_go(tx: Transaction, sheet: Sheet, *, at: datetime) -> None:
    """After a rejection or withdrawal: free what is held, and void what was claimed."""
    freed = lines.unfund(tx, sheet)
    lines.make_void(tx, sheet)
    if freed.amount:
        ledger.post(
            tx,
            project_id=sheet.project_id,
            account_id=sheet.account_id,
            transfers=[Transfer(Kind.RELEASE, f"sheet:{sheet.id}.{sheet.version}", freed.amount)],
            at=at,
        )


def _payable(line: PayableLine) -> Payable:
    return Payable(line.number, line.name, line.account, line.owed)


def _payee(line: PayableLine, note: str) -> Mapping[str, Any]:
    payee = {
        "name": line.name,
        "account": line.account,
        "bank_code": line.bank_code,
        "bank_name": line.bank_name,
        "latin_name": line.latin_name,
        "note": note,
    }
    return payee | {"wage": _wage(line.told)} if line.told else payee


def _wage(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return, from a line's particulars, what `domain.wage` reads."""
    items, deductions = told["gross_items"], told["deductions"]
    return {
        "id_type": told["id_type"],
        "id_number": told["id_number"],
        "worked_from": told["worked_from"],
        "worked_to": told["worked_to"],
        "days": told["days"],
        "items": [[name, items[name]] for name in GROSS_ITEMS if name in items],
        "deductions": [[name, deductions[name]] for name in DEDUCTION_ITEMS if name in deductions],
    }
