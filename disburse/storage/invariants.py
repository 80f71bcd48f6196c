"""The invariants of the books as queries: each returns the rows where two things do not agree.

Every query is one pass over its tables. The first columns of a row, as many as the check says, name
the place; the rest are the numbers that do not agree, amounts in minor units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.ledger import COLUMNS, NOT_NEGATIVE, NOT_POSITIVE
from disburse.domain.lifecycle.attempt import IN_FLIGHT, LIVE
from disburse.storage.engine import Transaction
from disburse.storage.plans import in_bulk
from disburse.storage.rows import AnyRow, as_dicts


@dataclass(frozen=True, slots=True)
class Invariant:
    """What must hold, and the query that finds where it does not."""

    name: str
    where: int  # how many columns name the place
    query: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What transfers of one kind moved on one row; `reverses` is a correction's own kind."""

    project_id: int
    account_id: int
    kind: str
    reverses: str
    amount: int


def broken(tx: Transaction, invariant: Invariant) -> list[tuple[dict[str, Any], dict[str, int]]]:
    """Return (where, parts) of every row that breaks the invariant."""
    with in_bulk(tx):
        rows = as_dicts(tx.execute(text(invariant.query)))
    found = []
    for row in rows:
        cells = list(row.items())
        parts = {name: int(value or 0) for name, value in cells[invariant.where :]}
        found.append((dict(cells[: invariant.where]), parts))
    return found


def looked_at(tx: Transaction) -> Mapping[str, int]:
    """Count the rows that the invariants are about."""
    return as_dicts(tx.execute(text(_LOOKED_AT)))[0]


def balances(tx: Transaction) -> list[AnyRow]:
    """Return every row of the ledger."""
    query = f"SELECT project_id, account_id, {', '.join(COLUMNS)} FROM balance ORDER BY 1, 2"
    return as_dicts(tx.execute(text(query)))


def moved(tx: Transaction) -> list[Moved]:
    """Add up all transfers by row and kind."""
    return [Moved(*row) for row in tx.execute(text(_MOVED))]


def by_file(tx: Transaction) -> list[AnyRow]:
    """Hold what every file's answers say was paid against what statements booked for it."""
    with in_bulk(tx):
        return as_dicts(tx.execute(text(_BY_FILE)))


def _words(names: Sequence[str] | frozenset[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))


_SAME_LINE: Final = """e.project_id = t.project_id AND e.period = t.period
        AND e.sheet_id = t.sheet_id AND e.line = t.line"""

