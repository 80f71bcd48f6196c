"""What `disburse simulate` looks at after every step: rows of the whole database, of no caller."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.reference import AttemptKey, of_attempt
from disburse.storage.engine import Transaction


def attempts(tx: Transaction) -> dict[str, str]:
    """Return the state of every payment attempt, by its reference, in order."""
    return {row.reference: row.state for row in tx.execute(_ATTEMPTS)}


def owed(tx: Transaction) -> set[tuple[int, int]]:
    """Return sheet and line of every entitlement."""
    return {(row.sheet_id, row.line) for row in tx.execute(_OWED)}


def files(tx: Transaction, *states: str) -> list[Any]:
    """Return the bank files in these states, in order."""
    return list(tx.execute(_FILES, {"states": list(states)}))


def anomalies(tx: Transaction) -> list[int]:
    """Return the numbers of anomalies that nobody resolved, in order."""
    return [row.id for row in tx.execute(_ANOMALIES)]


def open_again(tx: Transaction) -> list[str]:
    """Return the references of payments that came back or were refused, and wait for a reissue."""
    return [row.reference for row in tx.execute(_OPEN_AGAIN)]


def asked_again(tx: Transaction, *, signed: bool, at: datetime) -> list[tuple[str, int]]:
    """Return reference and sheet of every reissue that is in no file yet."""
    rows = tx.execute(_ASKED_AGAIN, {"signed": signed, "at": at})
    return [(of_attempt(AttemptKey(*row)), row.sheet_id) for row in rows]


def unsettled(tx: Transaction) -> dict[str, int]:
    """Return every sum of the ledger that is not nought when all is paid and booked; minor units.

    `bank` is the booked balance; `unbooked` what was reported paid and not booked, or booked only.
    """
    [row] = tx.execute(_UNSETTLED)
    return {name: int(amount) for name, amount in row._mapping.items() if amount}  # noqa: SLF001


_UNSETTLED: Final = text("""
    SELECT -sum(bank) AS bank, sum(drawn + paid) AS unbooked, sum(awaited) AS awaited,
           sum(missing) AS missing, sum(suspense) AS suspense, sum(free) AS free,
           sum(held) AS held, sum(in_flight) AS in_flight
    FROM balance
""")
_ATTEMPTS: Final = text("SELECT reference, state FROM attempt ORDER BY reference")
_OWED: Final = text("SELECT sheet_id, line FROM entitlement")
_FILES: Final = text("""
    SELECT id, reference, name, state, sha256, count, total FROM bank_file
    WHERE state = ANY(CAST(:states AS text[])) ORDER BY id
""")
_ANOMALIES: Final = text("SELECT id FROM anomaly WHERE resolved_at IS NULL ORDER BY id")
_OPEN_AGAIN: Final = text("""
    SELECT reference FROM (
        SELECT DISTINCT ON (a.sheet_id, a.line) a.*, e.funded
        FROM attempt a JOIN entitlement e ON e.sheet_id = a.sheet_id AND e.line = a.line
        ORDER BY a.sheet_id, a.line, a.attempt DESC) newest
    WHERE state IN ('rejected', 'returned') AND funded > 0 AND NOT EXISTS (
        SELECT FROM reissue r WHERE r.sheet_id = newest.sheet_id
        AND r.line = newest.line AND r.attempt > newest.attempt)
    ORDER BY reference
""")
_ASKED_AGAIN: Final = text("""
    SELECT r.sheet_id, r.line, r.attempt FROM reissue r
    WHERE (r.approver IS NOT NULL AND r.expires_at > :at) = :signed
      AND NOT EXISTS (SELECT FROM attempt a WHERE a.sheet_id = r.sheet_id
                      AND a.line = r.line AND a.attempt = r.attempt)
    ORDER BY 1, 2, 3
""")
