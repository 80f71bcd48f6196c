"""Reads of sheets, lines and bank files with their progress; they lock nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.sheet import State
from disburse.storage import records
from disburse.storage.engine import Transaction
from disburse.storage.plans import in_bulk
from disburse.storage.records import Sealed
from disburse.storage.rows import AnyRow, as_dicts
from disburse.storage.sheets import Sheet


class LineState(StrEnum):
    """Where one line of a sheet stands; a view over its entitlement and its latest attempt."""

    VOID = "void"  # the sheet was rejected or withdrawn
    SET_ASIDE = "set_aside"
    NOTHING_DUE = "nothing_due"  # a net of zero
    WAITING = "waiting"  # no money is held for it yet
    GIVEN_UP = "given_up"  # rejected or returned, and its money was freed; still owed
    HELD = "held"  # money is held, no payment is made out yet
    PREPARED = "prepared"  # from here on: the state of its latest attempt
    DISPATCHING = "dispatching"
    SENT = "sent"
    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    PAID = "paid"
    REJECTED = "rejected"
    RETURNED = "returned"


ANSWERED_LINES: Final = frozenset({LineState.PAID, LineState.REJECTED, LineState.RETURNED})
FUNDED_LINES: Final = ANSWERED_LINES | {
    LineState.HELD, LineState.PREPARED, LineState.DISPATCHING, LineState.SENT, LineState.ACCEPTED,
    LineState.UNKNOWN,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tally:
    """How many, and what they add up to in minor units."""

    count: int
    amount: int


def sheet(tx: Transaction, *, project_id: int, sheet_id: int) -> Sheet | None:
    """Return a sheet's row without locking it; None when the project has none by that number."""
    found = as_dicts(tx.execute(_SHEET, {"p": project_id, "s": sheet_id}))
    if not found:
        return None
    row = found[0]
    return Sheet(**{**row, "state": State(row["state"]), "salt": bytes(row["salt"])})


def sheets(
    tx: Transaction,
    *,
    project_ids: Sequence[int],
    own_employer_id: int | None,
    employer_id: int | None = None,
    period: date | None = None,
    state: str | None = None,
    after: int,
    limit: int,
) -> list[AnyRow]:
    """Return sheets by number, those after `after`."""
    values = {
        "projects": list(project_ids),
        "own": own_employer_id,
        "employer": employer_id,
        "period": period,
        "state": state,
    }
    conditions = [_SHEET_IS[name] for name, value in values.items() if value is not None]
    query = f"{_SHEETS} WHERE {' AND '.join(conditions)} AND s.id > :after {_SHEETS_ORDER}"
    values |= {"after": after, "limit": limit}
    return as_dicts(tx.execute(text(query), values))


def progress(tx: Transaction, of: Sheet) -> dict[LineState, Tally]:
    """Count a sheet's lines by where they stand; amounts are what the lines are owed."""
    with in_bulk(tx):
        rows = tx.execute(_PROGRESS, _key(of))
    return {LineState(row.state): Tally(row.lines, int(row.amount)) for row in rows}


def needed(tx: Transaction, of: Sheet) -> int:
    """Return what funding the sheet takes, in minor units."""
    return int(tx.scalar(_NEEDED, _key(of)) or 0)


def open_blockers(tx: Transaction, of: Sheet) -> int:
    """Count the findings that nobody cleared on lines that are not set aside."""
    return int(tx.scalar(_OPEN_BLOCKERS, _key(of)) or 0)


def lines(tx: Transaction, of: Sheet, *, state: str | None, after: int, limit: int) -> list[AnyRow]:
    """Return lines by number, with where each stands; all of them, or those in one state."""
    values = _key(of) | {"state": state, "after": after, "limit": limit}
    with in_bulk(tx):
        rows = as_dicts(tx.execute(_LINES, values))
    place = of.project_id, of.id
    sealed = [
        Sealed(of.project_id, records.of_line(*place, row["number"]), row.pop("particulars"))
        for row in rows
    ]
    for row, told in zip(rows, records.opened(tx, sealed), strict=True):
        row |= {name: told[name] for name in _SHOWN}
    return rows


def blockers(tx: Transaction, of: Sheet, *, after: int, lines: int) -> list[AnyRow]:
    """Return what was found on the next `lines` lines that have findings, behind `after`."""
    values = _key(of) | {"after": after, "lines": lines}
    return as_dicts(tx.execute(_BLOCKERS, values))


def files(
    tx: Transaction,
    *,
    project_id: int,
    sheet_id: int | None = None,
    state: str | None = None,
    after: int,
    limit: int,
) -> list[AnyRow]:
    """Return bank files by number, with count and sum of their payments by state."""
    values = {"p": project_id, "s": sheet_id, "state": state, "after": after, "limit": limit}
    return as_dicts(tx.execute(_FILES, values))


def file_bytes(
    tx: Transaction, *, project_id: int, file_id: int
) -> tuple[int, bank_file.State, int] | None:
    """Return where a file's bytes are kept, its state and its bank; None: there is no such file."""
    row = tx.execute(_FILE_BYTES, {"p": project_id, "f": file_id}).one_or_none()
    return (row.bytes_id, bank_file.State(row.state), row.bank_id) if row else None


