"""Destroys what opens a project's personal data, all at once; what is public stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True)
class Shredded:
    """How much was destroyed."""

    keys: int  # of people and months, with the root keys that wrapped them
    indexes: int  # keyed digests of accounts
    salts: int  # of sheets: their roots commit to nothing that could be guessed any more
    persons: int  # who is on no other project and has no account: the digest of their number


def last_paid_on(tx: Transaction, project_id: int) -> date | None:
    """Return the day of the last bank answer about a payment; None when there was none."""
    found = tx.scalar(_LAST_PAID, {"p": project_id})
    return found if isinstance(found, date) else None


def unsettled(tx: Transaction, project_id: int) -> int:
    """Count the wages that are owed and not paid."""
    return int(tx.scalar(_UNSETTLED, {"p": project_id}) or 0)


def shred(tx: Transaction, *, project_id: int, at: datetime) -> Shredded:
    """Destroy keys, blind indexes and salts together, and let no new key be made."""
    values = {"p": project_id, "at": at}
    tx.execute(_MARK, values)
    done = {
        name: sum(tx.execute(statement, values).rowcount for statement in statements)
        for name, statements in _DESTROY.items()
    }
    tx.execute(_UNSHOW, values)
    return Shredded(**done)


_LAST_PAID: Final = text("SELECT max(answered_on) FROM attempt WHERE project_id = :p")
_UNSETTLED: Final = text("""
    SELECT count(*) FROM entitlement WHERE project_id = :p AND NOT void AND paid < owed
""")
_MARK: Final = text("UPDATE project SET shredded_at = coalesce(shredded_at, :at) WHERE id = :p")
_DESTROY: Final = {
    "keys": (
        text("DELETE FROM record_key WHERE project_id = :p"),
        text("DELETE FROM root_key WHERE project_id = :p"),
    ),
    "indexes": (
        text("UPDATE entitlement SET account_index = '' WHERE project_id = :p"),
        text("UPDATE worker SET account_index = '' WHERE project_id = :p"),
    ),
    "salts": (text("UPDATE sheet SET salt = '' WHERE project_id = :p"),),
    "persons": (
        text("""
            UPDATE person h SET fingerprint = NULL
            WHERE h.fingerprint IS NOT NULL
              AND h.id IN (SELECT person_id FROM entitlement WHERE project_id = :p
                           UNION SELECT person_id FROM worker WHERE project_id = :p)
              AND NOT EXISTS (SELECT FROM member m WHERE m.person_id = h.id)
              AND NOT EXISTS (SELECT FROM worker w JOIN project p ON p.id = w.project_id
                              WHERE w.person_id = h.id AND p.shredded_at IS NULL)
              AND NOT EXISTS (SELECT FROM entitlement e JOIN project p ON p.id = e.project_id
                              WHERE e.person_id = h.id AND p.shredded_at IS NULL)
        """),
    ),
}
# Masked values, which together with other knowledge may still tell who somebody is.
_UNSHOW: Final = text("UPDATE blocker SET shown = '', facts = '{}' WHERE project_id = :p")
