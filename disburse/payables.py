"""What a funded sheet pays: the root that people approve, and the attempts that follow from it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from disburse.domain.approval import Payable, Root, root_of
from disburse.domain.ledger import Kind, Transfer
from disburse.storage import attempts, ledger, lines
from disburse.storage.attempts import NewAttempt, Place
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


def root(tx: Transaction, sheet: Sheet) -> Root:
    """Digest what the sheet's funded lines pay, to whom and where."""
    return root_of(sheet.salt, _payables(tx, sheet))


def prepare(tx: Transaction, sheet: Sheet, *, note: str) -> Place:
    """Make a prepared attempt for every funded line; `note` is what the worker reads."""
    place = Place(sheet.project_id, sheet.period, sheet.id)
    before = attempts.next_numbers(tx, place)
    attempts.add(
        tx,
        place,
        (
            NewAttempt(
                line=line.number,
                attempt=before.get(line.number, 0) + 1,
                amount=line.owed,
                payee={
                    "name": line.particulars["name"],
                    "account": line.particulars["account"],
                    "bank_code": line.particulars["bank_code"],
                    "bank_name": line.particulars["bank_name"],
                    "latin_name": line.latin_name,
                    "note": note,
                },
            )
            for line in lines.funded(tx, sheet)
        ),
    )
    return place


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


def _payables(tx: Transaction, sheet: Sheet) -> Iterator[Payable]:
    for line in lines.funded(tx, sheet):
        told = line.particulars
        yield Payable(line.number, told["name"], told["account"], line.owed)
