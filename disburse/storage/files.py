"""Bank files in the database; the only place that writes a file's state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.act import Act
from disburse.domain.lifecycle import bank_file as lifecycle
from disburse.domain.lifecycle.bank_file import Action, State, WrongState
from disburse.domain.refusal import Refusal
from disburse.storage import acts
from disburse.storage.acts import By
from disburse.storage.engine import Transaction

MISSING: Final = "answer-missing"  # the anomaly of a file that the bank says too little of


class NoSuchFile(Refusal):
    """There is no bank file by that number here."""

    code = "no-such-file"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile:
    """A bank file's row."""

    project_id: int
    id: int
    reference: str
    sheet_id: int
    period: date
    connection_id: int
    account_id: int
    sequence: int
    name: str
    adapter: str
    adapter_version: str
    sha256: str
    bytes_id: int
    currency: str
    pay_on: date
    count: int
    total: int
    state: State
    version: int
    created_at: datetime
    moved_at: datetime  # when its state last changed
    claimed_by: int | None


_COLUMNS: Final = ", ".join(BankFile.__slots__)


def reserve_id(tx: Transaction) -> int:
    """Return a file number that nobody else gets: the file's reference is made of it."""
    number = tx.scalar(text("SELECT nextval('bank_file_id')"))
    assert isinstance(number, int)  # noqa: S101  (a sequence always answers)
    return number


def next_sequence(tx: Transaction, connection_id: int, *, consecutive: bool = False) -> int:
    """Return the connection's next file number, locked so that none is used twice.

    `consecutive`: the bank knows no gaps, so the number of a void file, which nobody had, is given
    out again. It is the bank's only when the file leaves; see `require_turn`.
    """
    statement = _NEXT_FREE if consecutive else _NEXT
    number = tx.scalar(statement, {"c": connection_id})
    assert isinstance(number, int)  # noqa: S101  (a foreign key says that it is there)
    return number


def require_turn(tx: Transaction, file: BankFile) -> None:
    """Raise `WrongState` unless the bank answered for every file numbered before this one.

    For banks that know no gaps: one file is in flight, and an unknown one holds up the next.
    """
    values = {"c": file.connection_id, "sequence": file.sequence}
    if tx.scalar(_BEFORE, values) != file.sequence - 1:
        raise WrongState(
            f"bank file {file.id} has number {file.sequence}; the bank takes it only after it has "
            "acknowledged or refused every lower number"
        )


def add(tx: Transaction, file: BankFile, *, by: By) -> None:
    """Store a file that was written and proven, with its act."""
    values = {name: getattr(file, name) for name in BankFile.__slots__}
    tx.execute(_INSERT, values)
    _act(tx, file, "write", by=by, states=(None, file.state))


def take(tx: Transaction, *, project_id: int, file_id: int) -> BankFile:
    """Return the file, locked until the transaction ends."""
    row = tx.execute(_TAKE, {"p": project_id, "f": file_id}).one_or_none()
    if row is None:
        raise NoSuchFile(f"there is no bank file {file_id} on this project")
    return _file(row)


def take_answered(
    tx: Transaction, *, project_id: int, references: Sequence[str], file_ids: Sequence[int]
) -> list[BankFile]:
    """Return the project's files with these references or numbers, locked in order."""
    values = {"p": project_id, "references": list(references), "files": list(file_ids)}
    return [_file(row) for row in tx.execute(_TAKE_ANSWERED, values)]


def named(tx: Transaction, *, account_id: int, references: Sequence[str]) -> dict[str, int]:
    """Return by reference the projects of the account's files."""
    values = {"a": account_id, "references": list(references)}
    return {row.reference: row.project_id for row in tx.execute(_NAMED, values)}


def take_of_sheet(tx: Transaction, *, project_id: int, sheet_id: int) -> list[BankFile]:
    """Return the sheet's files that are not void, locked in order."""
    return [_file(row) for row in tx.execute(_TAKE_OF_SHEET, {"p": project_id, "s": sheet_id})]


def overdue(tx: Transaction, *, usual: Mapping[str, int], at: datetime) -> list[tuple[int, int]]:
    """Return project and number of sent files that no answer came for in time.

    `usual`: hours by adapter, where the connection has none of its own.
    """
    values = {"adapters": list(usual), "hours": list(usual.values()), "at": at}
    return [(row.project_id, row.id) for row in tx.execute(_OVERDUE, values)]


def unanswered(tx: Transaction, *, usual: Mapping[str, int], at: datetime) -> list[tuple[int, int]]:
    """Return project and number of files that the bank has and says too little of, for too long.

    Counted from the pay date, and each once: not those that `MISSING` was noted of.
    """
    values = {"adapters": list(usual), "hours": list(usual.values()), "at": at, "code": MISSING}
    return [(row.project_id, row.id) for row in tx.execute(_UNANSWERED, values)]


def note_missing(tx: Transaction, file: BankFile, *, by: By) -> bool:
    """Append the act that answers are missing; False when that was noted before. It is locked."""
    values = {"p": file.project_id, "reference": file.reference, "code": MISSING, "at": by.at,
              "c": file.connection_id, "sha256": file.sha256}  # fmt: skip
    if tx.execute(_NOTE_MISSING, values).rowcount == 0:
        return False
    _act(tx, file, Act.MISS, by=by, states=(file.state, file.state))
    return True


