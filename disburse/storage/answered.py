"""Attempts that somebody asks about or a bank answers: found, locked, and moved on.

Besides `attempts`, the only place that writes an attempt's state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.lifecycle.attempt import LIVE, State
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.reference import AttemptKey
from disburse.storage import records
from disburse.storage.attempts import Place, sealed_payee
from disburse.storage.engine import Transaction
from disburse.storage.plans import in_bulk


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt's row, with what its entitlement says."""

    project_id: int
    period: date
    sheet_id: int
    line: int
    attempt: int
    reference: str
    amount: int
    state: State
    version: int
    file_id: int
    newest: int  # the number of the entitlement's latest attempt
    payee: Mapping[str, Any]  # empty where files were taken: nobody asks for thousands
    evidence: str | None
    answered_on: date | None

    @property
    def key(self) -> AttemptKey:
        """Return what the reference is made of."""
        return AttemptKey(self.sheet_id, self.line, self.attempt)

    def transfer_reference(self) -> str:
        """Name one movement of money: by version, so that a corrected bank error can move again."""
        return f"{self.reference}.{self.version}"


@dataclass(frozen=True, slots=True)
class Change:
    """A new state for one attempt, with the bank's word for it."""

    attempt: Attempt
    state: State
    evidence: str | None
    reason: str
    answered_on: date | None


def take(tx: Transaction, place: Place, key: AttemptKey) -> Attempt | None:
    """Return one attempt, locked; None when it is not there."""
    row = tx.execute(_TAKE, place.values() | {"l": key.line, "a": key.attempt}).one_or_none()
    if row is None:
        return None
    [payee] = records.opened(tx, [sealed_payee(place.project_id, row)])
    return replace(_attempt(row, reissued(tx, place, [key.line])), payee=payee)


def files_of(tx: Transaction, place: Place, keys: Sequence[AttemptKey]) -> list[int]:
    """Return the files that these payments are in; nothing is locked."""
    values = _within([key.line for key in keys]) | {"attempts": [key.attempt for key in keys]}
    with in_bulk(tx):
        return [row.file_id for row in tx.execute(_FILES_OF, place.values() | values)]


def take_files(tx: Transaction, place: Place, file_ids: Sequence[int]) -> list[Attempt]:
    """Return every attempt in these files of one sheet, locked in order."""
    rows = tx.execute(_TAKE_FILES, place.values() | {"files": list(file_ids)}).all()
    again = reissued(tx, place, [row.line for row in rows])
    return [_attempt(row, again) for row in rows]


def reissued(tx: Transaction, place: Place, lines: Sequence[int]) -> dict[int, int]:
    """Return, for some of these lines, the number of the latest attempt; missing: the first."""
    if not lines:
        return {}
    rows = tx.execute(_REISSUED, place.values() | _within(lines))
    return {row.line: row.newest for row in rows}


def give_up(tx: Transaction, attempt: Attempt) -> int:
    """Take the funding of a payment's entitlement back and return its version.

    The worker stays owed. Ask `is_funded` first: without funding it is a defect.
    """
    place = Place(attempt.project_id, attempt.period, attempt.sheet_id)
    return int(tx.execute(_GIVE_UP, place.values() | {"l": attempt.line}).scalar_one())


def is_funded(tx: Transaction, attempt: Attempt) -> bool:
    """Say whether money is held for a further attempt on this payment's entitlement."""
    place = Place(attempt.project_id, attempt.period, attempt.sheet_id)
    return bool(tx.scalar(_IS_FUNDED, place.values() | {"l": attempt.line}))


def change(tx: Transaction, place: Place, changes: Sequence[Change]) -> None:
    """Write new states, and what they mean for the entitlements; the attempts are locked.

    Raises `WrongState` when one of them moved meanwhile (compare-and-set on state and version).
    """
    within = place.values() | _within([c.attempt.line for c in changes])
    values = within | {
        "attempts": [c.attempt.attempt for c in changes],
        "befores": [str(c.attempt.state) for c in changes],
        "versions": [c.attempt.version for c in changes],
        "states": [str(c.state) for c in changes],
        "evidence": [c.evidence for c in changes],
        "reasons": [c.reason for c in changes],
        "days": [c.answered_on for c in changes],
    }
    with in_bulk(tx):
        if tx.execute(_CHANGE, values).rowcount != len(changes):
            raise WrongState("a payment moved meanwhile; nothing was changed, read it again")
        tx.execute(_CHANGE_ENTITLEMENTS, within | _sums(changes))


