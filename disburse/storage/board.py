"""Everything that stands still, from one moment: payments by file and state, never one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.lifecycle.attempt import LIVE
from disburse.storage.engine import Transaction
from disburse.storage.plans import in_bulk
from disburse.storage.rows import AnyRow, as_dicts

_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One state of one kind of thing; its number orders what has stood since the same moment."""

    number: int
    thing: str
    state: str
    late_after: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is looked at: pairs of thing and project, and a subcontractor's own sheets only."""

    pairs: Sequence[tuple[str, int]]
    employer_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which part of the list: what is late only, behind a key of four numbers, so many rows."""

    only_late: bool
    after: tuple[int, int, int, int]
    limit: int
    at: datetime


def standing(
    tx: Transaction,
    places: Sequence[Place],
    seen: Seen,
    asked: Asked,
    *,
    usual_hours: Mapping[str, int],
) -> list[AnyRow]:
    """Return what stands still, oldest first; `usual_hours`: of an answer, by adapter."""
    values: dict[str, Any] = {
        "numbers": [one.number for one in places],
        "things": [one.thing for one in places],
        "states": [one.state for one in places],
        "hours": [one.late_after // _HOUR for one in places],
        "seen_things": [thing for thing, _ in seen.pairs],
        "seen_projects": [project for _, project in seen.pairs],
        "projects": sorted({project for _, project in seen.pairs}),
        "employer": seen.employer_id,
        "adapters": list(usual_hours),
        "adapter_hours": list(usual_hours.values()),
        "late": asked.only_late,
        "limit": asked.limit,
        "at": asked.at,
    }
    values |= dict(zip(("a_us", "a_place", "a_project", "a_id"), asked.after, strict=True))
    with in_bulk(tx):
        return as_dicts(tx.execute(_STANDING, values))


_LIVE: Final = ", ".join(f"'{state}'" for state in sorted(LIVE))
# Money that came back and is neither paid again, nor about to be, nor given up.
_AGAIN: Final = """
    SELECT a.project_id, a.sheet_id, a.file_id, a.state, count(*) AS "count",
           sum(a.amount)::bigint AS amount, min(a.answered_on)::timestamptz AS since
    FROM attempt a
    JOIN entitlement e ON e.project_id = a.project_id AND e.period = a.period
                      AND e.sheet_id = a.sheet_id AND e.line = a.line
    WHERE a.project_id = ANY(CAST(:projects AS bigint[])) AND a.state IN ('rejected', 'returned')
      AND e.funded > 0 AND e.live = 0 AND e.paid = 0
      AND NOT EXISTS (SELECT FROM attempt n
                      WHERE n.project_id = a.project_id AND n.period = a.period
                        AND n.sheet_id = a.sheet_id AND n.line = a.line
                        AND n.attempt > a.attempt AND n.state <> 'void')
      AND NOT EXISTS (SELECT FROM again r
                      WHERE r.project_id = a.project_id AND r.period = a.period
                        AND r.sheet_id = a.sheet_id AND r.line = a.line)
    GROUP BY 1, 2, 3, 4
"""
_WAITING_AGAIN: Final = """
    SELECT r.project_id, r.period, r.sheet_id, r.line, e.owed, r.requested_at, r.not_before,
           CASE WHEN r.approver IS NULL OR r.expires_at <= :at THEN 'asked' ELSE 'countersigned' END
               AS state
    FROM reissue r
    JOIN entitlement e ON e.project_id = r.project_id AND e.period = r.period
                      AND e.sheet_id = r.sheet_id AND e.line = r.line
    WHERE r.project_id = ANY(CAST(:projects AS bigint[])) AND r.declined_at IS NULL
      AND e.funded > 0 AND e.live = 0 AND e.paid = 0
      AND NOT EXISTS (SELECT FROM attempt n
                      WHERE n.project_id = r.project_id AND n.period = r.period
                        AND n.sheet_id = r.sheet_id AND n.line = r.line
                        AND n.attempt >= r.attempt)
