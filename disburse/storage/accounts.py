"""Special accounts: found by number, stopped and reopened, and what hangs on them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import text

from disburse.storage.engine import Transaction
from disburse.storage.parties import NoSuchParty


def by_number(tx: Transaction, *, bank_id: int, number: str) -> int:
    """Return the special account with this number at a bank, or raise `NoSuchParty`."""
    found = tx.scalar(_BY_NUMBER, {"bank": bank_id, "number": number})
    if not isinstance(found, int):
        raise NoSuchParty("the bank keeps no special account by that number here; open it first")
    return found


def of_project(tx: Transaction, project_id: int) -> list[int]:
    """Return the accounts that the project pays or paid from, the present one first."""
    return [row.account_id for row in tx.execute(_OF_PROJECT, {"p": project_id})]


def payers(tx: Transaction, account_id: int) -> dict[int, str]:
    """Return by project paid from this account the account that its owner allocates from."""
    return {row.id: row.payer_account for row in tx.execute(_PAYERS, {"a": account_id})}


def set_state(tx: Transaction, *, account_id: int, state: str) -> None:
    """Note that a special account is open, frozen or closed."""
    values = {"a": account_id, "state": state}
    tx.execute(text("UPDATE special_account SET state = :state WHERE id = :a"), values)


def sheets_under_approval(tx: Transaction, project_id: int) -> list[int]:
    """Return the project's sheets that are approved and not yet exported."""
    return [row.id for row in tx.execute(_UNDER_APPROVAL, {"p": project_id})]


_BY_NUMBER: Final = text("""
    SELECT a.id FROM special_account a JOIN bank_connection c ON c.id = a.connection_id
    WHERE c.bank_id = :bank AND a.number = :number ORDER BY a.id LIMIT 1
""")
_OF_PROJECT: Final = text("""
    SELECT account_id FROM (
        SELECT account_id, 1 AS turn FROM project WHERE id = :p AND account_id IS NOT NULL
        UNION ALL SELECT account_id, 2 FROM balance WHERE project_id = :p) a
    GROUP BY account_id ORDER BY min(turn), account_id DESC
""")
_PAYERS: Final = text("SELECT id, payer_account FROM project WHERE account_id = :a ORDER BY id")
_UNDER_APPROVAL: Final = text("""
    SELECT id FROM sheet WHERE project_id = :p AND state = 'approved' ORDER BY id
""")
