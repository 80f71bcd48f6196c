"""Payment attempts in the database; the only place that writes an attempt's state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from disburse.adapter import Payment
from disburse.domain.lifecycle.attempt import LIVE, State
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.reference import AttemptKey, of_attempt
from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction

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
    file_id: int | None
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


class Slice(NamedTuple):
    """The lines of a sheet that go into one file."""

    place: Place
    first: int
    last: int


def add(tx: Transaction, place: Place, new: Iterable[NewAttempt]) -> None:
    """Store prepared attempts, and mark their entitlements as being paid.

    The partial unique index refuses a second live attempt, the CHECK more than is owed.
    """
    pending = iter(new)
    while page := list(islice(pending, ROWS_AT_ONCE)):
        keys = [AttemptKey(place.sheet_id, row.line, row.attempt) for row in page]
        tx.execute(
            _ADD,
            _place(place)
            | {
                "lines": [row.line for row in page],
                "attempts": [row.attempt for row in page],
                "references": [of_attempt(key) for key in keys],
                "amounts": [row.amount for row in page],
                "payees": [json.dumps(row.payee, ensure_ascii=False) for row in page],
            },
        )


def next_numbers(tx: Transaction, place: Place) -> dict[int, int]:
    """Return, by line, the number of the latest attempt; lines never tried are missing."""
    return {row.line: row.newest for row in tx.execute(_NEWEST, _place(place))}


def prepared(tx: Transaction, place: Place) -> Iterator[NewAttempt]:
    """Walk the prepared attempts of a sheet that are in no file yet, in the order of its lines."""
    pages = {"yield_per": ROWS_AT_ONCE}
    for row in tx.execute(_PREPARED, _place(place), execution_options=pages):
        yield NewAttempt(row.line, row.attempt, row.amount, row.payee)


def slices(tx: Transaction, place: Place, *, payments_max: int) -> list[Slice]:
    """Divide the prepared attempts of a sheet by the most payments that one file takes."""
    rows = tx.execute(_SLICES, _place(place) | {"most": payments_max})
    return [Slice(place, row.first, row.last) for row in rows]


def assign(tx: Transaction, slice_: Slice, *, file_id: int) -> tuple[int, int]:
    """Put the prepared attempts of a slice into a file; return count and total."""
    values = {"file": file_id, "first": slice_.first, "last": slice_.last}
    row = tx.execute(_ASSIGN, _place(slice_.place) | values).one()
    return int(row.payments), int(row.amount)


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


def take(tx: Transaction, place: Place, keys: Sequence[AttemptKey]) -> dict[AttemptKey, Attempt]:
    """Return the attempts by key, locked in order; those that are not there are missing."""
    values = _place(place) | {
        "lines": [key.line for key in keys],
        "attempts": [key.attempt for key in keys],
    }
    rows = tx.execute(_TAKE, values)
    return {attempt.key: attempt for attempt in map(_attempt, rows)}


def take_sheet(tx: Transaction, place: Place) -> list[Attempt]:
    """Return every attempt of a sheet, locked in order."""
    return [_attempt(row) for row in tx.execute(_TAKE_SHEET, _place(place))]


def change(tx: Transaction, place: Place, changes: Sequence[Change]) -> None:
    """Write new states, and what they mean for the entitlements; the attempts are locked.

    Raises `WrongState` when one of them moved meanwhile (compare-and-set on state and version).
    """
    done = tx.execute(
        _CHANGE,
        _place(place)
        | {
            "lines": [c.attempt.line for c in changes],
            "attempts": [c.attempt.attempt for c in changes],
            "befores": [str(c.attempt.state) for c in changes],
            "versions": [c.attempt.version for c in changes],
            "states": [str(c.state) for c in changes],
            "evidence": [c.evidence for c in changes],
            "reasons": [c.reason for c in changes],
            "days": [c.answered_on for c in changes],
        },
    )
    if done.rowcount != len(changes):
        raise WrongState("a payment moved meanwhile; nothing was changed, read it again")
    tx.execute(_CHANGE_ENTITLEMENTS, _place(place) | _sums(changes))


def _sums(changes: Sequence[Change]) -> dict[str, list[int]]:
    """Return by line how `live` and `paid` of the entitlement change."""
    live, paid = [], []
    for c in changes:
        was, now = c.attempt.state, c.state
        live.append(((now in LIVE) - (was in LIVE)) * c.attempt.amount)
        paid.append(((now is State.PAID) - (was is State.PAID)) * c.attempt.amount)
    return {"lines": [c.attempt.line for c in changes], "live": live, "paid": paid}


def _attempt(row: Any) -> Attempt:  # noqa: ANN401  (a row of SQLAlchemy's)
    values = {name: getattr(row, name) for name in Attempt.__slots__}
    return Attempt(**values | {"state": State(row.state)})


def _file(file: FileKey) -> dict[str, Any]:
    return {"p": file.project_id, "m": file.period, "f": file.file_id}


def _place(place: Place) -> dict[str, Any]:
    return {"p": place.project_id, "m": place.period, "s": place.sheet_id}


_OF_SHEET: Final = "project_id = :p AND period = :m AND sheet_id = :s"
_OF_FILE: Final = "project_id = :p AND period = :m AND file_id = :f"

_ADD: Final = text(f"""
    WITH new AS (
        INSERT INTO attempt (project_id, period, sheet_id, line, attempt, reference, amount, state,
                             payee)
        SELECT :p, CAST(:m AS date), :s, line, attempt, reference, amount, 'prepared', payee
        FROM unnest(CAST(:lines AS integer[]), CAST(:attempts AS integer[]),
                    CAST(:references AS text[]), CAST(:amounts AS bigint[]),
                    CAST(:payees AS jsonb[])) AS t (line, attempt, reference, amount, payee)
        RETURNING line, amount)
    UPDATE entitlement e SET live = e.live + new.amount, version = e.version + 1
    FROM new WHERE {_OF_SHEET} AND e.line = new.line