"""
_SHEETS: Final = """
    SELECT 'sheet' AS thing, s.state, s.project_id, s.id, s.id AS sheet_id, '' AS name,
           coalesce(o."count", s.head_count) AS "count", coalesce(o.amount, s.total_net) AS amount,
           coalesce(m.at, s.received_at) AS since, NULL::timestamptz AS due,
           (SELECT min(v.expires_at) FROM approval v
            WHERE v.project_id = s.project_id AND v.sheet_id = s.id AND v.round = s.round)
               AS next_at
    FROM sheet s
    LEFT JOIN owing o ON o.project_id = s.project_id AND o.sheet_id = s.id
    LEFT JOIN LATERAL (SELECT max(a.at) AS at FROM act a
                       WHERE a.project_id = s.project_id AND a.sheet_id = s.id
                         AND a.subject = 'sheet' AND a.state_after = s.state
                         AND a.state_before IS DISTINCT FROM a.state_after) m ON true
    WHERE s.project_id = ANY(CAST(:projects AS bigint[]))
      AND (s.state IN ('received', 'reviewed', 'funded', 'approved')
           OR (s.state = 'exported' AND o.sheet_id IS NOT NULL))
"""
_FILES: Final = """
    SELECT 'file', f.state, f.project_id, f.id, f.sheet_id, f.reference, f.count, f.total,
           f.moved_at, f.due, f.next_at
    FROM under_way f
"""
_PAYMENTS: Final = """
    SELECT 'payment', p.state, p.project_id, p.file_id, p.sheet_id, f.reference, p.count, p.amount,
           coalesce(p.since, f.moved_at),
           CASE p.state WHEN 'sent' THEN f.moved_at + u.hours * INTERVAL '1 hour' END,
           CASE p.state WHEN 'sent' THEN f.moved_at + u.hours * INTERVAL '1 hour' END
    FROM pay p JOIN bank_file f ON f.project_id = p.project_id AND f.id = p.file_id
    LEFT JOIN answer_hours u ON u.connection_id = f.connection_id
"""
_OTHERS: Final = """
    SELECT 'reissue', r.state, r.project_id, r.sheet_id, r.sheet_id, '', count(*),
           sum(r.owed)::bigint, min(r.requested_at), NULL, max(r.not_before)
    FROM again r GROUP BY 2, 3, 4
    UNION ALL
    SELECT 'declaration', d.state, d.project_id, d.id, NULL, '', 1, d.amount - d.confirmed, d.at,
           CASE d.state WHEN 'vouched' THEN d.expected_on + INTERVAL '1 day' END,
           CASE d.state WHEN 'vouched' THEN d.expected_on::timestamptz END
    FROM declaration d
    WHERE d.project_id = ANY(CAST(:projects AS bigint[])) AND d.state IN ('declared', 'vouched')
    UNION ALL
    SELECT 'open_item', CASE WHEN EXISTS (
               SELECT FROM explanation x WHERE x.project_id = i.project_id AND x.state = 'proposed'
                  AND (x.item_id = i.id OR x.fills_id = i.id)) THEN 'proposed'
               ELSE 'unexplained' END,
           i.project_id, i.id, NULL, i.cause, 1, i.remaining, i.since, NULL, NULL
    FROM open_item i
    WHERE i.project_id = ANY(CAST(:projects AS bigint[])) AND i.remaining > 0
    UNION ALL
    SELECT 'open_item', 'unassigned', p.id, i.id, NULL, i.cause, 1, i.remaining, i.since, NULL, NULL
    FROM open_item i JOIN project p ON p.account_id = i.account_id
    WHERE i.project_id = 0 AND i.remaining > 0 AND p.id = ANY(CAST(:projects AS bigint[]))
    UNION ALL
    SELECT 'anomaly', CASE WHEN n.red THEN 'red'
                           WHEN n.code IN ('answer-missing', 'statement-missing') THEN n.code
                           ELSE 'open' END, n.project_id, n.id, NULL,
           n.reference, 1, NULL, n.at, NULL, NULL
    FROM anomaly n
    WHERE n.project_id = ANY(CAST(:projects AS bigint[])) AND n.resolved_at IS NULL
    UNION ALL
    SELECT 'dispatch', 'paused', p.id, i.number, NULL, '', NULL, NULL, i.seen_at, NULL, NULL
    FROM project p
    CROSS JOIN (SELECT number, seen_at, reason FROM incarnation ORDER BY number DESC LIMIT 1) i
    WHERE p.id = ANY(CAST(:projects AS bigint[])) AND i.reason <> 'first'
      AND NOT EXISTS (SELECT FROM resumption r
                      WHERE r.project_id = p.id AND r.incarnation = i.number)
