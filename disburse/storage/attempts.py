"""Payment attempts in the database; the only place that writes an attempt's state."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from disburse.adapter import Payment
from disburse.domain.lifecycle.attempt import LIVE, State
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.reference import AttemptKey, of_attempt
from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction, copy_rows
from disburse.storage.plans import count_anew, in_bulk

ROWS_AT_ONCE: Final = 2_000


class NoSuchPayment(Refusal):
    """There is no payment by that reference here."""

    code = "no-such-payment"


class NewAttempt(NamedTuple):
    """A further try to pay one entitlement."""

    line: int
    attempt: int
    amount: int
    payee: Mapping[str, Any]  # name, account, bank_code, bank_name, latin_name, note


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
    payee: Mapping[str, Any]
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


class Place(NamedTuple):
    """Which sheet's attempts: every statement names project and month, for its partition."""

    project_id: int
    period: date
    sheet_id: int


class FileKey(NamedTuple):
    """Which file's attempts, likewise."""

    project_id: int
    period: date
    file_id: int


def add(tx: Transaction, place: Place, new: Sequence[tuple[int, NewAttempt]]) -> None:
    """Store prepared attempts, each with its file, and mark their entitlements as being paid.

    The partial unique index refuses a second live attempt, the CHECKs more than is owed or funded.
    """
    tx.execute(_STAGE)
    columns = ("file_id", "line", "attempt", "reference", "amount", "payee")
    rows = (
        (
            file_id,
            row.line,
            row.attempt,
            of_attempt(AttemptKey(place.sheet_id, row.line, row.attempt)),
            row.amount,
            json.dumps(row.payee, ensure_ascii=False),
        )
        for file_id, row in new
    )
    copy_rows(tx, "new_attempt", columns, rows)
    with in_bulk(tx):
        tx.execute(_ADD, _place(place))
        tx.execute(_MARK_LIVE, _place(place))
    tx.execute(text("DROP TABLE new_attempt"))
    count_anew(tx, place.period, lines=len(new))


def next_numbers(tx: Transaction, place: Place) -> dict[int, int]:
    """Return, by line, the number of the latest attempt; lines never tried are missing."""
    return {row.line: row.newest for row in tx.execute(_NEWEST, _place(place))}


class Payments:
    """The payments of one file, in order; can be walked again and again at constant memory."""

    def __init__(self, tx: Transaction, file: FileKey) -> None:
        """Remember where the payments are; nothing is read yet."""
        self._tx = tx
        self._file = file

    def __iter__(self) -> Iterator[Payment]:
        """Walk the payments as the bank is to be told."""
        pages = {"yield_per": ROWS_AT_ONCE}
        for row in self._tx.execute(_PAYMENTS, _file(self._file), execution_options=pages):
            payee = row.payee
            yield Payment(
                reference=row.reference,
                name=payee["name"],
                account=payee["account"],
                bank_code=payee["bank_code"],
                bank_name=payee["bank_name"],
                amount=row.amount,
                note=payee["note"],
                latin_name=payee["latin_name"],
            )


def move_file(
    tx: Transaction, file: FileKey, *, before: Sequence[State], after: State
) -> tuple[int, int]:
    """Move every attempt of a file that is in `before`; return how many, and their total."""
    row = tx.execute(
        _MOVE_FILE,
        _file(file) | {"before": [str(s) for s in before], "after": str(after)},
    ).one()
    return int(row.payments), int(row.amount)


def release_live(tx: Transaction, file: FileKey) -> None:
    """After a file is void: its entitlements are not being paid any more."""
    tx.execute(_RELEASE_LIVE, _file(file))


def places(tx: Transaction, *, project_id: int, sheet_ids: Sequence[int]) -> list[Place]:
    """Return where the attempts of these sheets are; sheets of other projects are missing."""
    rows = tx.execute(_PLACES, {"p": project_id, "sheets": list(sheet_ids)})
    return [Place(project_id, row.period, row.id) for row in rows]


def give_up(tx: Transaction, attempt: Attempt) -> int | None:
    """Take the funding of a payment's entitlement back; return its version, None if none is left.

    The worker stays owed.
    """
    place = Place(attempt.project_id, attempt.period, attempt.sheet_id)
    version = tx.scalar(_GIVE_UP, _place(place) | {"l": attempt.line})
    return version if isinstance(version, int) else None


def is_funded(tx: Transaction, attempt: Attempt) -> bool:
    """Say whether money is held for a further attempt on this payment's entitlement."""
    place = Place(attempt.project_id, attempt.period, attempt.sheet_id)
    return bool(tx.scalar(_IS_FUNDED, _place(place) | {"l": attempt.line}))


def projects_of(
    tx: Transaction, *, account_id: int, keys: Mapping[str, AttemptKey]
) -> dict[str, int]:
    """Return by reference the projects of payments from this account."""
    values = {"a": account_id, "sheets": [key.sheet_id for key in keys.values()]}
    sheets = {row.id: row.project_id for row in tx.execute(_SHEETS, values)}
    return {name: sheets[key.sheet_id] for name, key in keys.items() if key.sheet_id in sheets}


