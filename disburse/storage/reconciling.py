"""What a special account's statements say, beside what the ledger moved in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from disburse.storage.engine import Transaction
from disburse.storage.plans import in_bulk
from disburse.storage.rows import AnyRow, as_dicts


@dataclass(frozen=True, slots=True)
class MovedUntil:
    """What transfers of one kind moved until a statement was booked and after the one before."""

    number: int | None  # the statement's; None: after the last
    kind: str
    reverses: str  # a correction's own kind, or ""
    amount: int


def statements(tx: Transaction, account_id: int) -> list[AnyRow]:
    """Return the account's statements in order of time."""
    return as_dicts(tx.execute(_STATEMENTS, {"a": account_id}))


def moved(tx: Transaction, *, project_id: int, account_id: int) -> list[MovedUntil]:
    """Add up a project's transfers on an account by kind, between its statements."""
    with in_bulk(tx):
        rows = tx.execute(_MOVED, {"p": project_id, "a": account_id})
    return [MovedUntil(*row) for row in rows]


_STATEMENTS: Final = text("""
    SELECT number, reference, closes_on, opening, closing, closing - opening AS entries
    FROM statement WHERE account_id = :a ORDER BY number
""")
# An entry belongs to its statement; any other transfer to the first statement that was booked at
# its moment or later.
_MOVED: Final = text("""
    SELECT coalesce(t.number, (SELECT min(s.number) FROM statement s
                               WHERE s.account_id = :a AND s.received_at >= t.at)) AS number,
           t.kind, CASE WHEN t.kind = 'correct' THEN split_part(t.reference, ':', 1) ELSE '' END,
           sum(t.amount)::bigint
    FROM (SELECT e.number, at, kind,
                 CASE WHEN kind = 'correct' THEN t.reference ELSE '' END AS reference,
                 sum(amount) AS amount
          FROM transfer t
          LEFT JOIN (SELECT statement_number AS number, effect,
                            format('entry:%s:%s', account_id, reference) AS reference
                     FROM statement_entry WHERE account_id = :a AND project_id = :p) e
                 ON e.reference = t.reference AND e.effect = t.kind
          WHERE project_id = :p AND account_id = :a GROUP BY 1, 2, 3, 4) t
    GROUP BY 1, 2, 3
""")