_SIGNS: Final = " OR ".join(
    [f"{name} < 0" for name in NOT_NEGATIVE] + [f"{name} > 0" for name in NOT_POSITIVE]
)
_COLUMNS_ADD_UP: Final = f"""
    SELECT project_id, account_id, {", ".join(COLUMNS)} FROM balance
    WHERE {" + ".join(COLUMNS)} <> 0 OR {_SIGNS}
"""
_BANK_IS_CLOSING: Final = """
    SELECT account_id, booked, coalesce(closing, 0) AS closing
    FROM (SELECT account_id, -sum(bank) AS booked FROM balance GROUP BY account_id) b
    LEFT JOIN (SELECT DISTINCT ON (account_id) account_id, closing FROM statement
               ORDER BY account_id, number DESC) s USING (account_id)
    WHERE booked <> coalesce(closing, 0)
"""
_STATEMENTS_ADD_UP: Final = """
    SELECT s.account_id, s.number, s.opening, coalesce(e.amount, 0) AS entries, s.closing
    FROM statement s
    LEFT JOIN (SELECT account_id, statement_number, sum(amount) AS amount FROM statement_entry
               GROUP BY 1, 2) e ON e.account_id = s.account_id AND e.statement_number = s.number
    WHERE s.opening + coalesce(e.amount, 0) <> s.closing
"""
_STATEMENTS_FOLLOW: Final = """
    SELECT account_id, number, before + 1 AS expected_number, opening, closed AS closed_before
    FROM (SELECT account_id, number, opening, lag(closing, 1, 0::bigint) OVER one AS closed,
                 lag(number, 1, 0::bigint) OVER one AS before
          FROM statement WINDOW one AS (PARTITION BY account_id ORDER BY number)) s
    WHERE number <> before + 1 OR (opening <> closed AND number > 1)
"""
_ENTRIES_ARE_POSTED: Final = """
    SELECT e.account_id, e.reference, e.project_id, abs(e.amount) AS booked, t.amount AS posted
    FROM statement_entry e LEFT JOIN transfer t
      ON t.project_id = e.project_id AND t.kind = e.effect
     AND t.reference = format('entry:%s:%s', e.account_id, e.reference)
     AND t.account_id = e.account_id
    WHERE t.amount IS DISTINCT FROM abs(e.amount)
"""
_AWAITED_IS_DECLARED: Final = """
    SELECT project_id, account_id, -coalesce(b.awaited, 0) AS awaited,
           coalesce(d.amount, 0) AS declared
    FROM balance b FULL JOIN (
        SELECT project_id, account_id, sum(amount - confirmed) AS amount FROM declaration
        WHERE state = 'vouched' GROUP BY 1, 2) d USING (project_id, account_id)
    WHERE -coalesce(b.awaited, 0) <> coalesce(d.amount, 0)
"""
_OPEN_ITEMS_ARE_IN_THE_BOOKS: Final = """
    SELECT project_id, account_id, coalesce(b.suspense, 0) AS suspense,
           coalesce(i.credits, 0) AS open_credits, -coalesce(b.missing, 0) AS missing,
           coalesce(i.debits, 0) AS open_debits
    FROM balance b FULL JOIN (
        SELECT project_id, account_id,
               coalesce(sum(remaining) FILTER (WHERE side = 'credit'), 0) AS credits,
               coalesce(sum(remaining) FILTER (WHERE side = 'debit'), 0) AS debits
        FROM open_item GROUP BY 1, 2) i USING (project_id, account_id)
    WHERE coalesce(b.suspense, 0) <> coalesce(i.credits, 0)
       OR -coalesce(b.missing, 0) <> coalesce(i.debits, 0)
"""
# Σ over lines, not over sheets: a line given up, rejected or returned counts by itself.
_BALANCE_FOLLOWS_LINES: Final = f"""
    SELECT project_id, account_id, b.held, b.in_flight, b.paid, coalesce(f.funded, 0) AS funded,
           coalesce(t.flying, 0) AS lines_in_flight, coalesce(t.paid, 0) AS lines_paid
    FROM balance b
    FULL JOIN (SELECT s.project_id, s.account_id, sum(e.funded) AS funded
               FROM entitlement e JOIN sheet s ON s.project_id = e.project_id AND s.id = e.sheet_id
               GROUP BY 1, 2) f USING (project_id, account_id)
    FULL JOIN (SELECT s.project_id, s.account_id,
                      coalesce(sum(a.amount) FILTER (WHERE a.state IN ({_words(IN_FLIGHT)})), 0)
                          AS flying,
                      coalesce(sum(a.amount) FILTER (WHERE a.state = 'paid'), 0) AS paid
               FROM attempt a JOIN sheet s ON s.project_id = a.project_id AND s.id = a.sheet_id
               GROUP BY 1, 2) t USING (project_id, account_id)
    WHERE coalesce(b.in_flight, 0) <> coalesce(t.flying, 0)
       OR coalesce(b.paid, 0) <> coalesce(t.paid, 0)
       OR coalesce(b.held, 0)
          <> coalesce(f.funded, 0) - coalesce(t.flying, 0) - coalesce(t.paid, 0)
"""
_ENTITLEMENTS_FOLLOW: Final = f"""
    SELECT t.project_id, t.period, t.sheet_id, t.line, e.owed, e.live, e.paid,
           t.live AS attempts_live, t.paid AS attempts_paid, t.live_attempts, t.stale
    FROM (SELECT project_id, period, sheet_id, line,
                 coalesce(sum(amount) FILTER (WHERE state IN ({_words(LIVE)})), 0) AS live,
                 coalesce(sum(amount) FILTER (WHERE state = 'paid'), 0) AS paid,
                 count(*) FILTER (WHERE state IN ({_words(LIVE)})) AS live_attempts,
                 count(*) FILTER (WHERE state IN ({_words(LIVE)}) AND attempt < newest) AS stale
          FROM (SELECT *, max(attempt) OVER (PARTITION BY project_id, period, sheet_id, line)
                AS newest FROM attempt) a
          GROUP BY 1, 2, 3, 4) t
    LEFT JOIN entitlement e ON {_SAME_LINE}
    WHERE e.owed IS NULL OR e.live <> t.live OR e.paid <> t.paid
       OR t.live_attempts > 1 OR t.stale > 0 OR e.paid + e.live > e.owed
    UNION ALL
    SELECT e.project_id, e.period, e.sheet_id, e.line, e.owed, e.live, e.paid, 0, 0, 0, 0
    FROM entitlement e
    WHERE (e.live <> 0 OR e.paid <> 0)
      AND NOT EXISTS (SELECT FROM attempt t WHERE {_SAME_LINE})
"""
# What the bank booked of our files and payments: entries, and what two people say entries were.
_BOOKED: Final = """
    SELECT project_id, account_id, names, -amount AS amount, booked_on FROM statement_entry
    WHERE effect IN ('book_payment', 'book_return')
    UNION ALL
    SELECT project_id, account_id, names,
           CASE kind WHEN 'own_payment' THEN amount ELSE -amount END, ended_at::date
    FROM explanation WHERE state = 'endorsed' AND names <> ''
"""
# Money that went out by the bank's own books, less what came back, where it names single payments.
_BOOKED_WITHIN_OWED: Final = f"""
    SELECT e.project_id, e.period, e.sheet_id, e.line, e.owed, sum(s.amount) AS booked
    FROM (SELECT project_id, names, amount FROM ({_BOOKED}) b WHERE amount <> 0) s
    JOIN attempt a ON a.project_id = s.project_id AND a.reference = s.names
    JOIN entitlement e ON e.project_id = a.project_id AND e.period = a.period
                      AND e.sheet_id = a.sheet_id AND e.line = a.line
    GROUP BY 1, 2, 3, 4, 5 HAVING sum(s.amount) > e.owed
"""
_SHEETS_FOLLOW: Final = """
    SELECT s.project_id, s.id AS sheet_id, s.state, s.head_count, s.total_net, l.lines, l.net,
           t.lines AS entitled, t.owed, t.payable, t.funded, t.live, t.paid, t.void,
           coalesce(a.approvals, 0) AS approvals
    FROM sheet s
    LEFT JOIN (SELECT project_id, sheet_id, count(*) AS lines, sum(net) AS net FROM line
               GROUP BY 1, 2) l ON l.project_id = s.project_id AND l.sheet_id = s.id
    LEFT JOIN (SELECT project_id, sheet_id, count(*) AS lines, sum(owed) AS owed,
                      coalesce(sum(owed) FILTER (WHERE NOT set_aside AND NOT void), 0) AS payable,
                      sum(funded) AS funded, sum(live) AS live, sum(paid) AS paid,
                      count(*) FILTER (WHERE void) AS void
               FROM entitlement GROUP BY 1, 2) t
           ON t.project_id = s.project_id AND t.sheet_id = s.id
    LEFT JOIN (SELECT project_id, sheet_id, round, count(*) AS approvals FROM approval
               GROUP BY 1, 2, 3) a
           ON a.project_id = s.project_id AND a.sheet_id = s.id AND a.round = s.round
    WHERE (s.head_count, s.head_count, s.total_net, s.total_net)
              IS DISTINCT FROM (l.lines, t.lines, l.net, t.owed)
       OR CASE
          WHEN s.state IN ('rejected', 'withdrawn')
              THEN t.funded <> 0 OR t.live <> 0 OR t.paid <> 0 OR t.void <> t.lines
          WHEN t.void <> 0 THEN true
          WHEN s.state IN ('received', 'reviewed')
              THEN t.funded <> 0 OR t.live <> 0 OR t.paid <> 0
          WHEN s.state = 'exported' THEN t.funded > t.payable OR a.approvals IS NULL
          ELSE t.funded <> t.payable OR t.live <> 0 OR t.paid <> 0
              OR (s.state = 'approved' AND a.approvals IS NULL) END
"""
_FILES_FOLLOW: Final = """
    SELECT f.project_id, f.id AS file_id, f.state, f.count AS payments, f.total,
           coalesce(t.payments, 0) AS attempts, coalesce(t.amount, 0) AS amount,
           coalesce(t.unfit, 0) AS in_unfit_states
    FROM bank_file f
    LEFT JOIN (
        SELECT a.project_id, a.file_id, count(*) AS payments, sum(a.amount) AS amount,
               count(*) FILTER (WHERE NOT CASE g.state
                   WHEN 'written' THEN a.state = 'prepared'
                   WHEN 'refused' THEN a.state = 'rejected'
                   WHEN 'acknowledged' THEN a.state NOT IN ('prepared', 'void')
                   ELSE a.state = g.state END) AS unfit
        FROM attempt a JOIN bank_file g ON g.project_id = a.project_id AND g.id = a.file_id
        GROUP BY 1, 2) t ON t.project_id = f.project_id AND t.file_id = f.id
    WHERE f.count <> coalesce(t.payments, 0) OR f.total <> coalesce(t.amount, 0)
       OR coalesce(t.unfit, 0) > 0
"""
_MOVED: Final = """
    SELECT project_id, account_id, kind,
           CASE WHEN kind = 'correct' THEN split_part(reference, ':', 1) ELSE '' END AS reverses,
           sum(amount)::bigint AS amount
    FROM transfer GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
_BY_FILE: Final = f"""
    SELECT project_id, account_id, coalesce(f.reference, 'none') AS what,
           coalesce(r.amount, 0)::bigint AS reported, coalesce(b.amount, 0)::bigint AS booked,
           f.total, least(r.since, b.since) AS since
    FROM (SELECT g.project_id, g.account_id, g.id AS file_id, sum(a.amount) AS amount,
                 min(a.answered_on) AS since
          FROM attempt a JOIN bank_file g ON g.project_id = a.project_id AND g.id = a.file_id
          WHERE a.state = 'paid' GROUP BY 1, 2, 3) r
    FULL JOIN (SELECT s.project_id, s.account_id, coalesce(g.id, a.file_id) AS file_id,
                      sum(s.amount) AS amount, min(s.booked_on) AS since
               FROM ({_BOOKED}) s
               LEFT JOIN bank_file g ON g.reference = s.names
               LEFT JOIN attempt a ON a.project_id = s.project_id AND a.reference = s.names
               GROUP BY 1, 2, 3) b
        USING (project_id, account_id, file_id)
    LEFT JOIN (SELECT id AS file_id, reference, total FROM bank_file) f USING (file_id)
    ORDER BY 1, 2, file_id
