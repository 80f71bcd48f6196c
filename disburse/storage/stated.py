"""Special accounts whose bank statements stopped coming, and the alarm about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from disburse.domain.policy import Policy
from disburse.storage.engine import Transaction

MISSING: Final = "statement-missing"  # the anomaly of an account that the bank says too little of
CAME: Final = "the bank's statement came"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """A project's account whose statements, by calendar days, have not come for a while."""

    project_id: int
    account_id: int
    time_zone: str
    today: date  # there
    covered: date  # the last day that a statement is of
    days: int  # which working day back has to be covered, by the project's policy

    def reference(self, missing: date) -> str:
        """Return what the alarm is about: the account, and the day that has no statement."""
        return f"account:{self.account_id}:{missing}"


def behind(tx: Transaction, *, at: datetime, project_id: int | None = None) -> Sequence[Behind]:
    """Return accounts that may be behind, without those that people are looking into.

    An account that never had a statement is behind from the day on which money was to arrive. Who
    resolves an alarm has asked the bank: there is none again for as many days.
    """
    values = {"at": at, "p": project_id, "usual": Policy().statement_days, "code": MISSING}
    return [Behind(**row._mapping) for row in tx.execute(_BEHIND, values)]  # noqa: SLF001


def lock(tx: Transaction, account_id: int) -> None:
    """Let nobody book on the account until the transaction ends."""
    tx.execute(_LOCK, {"a": account_id})


def note_missing(tx: Transaction, one: Behind, *, missing: date, at: datetime) -> None:
    """Put the alarm on the queue; the account is locked."""
    values = {
        "p": one.project_id,
        "a": one.account_id,
        "code": MISSING,
        "at": at,
        "reference": one.reference(missing),
        "detail": f"no statement covers {missing}; the last one covers {one.covered}",
    }
    tx.execute(_NOTE, values)


def answer(
    tx: Transaction, *, account_id: int, closes_on: date, at: datetime
) -> list[tuple[int, int]]:
    """Take off the queue what a statement up to `closes_on` answers: pairs of project and alarm."""
    values = {"a": account_id, "closes": closes_on.isoformat(), "code": MISSING, "at": at,
              "text": CAME}  # fmt: skip
    return [(row.project_id, row.id) for row in tx.execute(_ANSWER, values)]


_BEHIND: Final = text("""
    SELECT p.id AS project_id, a.id AS account_id, p.time_zone, d.today, c.covered, d.days
    FROM project p JOIN special_account a ON a.id = p.account_id
    CROSS JOIN LATERAL (SELECT (CAST(:at AS timestamptz) AT TIME ZONE p.time_zone)::date AS today,
                               coalesce(CAST(p.policy ->> 'statement_days' AS integer), :usual)
                                   AS days) d
    CROSS JOIN LATERAL (
        SELECT coalesce((SELECT max(s.closes_on) FROM statement s WHERE s.account_id = a.id),
                        (SELECT min(e.expected_on) - 1 FROM declaration e
                         WHERE e.account_id = a.id AND e.state = 'vouched')) AS covered) c
    WHERE a.statements AND a.state <> 'closed' AND c.covered < d.today - d.days
      AND (CAST(:p AS bigint) IS NULL OR p.id = :p)
      AND NOT EXISTS (
          SELECT FROM anomaly n
          WHERE n.project_id = p.id AND n.code = :code
            AND n.reference LIKE 'account:' || a.id || ':%'
            AND (n.resolved_at IS NULL
                 OR (n.resolved_by IS NOT NULL
                     AND (n.resolved_at AT TIME ZONE p.time_zone)::date >= d.today - d.days)))
    ORDER BY p.id
""")
_LOCK: Final = text("SELECT FROM special_account WHERE id = :a FOR UPDATE")
_NOTE: Final = text("""
    INSERT INTO anomaly (project_id, code, red, connection_id, reference, detail, at)
    SELECT :p, :code, false, connection_id, :reference, :detail, :at
    FROM special_account WHERE id = :a
""")
_ANSWER: Final = text("""
    UPDATE anomaly SET resolved_at = :at, resolution = :text
    WHERE resolved_at IS NULL AND code = :code
      AND split_part(reference, ':', 2) = CAST(CAST(:a AS bigint) AS text)
      AND split_part(reference, ':', 3) COLLATE "C" <= :closes
    RETURNING project_id, id
""")
