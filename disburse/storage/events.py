"""The outbox: events are noted with their act, then put into one order, and told to who may know.

The sequence is the only cursor. A number from the identity column is none: a later one can be
committed first. Of one object the order of numbers is the order of its acts, because whoever acts
on it holds its lock until the commit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.event import SUBJECTS, outward, told_to
from disburse.storage.engine import Transaction
from disburse.storage.rows import AnyRow, as_dicts

# Of one transaction; then whoever waits for the sequencer's row gets a turn.
SEQUENCED_AT_ONCE_MAX: Final = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One thing that happened to an object of a project."""

    project_id: int
    act: str
    subject: str
    subject_id: object
    sheet_id: int | None
    states: tuple[str | None, str | None]
    facts: Mapping[str, object]
    at: datetime


def note(tx: Transaction, *done: Noted) -> None:
    """Note acts for outsiders, in their transaction; what does not concern them is left out."""
    rows = [_row(one) for one in done if one.project_id != 0 and one.subject in SUBJECTS]
    if rows:
        tx.execute(_NOTE, rows)


def _row(done: Noted) -> dict[str, Any]:
    return {
        "p": done.project_id,
        "at": done.at,
        "type": f"{done.subject}.{done.act}",
        "subject": done.subject,
        "object": f"{done.subject}:{done.subject_id}",
        "sheet": done.sheet_id,
        "before": done.states[0],
        "after": done.states[1],
        "facts": json.dumps(outward(done.facts)),
    }


def sequence(tx: Transaction, *, at: datetime) -> int:
    """Give committed events their place, and each to the webhooks that want it; return how many.

    One process at a time: whoever finds the counter locked leaves it to the other.
    """
    last = tx.scalar(text("SELECT last FROM event_counter FOR UPDATE SKIP LOCKED"))
    if not isinstance(last, int):
        return 0
    placed = tx.execute(_SEQUENCE, {"last": last, "most": SEQUENCED_AT_ONCE_MAX}).rowcount
    if placed:
        pairs = told_to()
        values = {
            "kinds": [kind for kind, _ in pairs],
            "subjects": [subject for _, subject in pairs],
            "last": last,
            "at": at,
        }
        tx.execute(_HAND_OUT, values)
        tx.execute(text("UPDATE event_counter SET last = last + :n"), {"n": placed})
    return placed


def feed(
    tx: Transaction,
    pairs: Sequence[tuple[str, int]],
    *,
    employer_id: int | None,
    after: int,
    limit: int,
) -> list[AnyRow]:
    """Return events behind `after` in their order: of these subjects and projects."""
    values: dict[str, Any] = {
        "subjects": [subject for subject, _ in pairs],
        "projects": [project for _, project in pairs],
        "employer": employer_id,
        "after": after,
        "limit": limit,
    }
    return as_dicts(tx.execute(_FEED, values))


_NOTE: Final = text("""
    INSERT INTO event (project_id, at, type, subject, object, sheet_id, state_before, state_after,
                       facts)
    VALUES (:p, :at, :type, :subject, :object, :sheet, :before, :after, CAST(:facts AS jsonb))
""")
_SEQUENCE: Final = text("""
    UPDATE event e SET sequence = :last + n.place
    FROM (SELECT project_id, id, row_number() OVER (ORDER BY id) AS place
          FROM (SELECT project_id, id FROM event WHERE sequence IS NULL
                ORDER BY id LIMIT :most) f) n
    WHERE e.project_id = n.project_id AND e.id = n.id
""")
# The same rule as `parties.projects_of`, and a subcontractor's own sheets only.
_HAND_OUT: Final = text("""
    INSERT INTO delivery (webhook_id, sequence, object, next_at)
    SELECT w.id, e.sequence, e.object, :at
    FROM event e
    JOIN project p ON p.id = e.project_id
    JOIN webhook w ON w.ended_at IS NULL
    JOIN organisation o ON o.id = w.organisation_id
    JOIN unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[])) AS k (kind, subject)
      ON k.kind = o.kind AND k.subject = e.subject
    WHERE e.sequence > :last
      AND (w.types = '{}' OR e.type = ANY(w.types) OR e.subject = ANY(w.types))
      AND (EXISTS (SELECT FROM party t WHERE t.project_id = e.project_id
                                         AND t.organisation_id = o.id)
           OR (o.region <> '' AND starts_with(p.region, o.region)
               AND (o.kind = 'labour_authority'
                    OR (o.kind = 'sector_authority' AND p.sector = o.sector))))
      AND (o.kind <> 'subcontractor'
           OR EXISTS (SELECT FROM sheet s WHERE s.project_id = e.project_id AND s.id = e.sheet_id
                                            AND s.employer_id = o.id))
""")
EVENT: Final = """
    e.sequence, e.type, e.at, e.project_id, p.code AS project, p.currency, e.object, e.sheet_id,
    e.state_before, e.state_after, e.facts
"""
_FEED: Final = text(f"""
    SELECT {EVENT} FROM event e JOIN project p ON p.id = e.project_id
    JOIN unnest(CAST(:subjects AS text[]), CAST(:projects AS bigint[])) AS k (subject, project_id)
      ON k.subject = e.subject AND k.project_id = e.project_id
    WHERE e.sequence > :after
      AND (CAST(:employer AS bigint) IS NULL
           OR EXISTS (SELECT FROM sheet s WHERE s.project_id = e.project_id AND s.id = e.sheet_id
                                            AND s.employer_id = :employer))
    ORDER BY e.sequence LIMIT :limit
""")