""")
_NEWEST: Final = text(f"""
    SELECT line, max(attempt) AS newest FROM attempt WHERE {_OF_SHEET} GROUP BY line
""")
_PREPARED: Final = text(f"""
    SELECT line, attempt, amount, payee FROM attempt
    WHERE {_OF_SHEET} AND state = 'prepared' AND file_id IS NULL ORDER BY line
""")
_SLICES: Final = text(f"""
    SELECT min(line) AS first, max(line) AS last
    FROM (SELECT line, (row_number() OVER (ORDER BY line) - 1) / :most AS slice
          FROM attempt WHERE {_OF_SHEET} AND state = 'prepared' AND file_id IS NULL) t
    GROUP BY slice ORDER BY slice
""")
_ASSIGN: Final = text(f"""
    WITH moved AS (
        UPDATE attempt SET file_id = :file
        WHERE {_OF_SHEET} AND state = 'prepared' AND file_id IS NULL
          AND line BETWEEN :first AND :last
        RETURNING amount)
    SELECT count(*) AS payments, coalesce(sum(amount), 0) AS amount FROM moved
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
_SELECTED: Final = """
    SELECT a.*, (SELECT max(b.attempt) FROM attempt b
                 WHERE b.project_id = a.project_id AND b.period = a.period
                   AND b.sheet_id = a.sheet_id AND b.line = a.line) AS newest
    FROM attempt a
"""
_TAKE: Final = text(f"""
    {_SELECTED}
    WHERE a.project_id = :p AND a.period = :m AND a.sheet_id = :s
      AND (a.line, a.attempt) IN (
        SELECT * FROM unnest(CAST(:lines AS integer[]), CAST(:attempts AS integer[])))
    ORDER BY a.sheet_id, a.line, a.attempt FOR UPDATE OF a
""")
_TAKE_SHEET: Final = text(f"""
    {_SELECTED}
    WHERE a.project_id = :p AND a.period = :m AND a.sheet_id = :s
    ORDER BY a.sheet_id, a.line, a.attempt FOR UPDATE OF a
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
      AND a.line = t.line AND a.attempt = t.attempt
      AND a.state = t.before AND a.version = t.version
""")
_CHANGE_ENTITLEMENTS: Final = text("""
    UPDATE entitlement e
    SET live = e.live + t.live, paid = e.paid + t.paid, version = e.version + 1
    FROM (SELECT line, sum(live) AS live, sum(paid) AS paid
          FROM unnest(CAST(:lines AS integer[]), CAST(:live AS bigint[]), CAST(:paid AS bigint[]))
               AS u (line, live, paid) GROUP BY line) t
    WHERE e.project_id = :p AND e.period = :m AND e.sheet_id = :s AND e.line = t.line
      AND (t.live <> 0 OR t.paid <> 0)
""")
