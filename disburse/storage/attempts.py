"""Payment attempts in the database; the only place that writes an attempt's state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from disburse.adapter import Payment
from disburse.domain.lifecycle.attempt import State
from disburse.domain.reference import AttemptKey, of_attempt
from disburse.domain.refusal import Refusal
from disburse.domain.wage import from_record
from disburse.storage import records, seals
from disburse.storage.engine import Transaction, copy_rows
from disburse.storage.plans import count_anew, in_bulk
from disburse.storage.records import Sealed


class NoSuchPayment(Refusal):
    """There is no payment by that reference here."""

    code = "no-such-payment"


class NewAttempt(NamedTuple):
    """A further try to pay one entitlement."""

    line: int
    attempt: int
    amount: int
    payee: Mapping[str, Any]  # name, account, bank_code, bank_name, latin_name, note; maybe wage


class Place(NamedTuple):
    """Which sheet's attempts: every statement names project and month, for its partition."""

    project_id: int
    period: date
    sheet_id: int

    def values(self) -> dict[str, Any]:
        """Return the place as statements name it."""
        return {"p": self.project_id, "m": self.period, "s": self.sheet_id}

    def reference(self, new: NewAttempt) -> str:
        """Return the reference of a payment here."""
        return of_attempt(AttemptKey(self.sheet_id, new.line, new.attempt))


class FileKey(NamedTuple):
    """Which file's attempts, likewise."""

    project_id: int
    period: date
    file_id: int

    def values(self) -> dict[str, Any]:
        """Return the file as statements name it."""
        return {"p": self.project_id, "m": self.period, "f": self.file_id}


def add(tx: Transaction, place: Place, new: Sequence[tuple[int, NewAttempt]]) -> None:
    """Store prepared attempts, each with its file, and mark their entitlements as being paid.

    The partial unique index refuses a second live attempt, the CHECKs more than is owed or funded.
    """
    tx.execute(_STAGE)
    columns = ("file_id", "line", "attempt", "reference", "amount", "payee")
    for page in records.pages(new):
        copy_rows(tx, "new_attempt", columns, _rows(tx, place, page))
    with in_bulk(tx):
        tx.execute(_ADD, place.values())
        tx.execute(_MARK_LIVE, place.values())
    tx.execute(text("DROP TABLE new_attempt"))
    count_anew(tx, place.period, "attempt", lines=len(new))


def next_numbers(tx: Transaction, place: Place) -> dict[int, int]:
    """Return, by line, the number of the latest attempt; lines never tried are missing."""
    return {row.line: row.newest for row in tx.execute(_NEWEST, place.values())}


def as_payment(reference: str, amount: int, payee: Mapping[str, Any]) -> Payment:
    """Return a payment as the bank is told."""
    return Payment(
        reference=reference,
        name=payee["name"],
        account=payee["account"],
        bank_code=payee["bank_code"],
        bank_name=payee["bank_name"],
        amount=amount,
        note=payee["note"],
        latin_name=payee["latin_name"],
        wage=from_record(payee["wage"]) if "wage" in payee else None,
    )


class Payments:
    """The payments of one file, in order; can be walked again and again at constant memory."""

    def __init__(self, tx: Transaction, file: FileKey) -> None:
        """Remember where the payments are; nothing is read yet."""
        self._tx = tx
        self._file = file

    def __iter__(self) -> Iterator[Payment]:
        """Walk the payments as the bank is to be told."""
        for page in records.in_pages(self._tx, _PAYMENTS, self._file.values()):
            sealed = [sealed_payee(self._file.project_id, row) for row in page]
            for row, payee in zip(page, records.known(self._tx, sealed), strict=True):
                yield as_payment(row.reference, row.amount, payee)


def sealed_payee(project_id: int, row: Any) -> Sealed:  # noqa: ANN401  (a row of SQLAlchemy's)
    """Return what a row of attempts says of its payee, to be opened."""
    return Sealed(project_id, records.of_attempt(project_id, row.reference), row.payee)


def move_file(
    tx: Transaction, file: FileKey, *, before: Sequence[State], after: State
) -> tuple[int, int]:
    """Move every attempt of a file that is in `before`; return how many, and their total."""
    row = tx.execute(
        _MOVE_FILE,
        file.values() | {"before": [str(s) for s in before], "after": str(after)},
    ).one()
    return int(row.payments), int(row.amount)


def release_live(tx: Transaction, file: FileKey) -> None:
    """After a file is void: its entitlements are not being paid any more."""
    tx.execute(_RELEASE_LIVE, file.values())


def places(tx: Transaction, *, project_id: int, sheet_ids: Sequence[int]) -> list[Place]:
    """Return where the attempts of these sheets are; sheets of other projects are missing."""
    rows = tx.execute(_PLACES, {"p": project_id, "sheets": list(sheet_ids)})
    return [Place(project_id, row.period, row.id) for row in rows]


def projects_of(
    tx: Transaction, *, account_id: int, keys: Mapping[str, AttemptKey]
) -> dict[str, int]:
    """Return by reference the projects of payments from this account."""
    values = {"a": account_id, "sheets": [key.sheet_id for key in keys.values()]}
    sheets = {row.id: row.project_id for row in tx.execute(_SHEETS, values)}
    return {name: sheets[key.sheet_id] for name, key in keys.items() if key.sheet_id in sheets}


def _rows(
    tx: Transaction, place: Place, new: Sequence[tuple[int, NewAttempt]]
) -> list[tuple[object, ...]]:
    """Return rows to be stored, each payee sealed with the key of its person."""
    project_id, period, sheet_id = place
    numbers = [row.line for _, row in new]
    persons = records.persons_of(
        tx, project_id=project_id, period=period, sheet_id=sheet_id, lines=numbers
    )
    keys = seals.of_persons(tx, project_id, persons.values())
    rows: list[tuple[object, ...]] = []
    for file_id, row in new:
        reference = place.reference(row)
        payee = records.seal(
            keys[persons[row.line]], records.of_attempt(project_id, reference), row.payee
        )
        rows.append((file_id, row.line, row.attempt, reference, row.amount, payee))
    return rows


_OF_SHEET: Final = "project_id = :p AND period = :m AND sheet_id = :s"
_OF_FILE: Final = "project_id = :p AND period = :m AND file_id = :f"

_STAGE: Final = text("""
    CREATE TEMP TABLE new_attempt (file_id bigint, line integer, attempt integer, reference text,
                                   amount bigint, payee bytea) ON COMMIT DROP
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