def take(tx: Transaction, place: Place, key: AttemptKey) -> Attempt | None:
    """Return one attempt, locked; None when it is not there."""
    row = tx.execute(_TAKE, _place(place) | {"l": key.line, "a": key.attempt}).one_or_none()
    return None if row is None else _attempt(row, reissued(tx, place, [key.line]))


def files_of(tx: Transaction, place: Place, keys: Sequence[AttemptKey]) -> list[int]:
    """Return the files that these payments are in; nothing is locked."""
    values = _within([key.line for key in keys]) | {"attempts": [key.attempt for key in keys]}
    with in_bulk(tx):
        return [row.file_id for row in tx.execute(_FILES_OF, _place(place) | values)]


def take_files(tx: Transaction, place: Place, file_ids: Sequence[int]) -> list[Attempt]:
    """Return every attempt in these files of one sheet, locked in order."""
    rows = tx.execute(_TAKE_FILES, _place(place) | {"files": list(file_ids)}).all()
    again = reissued(tx, place, [row.line for row in rows])
    return [_attempt(row, again) for row in rows]


def reissued(tx: Transaction, place: Place, lines: Sequence[int]) -> dict[int, int]:
    """Return, for some of these lines, the number of the latest attempt; missing: the first."""
    if not lines:
        return {}
    rows = tx.execute(_REISSUED, _place(place) | _within(lines))
    return {row.line: row.newest for row in rows}


def change(tx: Transaction, place: Place, changes: Sequence[Change]) -> None:
    """Write new states, and what they mean for the entitlements; the attempts are locked.

    Raises `WrongState` when one of them moved meanwhile (compare-and-set on state and version).
    """
    within = _place(place) | _within([c.attempt.line for c in changes])
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
        payee=row.payee,
        evidence=row.evidence,
        answered_on=row.answered_on,
    )


def _within(lines: Sequence[int]) -> dict[str, Any]:
    """Return the lines with their range: a file's lines are neighbours, so an index finds them."""
    return {"lines": list(lines), "low": min(lines), "high": max(lines)}


def _file(file: FileKey) -> dict[str, Any]:
    return {"p": file.project_id, "m": file.period, "f": file.file_id}


def _place(place: Place) -> dict[str, Any]:
    return {"p": place.project_id, "m": place.period, "s": place.sheet_id}


_OF_SHEET: Final = "project_id = :p AND period = :m AND sheet_id = :s"
_OF_FILE: Final = "project_id = :p AND period = :m AND file_id = :f"

_STAGE: Final = text("""
    CREATE TEMP TABLE new_attempt (file_id bigint, line integer, attempt integer, reference text,
                                   amount bigint, payee jsonb) ON COMMIT DROP
""")
_ADD: Final = text("""
    INSERT INTO attempt (project_id, period, sheet_id, line, attempt, reference, amount, state,
                         file_id, payee)
    SELECT :p, CAST(:m AS date), :s, line, attempt, reference, amount, 'prepared', file_id, payee
    FROM new_attempt
""")
_MARK_LIVE: Final = text(f"""
    UPDATE entitlement e SET live = e.live + new.amount, version = e.version + 1
    FROM new_attempt new WHERE {_OF_SHEET} AND e.line = new.line
""")
_NEWEST: Final = text(f"""
    SELECT line, max(attempt) AS newest FROM attempt WHERE {_OF_SHEET} GROUP BY line
""")
_PAYMENTS: Final = text(f"""
    SELECT reference, amount, payee FROM attempt WHERE {_OF_FILE} ORDER BY sheet_id, line
""")
_MOVE_FILE: Final = text(f"""
    WITH moved AS (
        UPDATE attempt SET state = :after, version = version + 1
        WHERE {_OF_FILE} AND state = ANY(CAST(:before AS text[]))
        RETURNING amount)
    SELECT count(*) AS payments, coalesce(sum(amount), 0) AS amount FROM moved
""")
_RELEASE_LIVE: Final = text("""
    UPDATE entitlement e SET live = e.live - a.amount, version = e.version + 1
    FROM attempt a
    WHERE a.project_id = :p AND a.period = :m AND a.file_id = :f AND a.state = 'void'
      AND e.project_id = :p AND e.period = :m AND e.sheet_id = a.sheet_id AND e.line = a.line
""")
_PLACES: Final = text("""
    SELECT id, period FROM sheet WHERE project_id = :p AND id = ANY(CAST(:sheets AS bigint[]))
    ORDER BY id
""")
_SHEETS: Final = text("""
    SELECT id, project_id FROM sheet
    WHERE account_id = :a AND id = ANY(CAST(:sheets AS bigint[]))
""")
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
    SELECT * FROM attempt WHERE {_OF_SHEET} AND line = :l AND attempt = :a FOR UPDATE
""")
_FILES_OF: Final = text(f"""
    SELECT DISTINCT file_id
    FROM attempt a
    JOIN unnest(CAST(:lines AS integer[]), CAST(:attempts AS integer[])) AS t (line, attempt)
      ON a.line = t.line AND a.attempt = t.attempt
    WHERE {_OF_SHEET} AND a.line BETWEEN :low AND :high ORDER BY file_id
""")
_TAKE_FILES: Final = text(f"""
    SELECT * FROM attempt WHERE {_OF_SHEET} AND file_id = ANY(CAST(:files AS bigint[]))
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