def account_number(tx: Transaction, account_id: int) -> str:
    """Return the number of a special account."""
    query = text("SELECT number FROM special_account WHERE id = :a")
    return str(tx.scalar(query, {"a": account_id}))


def _key(of: Sheet) -> dict[str, Any]:
    return {"p": of.project_id, "m": of.period, "s": of.id}


_SHEET: Final = text(
    f"SELECT {', '.join(Sheet.__slots__)} FROM sheet WHERE project_id = :p AND id = :s"
)
_SHEETS: Final = """
    SELECT s.project_id, p.code AS project, s.id, s.period, s.employer_id AS subcontractor_id,
           o.name AS subcontractor, s.kind, s.number, s.currency, s.pay_on, s.head_count,
           s.total_net, s.digest, s.state, s.received_at, s.reviewed_by
    FROM sheet s JOIN project p ON p.id = s.project_id JOIN organisation o ON o.id = s.employer_id
"""
_SHEETS_ORDER: Final = "ORDER BY s.id LIMIT :limit"
_SHEET_IS: Final = {
    "projects": "s.project_id = ANY(CAST(:projects AS bigint[]))",
    "own": "s.employer_id = :own",
    "employer": "s.employer_id = :employer",
    "period": "s.period = :period",
    "state": "s.state = :state",
}
_OF_SHEET: Final = "project_id = :p AND period = :m AND sheet_id = :s"
# Each line stands in one state: what is true of its entitlement first, then its latest attempt.
_STANDING: Final = f"""
    WITH newest AS (
        SELECT DISTINCT ON (line) line, state, reference FROM attempt WHERE {_OF_SHEET}
        ORDER BY line, attempt DESC),
    standing AS (
        SELECT e.line, e.owed, n.reference, CASE
            WHEN e.void THEN 'void'
            WHEN e.set_aside THEN 'set_aside'
            WHEN e.owed = 0 THEN 'nothing_due'
            WHEN e.funded = 0 AND n.state IN ('rejected', 'returned') THEN 'given_up'
            WHEN e.funded = 0 THEN 'waiting'
            WHEN coalesce(n.state, 'void') = 'void' THEN 'held'
            ELSE n.state END AS state
        FROM entitlement e LEFT JOIN newest n ON n.line = e.line
        WHERE e.project_id = :p AND e.period = :m AND e.sheet_id = :s)
"""
_PROGRESS: Final = text(f"""
    {_STANDING}
    SELECT state, count(*) AS lines, sum(owed) AS amount FROM standing GROUP BY state
""")
_NEEDED: Final = text(f"""
    SELECT sum(owed) FROM entitlement WHERE {_OF_SHEET} AND NOT set_aside AND NOT void
""")
_OPEN_BLOCKERS: Final = text("""
    SELECT count(*) FROM blocker b JOIN entitlement e
      ON e.project_id = b.project_id AND e.sheet_id = b.sheet_id AND e.line = b.line
    WHERE b.project_id = :p AND b.sheet_id = :s AND e.period = :m AND b.cleared_by IS NULL
      AND NOT e.set_aside AND NOT e.void
""")
_SHOWN: Final = ("name", "id_number", "account", "bank_name", "team", "trade")
_LINES: Final = text(f"""
    {_STANDING}
    SELECT l.number, l.worker_id, l.particulars, l.gross, l.deductions, l.net, standing.state,
           standing.reference
    FROM line l JOIN standing ON standing.line = l.number
    WHERE l.project_id = :p AND l.period = :m AND l.sheet_id = :s AND l.number > :after
      AND standing.state = coalesce(:state, standing.state)
    ORDER BY l.number LIMIT :limit
""")
_BLOCKERS: Final = text("""
    SELECT line, code, field, shown, facts, clearable, cleared_by IS NOT NULL AS cleared, reason
    FROM blocker
    WHERE project_id = :p AND sheet_id = :s AND line IN (
        SELECT DISTINCT line FROM blocker
        WHERE project_id = :p AND sheet_id = :s AND line > :after ORDER BY line LIMIT :lines)
    ORDER BY line, code, field
""")
_FILES: Final = text("""
    SELECT f.id, f.reference, f.sheet_id, f.period, f.sequence, f.name, f.adapter,
           f.adapter_version, f.sha256, f.currency, f.pay_on, f.count AS "count", f.total, f.state,
           f.created_at,
           (SELECT jsonb_object_agg(t.state, jsonb_build_array(t.payments, t.amount))
            FROM (SELECT a.state, count(*) AS payments, sum(a.amount) AS amount FROM attempt a
                  WHERE a.project_id = f.project_id AND a.period = f.period AND a.file_id = f.id
                  GROUP BY a.state) t) AS payments
    FROM bank_file f
    WHERE f.project_id = :p AND f.id > :after AND f.sheet_id = coalesce(:s, f.sheet_id)
      AND f.state = coalesce(:state, f.state)
    ORDER BY f.id LIMIT :limit
""")
_FILE_BYTES: Final = text("""
    SELECT f.bytes_id, f.state, c.bank_id
    FROM bank_file f JOIN bank_connection c ON c.id = f.connection_id
    WHERE f.project_id = :p AND f.id = :f
""")
