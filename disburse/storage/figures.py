"""Reads of accounts, of what waits for money, and of everything that is open; they lock nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import text

from disburse.domain.lifecycle.attempt import LIVE
from disburse.storage.engine import Transaction
from disburse.storage.plans import in_bulk
from disburse.storage.rows import AnyRow, as_dicts
from disburse.storage.views import Tally


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the sheets that are not funded yet need from an account."""

    received: Tally
    reviewed: Tally
    due_on: date | None  # of the first reviewed sheet


def account(tx: Transaction, account_id: int) -> AnyRow:
    """Return a special account with the day and balance of its last statement."""
    return as_dicts(tx.execute(_ACCOUNT, {"a": account_id}))[0]


def waiting(tx: Transaction, *, project_id: int, account_id: int) -> Waiting:
    """Count received and reviewed sheets, and add up what funding them takes."""
    with in_bulk(tx):
        found = tx.execute(_WAITING, {"p": project_id, "a": account_id})
    rows = {row.state: row for row in found}
    tallies = {state: Tally(row.sheets, int(row.amount)) for state, row in rows.items()}
    return Waiting(
        received=tallies.get("received", Tally(0, 0)),
        reviewed=tallies.get("reviewed", Tally(0, 0)),
        due_on=rows["reviewed"].due_on if "reviewed" in rows else None,
    )


def declarations(tx: Transaction, *, project_id: int, account_id: int) -> list[AnyRow]:
    """Return the declarations that did not arrive yet and were not recalled, oldest first."""
    rows = tx.execute(_DECLARATIONS, {"p": project_id, "a": account_id})
    return as_dicts(rows)


def anomalies(
    tx: Transaction, *, project_id: int, only_open: bool, after: int, limit: int
) -> list[AnyRow]:
    """Return a project's anomalies by number."""
    values = {"p": project_id, "open": only_open, "after": after, "limit": limit}
    return as_dicts(tx.execute(_ANOMALIES, values))


def open_sheets(tx: Transaction) -> list[AnyRow]:
    """Count and add up the sheets that no file is written for yet, by state and currency."""
    return as_dicts(tx.execute(_OPEN_SHEETS))


def open_files(tx: Transaction) -> list[AnyRow]:
    """Count and add up the files that the bank has not acknowledged, by state and currency."""
    return as_dicts(tx.execute(_OPEN_FILES))


def live_payments(tx: Transaction) -> list[AnyRow]:
    """Count and add up the payments without a final answer, by state and currency."""
    return as_dicts(tx.execute(_LIVE_PAYMENTS, {"live": [str(state) for state in LIVE]}))


def files_half_answered(tx: Transaction) -> list[AnyRow]:
    """Count and add up the files that the bank has and not wholly answered, by currency."""
    return as_dicts(tx.execute(_FILES_HALF_ANSWERED, {"live": [str(state) for state in LIVE]}))


def payments_to_repeat(tx: Transaction) -> list[AnyRow]:
    """Count and add up the payments that came back and are neither paid again nor given up."""
    return as_dicts(tx.execute(text("SELECT * FROM payments_to_repeat()")))


def deliveries_open(tx: Transaction) -> list[AnyRow]:
    """Count what webhooks were not told yet, by state."""
    return as_dicts(tx.execute(text("SELECT * FROM deliveries_open()")))


def columns(tx: Transaction) -> list[AnyRow]:
    """Add up every column of the ledger, by currency."""
    return as_dicts(tx.execute(_BALANCES))


def open_anomalies(tx: Transaction) -> list[AnyRow]:
    """Count the anomalies that nobody resolved."""
    return as_dicts(tx.execute(_OPEN_ANOMALIES))


_FILES_HALF_ANSWERED: Final = text("SELECT * FROM files_half_answered(CAST(:live AS text[]))")
_ACCOUNT: Final = text("""
    SELECT a.id AS account_id, a.holder, a.number, a.bank_name, a.currency, a.state, a.statements,
           s.closes_on AS statement_on, s.closing AS statement_closing
    FROM special_account a
    LEFT JOIN LATERAL (SELECT closes_on, closing FROM statement
                       WHERE account_id = a.id ORDER BY number DESC LIMIT 1) s ON true
    WHERE a.id = :a
""")
_WAITING: Final = text("""
    SELECT s.state, count(DISTINCT s.id) AS sheets, min(s.pay_on) AS due_on,
           coalesce(sum(e.owed) FILTER (WHERE NOT e.set_aside AND NOT e.void), 0) AS amount
    FROM sheet s JOIN entitlement e
      ON e.project_id = s.project_id AND e.period = s.period AND e.sheet_id = s.id
    WHERE s.project_id = :p AND s.account_id = :a AND s.state IN ('received', 'reviewed')
    GROUP BY s.state
""")
_DECLARATIONS: Final = text("""
    SELECT id, amount, confirmed, expected_on, state, voucher_digest, declared_by, vouched_by, at
    FROM declaration
    WHERE project_id = :p AND account_id = :a AND state IN ('declared', 'vouched') ORDER BY id
""")
_ANOMALIES: Final = text("""
    SELECT id, code, red, reference, detail, at, digest AS report, record, resolved_by,
           resolved_at, resolution
    FROM anomaly
    WHERE project_id = :p AND id > :after AND (resolved_at IS NULL OR NOT :open)
    ORDER BY id LIMIT :limit
""")
# Over all projects, so they are functions that run as the tables' owner: sums, and no names.
_OPEN_SHEETS: Final = text("SELECT * FROM open_sheets()")
_OPEN_FILES: Final = text("SELECT * FROM open_files()")
_LIVE_PAYMENTS: Final = text("SELECT * FROM live_payments(CAST(:live AS text[]))")
_BALANCES: Final = text("SELECT * FROM ledger_columns()")
_OPEN_ANOMALIES: Final = text("SELECT * FROM open_anomalies()")