def advance(
    tx: Transaction,
    file: BankFile,
    action: Action,
    *,
    by: By,
    act: str | None = None,
    facts: dict[str, object] | None = None,
) -> BankFile:
    """Move `file` on by compare-and-set and append the act, called as the action or `act`."""
    after = lifecycle.move(file.state, action)
    claimed_by = by.person_id if action is Action.CLAIM else file.claimed_by
    done = tx.execute(
        _ADVANCE,
        {
            "p": file.project_id,
            "f": file.id,
            "before": file.state,
            "version": file.version,
            "after": after,
            "claimed_by": claimed_by,
            "at": by.at,
        },
    )
    if done.rowcount != 1:
        raise WrongState(f"bank file {file.id} is no longer {file.state}; read it again")
    _act(tx, file, act or action, by=by, states=(file.state, after), facts=facts)
    return replace(
        file, state=after, version=file.version + 1, moved_at=by.at, claimed_by=claimed_by
    )


def _act(
    tx: Transaction,
    file: BankFile,
    act: str,
    *,
    by: By,
    states: tuple[str | None, str | None],
    facts: dict[str, object] | None = None,
) -> None:
    told = {
        "reference": file.reference,
        "sha256": file.sha256,
        "count": file.count,
        "total": file.total,
        "adapter": f"{file.adapter} {file.adapter_version}",
    }
    acts.record(
        tx,
        act,
        by=by,
        subject="file",
        subject_id=file.id,
        project_id=file.project_id,
        period=file.period,
        sheet_id=file.sheet_id,
        states=states,
        facts=told | (facts or {}),
    )


def _file(row: Any) -> BankFile:  # noqa: ANN401  (a row of SQLAlchemy's)
    return BankFile(**{**row._mapping, "state": State(row.state)})  # noqa: SLF001


_INSERT: Final = text(f"""
    INSERT INTO bank_file ({_COLUMNS})
    VALUES ({", ".join(f":{name}" for name in BankFile.__slots__)})
""")
_TAKE: Final = text(
    f"SELECT {_COLUMNS} FROM bank_file WHERE project_id = :p AND id = :f FOR UPDATE"
)
_TAKE_ANSWERED: Final = text(f"""
    SELECT {_COLUMNS} FROM bank_file
    WHERE project_id = :p AND (reference = ANY(CAST(:references AS text[]))
                               OR id = ANY(CAST(:files AS bigint[])))
    ORDER BY id FOR UPDATE
""")
_NAMED: Final = text("""
    SELECT reference, project_id FROM bank_file
    WHERE account_id = :a AND reference = ANY(CAST(:references AS text[]))
""")
_TAKE_OF_SHEET: Final = text(f"""
    SELECT {_COLUMNS} FROM bank_file
    WHERE project_id = :p AND sheet_id = :s AND state <> 'void' ORDER BY id FOR UPDATE
""")
_OVERDUE: Final = text("""
    SELECT f.project_id, f.id FROM bank_file f
    LEFT JOIN transport t ON t.connection_id = f.connection_id
    LEFT JOIN unnest(CAST(:adapters AS text[]), CAST(:hours AS integer[])) AS u (adapter, hours)
      ON u.adapter = f.adapter
    WHERE f.state = 'sent'
      AND f.moved_at + coalesce(t.answer_hours, u.hours) * INTERVAL '1 hour' < :at
    ORDER BY f.id
""")
# A file is done when its last payment is; how far back one looks bounds what that costs per round.
_UNANSWERED: Final = text("""
    SELECT f.project_id, f.id FROM bank_file f JOIN project p ON p.id = f.project_id
    LEFT JOIN transport t ON t.connection_id = f.connection_id
    LEFT JOIN unnest(CAST(:adapters AS text[]), CAST(:hours AS integer[])) AS u (adapter, hours)
      ON u.adapter = f.adapter
    WHERE f.state = 'acknowledged' AND f.moved_at > :at - INTERVAL '100 days'
      AND greatest(f.moved_at, (f.pay_on + INTERVAL '1 day') AT TIME ZONE p.time_zone)
          + coalesce(t.answer_hours, u.hours) * INTERVAL '1 hour' < :at
      AND EXISTS (SELECT FROM attempt a
                  WHERE a.project_id = f.project_id AND a.period = f.period AND a.file_id = f.id
                    AND a.state IN ('sent', 'accepted'))
      AND NOT EXISTS (SELECT FROM anomaly n
                      WHERE n.project_id = f.project_id AND n.code = :code
                        AND n.reference = f.reference)
    ORDER BY f.id
""")
_NOTE_MISSING: Final = text("""
    INSERT INTO anomaly (project_id, code, red, connection_id, digest, reference, detail, at)
    SELECT :p, :code, false, :c, :sha256, :reference,
           'the bank has the file and has not said of every payment what became of it', :at
    WHERE NOT EXISTS (SELECT FROM anomaly
                      WHERE project_id = :p AND code = :code AND reference = :reference)
""")
_NEXT: Final = text("""
    UPDATE bank_connection SET last_sequence = last_sequence + 1
    WHERE id = :c RETURNING last_sequence
""")
# Over the files of other projects, too, which the caller does not see.
_NEXT_FREE: Final = text("SELECT next_free_number(:c)")
_BEFORE: Final = text("SELECT answered_before(:c, :sequence)")
_ADVANCE: Final = text("""
    UPDATE bank_file SET state = :after, version = version + 1, claimed_by = :claimed_by,
                         moved_at = :at
    WHERE project_id = :p AND id = :f AND state = :before AND version = :version
""")