"""
_STANDING: Final = text(f"""
    WITH again AS MATERIALIZED ({_WAITING_AGAIN}),
    pay AS MATERIALIZED (
        SELECT a.project_id, a.sheet_id, a.file_id, a.state, count(*) AS "count",
               sum(a.amount)::bigint AS amount, NULL::timestamptz AS since
        FROM attempt a
        WHERE a.project_id = ANY(CAST(:projects AS bigint[])) AND a.state IN ({_LIVE})
        GROUP BY 1, 2, 3, 4
        UNION ALL {_AGAIN}),
    owing AS (
        SELECT project_id, sheet_id, sum("count")::bigint AS "count", sum(amount)::bigint AS amount
        FROM (SELECT project_id, sheet_id, "count", amount FROM pay
              UNION ALL SELECT project_id, sheet_id, 1, owed FROM again) o GROUP BY 1, 2),
    answer_hours AS (
        SELECT c.id AS connection_id, coalesce(t.answer_hours, u.hours) AS hours
        FROM bank_connection c
        LEFT JOIN transport t ON t.connection_id = c.id
        LEFT JOIN unnest(CAST(:adapters AS text[]), CAST(:adapter_hours AS integer[]))
             AS u (adapter, hours) ON u.adapter = c.adapter),
    under_way AS (
        SELECT f.*, w.due, CASE f.state WHEN 'sent' THEN w.due ELSE l.until END AS next_at
        FROM bank_file f
        LEFT JOIN answer_hours u ON u.connection_id = f.connection_id
        LEFT JOIN lease l ON l.connection_id = f.connection_id AND l.file_id = f.id
        CROSS JOIN LATERAL (SELECT CASE f.state WHEN 'sent'
            THEN f.moved_at + u.hours * INTERVAL '1 hour' END AS due) w
        WHERE f.project_id = ANY(CAST(:projects AS bigint[]))
          AND (f.state IN ('written', 'dispatching', 'sent', 'unknown')
               OR (f.state = 'acknowledged'
                   AND (f.project_id, f.id) IN (SELECT project_id, file_id FROM pay
                                                WHERE state IN ({_LIVE}))))),
    found AS ({_SHEETS} UNION ALL {_FILES} UNION ALL {_PAYMENTS} UNION ALL {_OTHERS}),
    placed AS (
        SELECT found.*, k.number AS place, p.code AS project, p.currency,
               (extract(epoch FROM since) * 1000000)::bigint AS since_us,
               coalesce(due, since + k.hours * INTERVAL '1 hour') AS late_at
        FROM found
        JOIN unnest(CAST(:numbers AS integer[]), CAST(:things AS text[]), CAST(:states AS text[]),
                    CAST(:hours AS integer[])) AS k (number, thing, state, hours)
          ON k.thing = found.thing AND k.state = found.state
        JOIN unnest(CAST(:seen_things AS text[]), CAST(:seen_projects AS bigint[]))
             AS s (thing, project_id)
          ON s.thing = found.thing AND s.project_id = found.project_id
        JOIN project p ON p.id = found.project_id
        WHERE CAST(:employer AS bigint) IS NULL
           OR EXISTS (SELECT FROM sheet h
                      WHERE h.project_id = found.project_id AND h.id = found.sheet_id
                        AND h.employer_id = :employer))
    SELECT place, since_us, project_id, project, id, sheet_id, name, "count", amount, currency,
           since, late_at, next_at
    FROM placed
    WHERE (since_us, place, project_id, id) > (:a_us, :a_place, :a_project, :a_id)
      AND (late_at <= :at OR NOT :late)
    ORDER BY since_us, place, project_id, id LIMIT :limit
""")