def _sums(changes: Sequence[Change]) -> dict[str, list[int]]:
    """Return, in the order of `changes`, how `live` and `paid` of the entitlements change."""
    live, paid = [], []
    for c in changes:
        was, now = c.attempt.state, c.state
        live.append(((now in LIVE) - (was in LIVE)) * c.attempt.amount)
        paid.append(((now is State.PAID) - (was is State.PAID)) * c.attempt.amount)
    return {"live": live, "paid": paid}


def _attempt(row: Any, again: Mapping[int, int]) -> Attempt:  # noqa: ANN401  (a row of SQLAlchemy's)
    return Attempt(
        project_id=row.project_id,
        period=row.period,
        sheet_id=row.sheet_id,
        line=row.line,
        attempt=row.attempt,
        reference=row.reference,
        amount=row.amount,
        state=State(row.state),
        version=row.version,
        file_id=row.file_id,
        newest=again.get(row.line, row.attempt),
        payee={},
        evidence=row.evidence,
        answered_on=row.answered_on,
    )


def _within(lines: Sequence[int]) -> dict[str, Any]:
    """Return the lines with their range: a file's lines are neighbours, so an index finds them."""
    return {"lines": list(lines), "low": min(lines), "high": max(lines)}


_COLUMNS: Final = """
    project_id, period, sheet_id, line, attempt, reference, amount, state, version, file_id,
    evidence, answered_on
"""
_OF_SHEET: Final = "project_id = :p AND period = :m AND sheet_id = :s"

_GIVE_UP: Final = text(f"""
    UPDATE entitlement SET funded = 0, version = version + 1
    WHERE {_OF_SHEET} AND line = :l AND funded > 0 AND live = 0 AND paid = 0
    RETURNING version
""")
_IS_FUNDED: Final = text(f"""
    SELECT funded > 0 AND live = 0 AND paid = 0 FROM entitlement WHERE {_OF_SHEET} AND line = :l
    FOR UPDATE
""")
_TAKE: Final = text(f"""
    SELECT {_COLUMNS}, payee FROM attempt
    WHERE {_OF_SHEET} AND line = :l AND attempt = :a FOR UPDATE
""")
_FILES_OF: Final = text(f"""
    SELECT DISTINCT file_id
    FROM attempt a
    JOIN unnest(CAST(:lines AS integer[]), CAST(:attempts AS integer[])) AS t (line, attempt)
      ON a.line = t.line AND a.attempt = t.attempt
    WHERE {_OF_SHEET} AND a.line BETWEEN :low AND :high ORDER BY file_id
""")
_TAKE_FILES: Final = text(f"""
    SELECT {_COLUMNS} FROM attempt
    WHERE {_OF_SHEET} AND file_id = ANY(CAST(:files AS bigint[]))
    ORDER BY sheet_id, line, attempt FOR UPDATE
""")
_REISSUED: Final = text(f"""
    SELECT line, max(attempt) AS newest FROM attempt
    WHERE {_OF_SHEET} AND line BETWEEN :low AND :high AND attempt > 1 GROUP BY line
""")
_CHANGE: Final = text("""
    UPDATE attempt a
    SET state = t.state, version = a.version + 1, evidence = coalesce(t.evidence, a.evidence),
        reason = t.reason, answered_on = coalesce(t.day, a.answered_on)
    FROM unnest(CAST(:lines AS integer[]), CAST(:attempts AS integer[]), CAST(:befores AS text[]),
                CAST(:versions AS integer[]), CAST(:states AS text[]), CAST(:evidence AS text[]),
                CAST(:reasons AS text[]), CAST(:days AS date[]))
         AS t (line, attempt, before, version, state, evidence, reason, day)
    WHERE a.project_id = :p AND a.period = :m AND a.sheet_id = :s
      AND a.line BETWEEN :low AND :high AND a.line = t.line AND a.attempt = t.attempt
      AND a.state = t.before AND a.version = t.version
""")
_CHANGE_ENTITLEMENTS: Final = text("""
    UPDATE entitlement e
    SET live = e.live + t.live, paid = e.paid + t.paid, version = e.version + 1
    FROM (SELECT line, sum(live) AS live, sum(paid) AS paid
          FROM unnest(CAST(:lines AS integer[]), CAST(:live AS bigint[]), CAST(:paid AS bigint[]))
               AS u (line, live, paid) GROUP BY line) t
    WHERE e.project_id = :p AND e.period = :m AND e.sheet_id = :s
      AND e.line BETWEEN :low AND :high AND e.line = t.line
      AND (t.live <> 0 OR t.paid <> 0)
""")