"""
_LOOKED_AT: Final = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {table}) AS {table}"
    for table in (
        "balance", "transfer", "statement", "statement_entry", "declaration", "sheet",
        "entitlement", "attempt", "bank_file",
    )
)  # fmt: skip
INVARIANTS: Final = (
    Invariant("columns-add-up-to-zero", 2, _COLUMNS_ADD_UP),  # 1
    Invariant("bank-is-the-last-closing-balance", 1, _BANK_IS_CLOSING),  # 2
    Invariant("statements-add-up", 2, _STATEMENTS_ADD_UP),
    Invariant("statements-leave-no-gap", 2, _STATEMENTS_FOLLOW),
    Invariant("entries-are-posted", 3, _ENTRIES_ARE_POSTED),
    Invariant("awaited-is-what-was-declared", 2, _AWAITED_IS_DECLARED),
    Invariant("open-items-are-in-the-books", 2, _OPEN_ITEMS_ARE_IN_THE_BOOKS),
    Invariant("balances-follow-lines", 2, _BALANCE_FOLLOWS_LINES),  # 3
    Invariant("entitlements-follow-attempts", 4, _ENTITLEMENTS_FOLLOW),
    Invariant("booked-is-within-owed", 4, _BOOKED_WITHIN_OWED),  # 6
    Invariant("sheets-follow-lines", 3, _SHEETS_FOLLOW),
    Invariant("files-follow-payments", 3, _FILES_FOLLOW),
)
