"""What each establishment owes for a month, and how much of it went on time; it locks nothing."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import text

from disburse.storage.engine import Transaction
from disburse.storage.plans import in_bulk
from disburse.storage.rows import AnyRow, as_dicts


def by_employer(tx: Transaction, *, period: date, currency: str, due: date) -> list[AnyRow]:
    """Return total, on time and underway (minor units) by employer.

    On time needs the bank's own date; without one, a paid wage counts as underway.
    """
    with in_bulk(tx):
        values = {"m": period, "currency": currency, "due": due}
        return as_dicts(tx.execute(_BY_EMPLOYER, values))


_BY_EMPLOYER: Final = text("""
    WITH tried AS (
        SELECT a.project_id, a.sheet_id, a.line,
               sum(a.amount) FILTER (WHERE a.state = 'paid' AND a.answered_on <= :due) AS on_time,
               sum(a.amount) FILTER (WHERE f.pay_on <= :due AND (
                   a.state IN ('sent', 'accepted', 'unknown')
                   OR (a.state = 'paid' AND a.answered_on IS NULL))) AS underway
        FROM attempt a
        JOIN bank_file f ON f.project_id = a.project_id AND f.id = a.file_id
        WHERE a.period = :m AND f.currency = :currency
        GROUP BY a.project_id, a.sheet_id, a.line)
    SELECT o.registration, o.name, count(*) AS wages, sum(e.owed)::bigint AS total,
           coalesce(sum(t.on_time), 0)::bigint AS on_time,
           coalesce(sum(t.underway), 0)::bigint AS underway
    FROM entitlement e
    JOIN sheet s ON s.project_id = e.project_id AND s.id = e.sheet_id
    JOIN organisation o ON o.id = e.employer_id
    LEFT JOIN tried t ON t.project_id = e.project_id AND t.sheet_id = e.sheet_id
                     AND t.line = e.line
    WHERE e.period = :m AND s.currency = :currency AND NOT e.void
    GROUP BY o.registration, o.name
    ORDER BY o.registration
""")
