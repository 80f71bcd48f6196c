"""The bank's answers record by record, and the queue of what people must look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from disburse.domain.lifecycle.attempt import IN_FLIGHT
from disburse.domain.open_item import OpenItem, Side
from disburse.domain.refusal import Refusal
from disburse.storage import records, seals
from disburse.storage.acts import By
from disburse.storage.engine import Transaction

ANSWERED: Final = "the bank said of every payment what became of it"


class NoSuchAnomaly(Refusal):
    """There is no open anomaly by that number here."""

    code = "no-such-anomaly"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """One record of a report, and what it did."""

    record: int
    reference: str
    result: str
    amount: int | None
    reason: str
    text: str
    evidence: str
    happened_on: date | None
    project_id: int
    sheet_id: int | None
    line: int | None
    attempt: int | None
    state_before: str | None
    state_after: str | None
    effect: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly:
    """What does not fit and needs a person; `red`: money may be lost or paid twice."""

    code: str
    red: bool
    reference: str
    detail: str
    project_id: int = 0
    record: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A record of the bank's that contradicts where a payment stands."""

    evidence: str
    anomalies: Sequence[int]  # open ones that say so


def add_report(
    tx: Transaction, *, project_id: int, connection_id: int, digest: str, bytes_id: int, by: By
) -> bool:
    """Note that a report came; False when the very same bytes came before for this project.

    Another project's are no repetition: one file may answer several, each moves only its own.
    """
    done = tx.execute(
        text("""
            INSERT INTO report (project_id, connection_id, digest, bytes_id, received_at,
                                received_by)
            VALUES (:p, :c, :digest, :bytes, :at, :by) ON CONFLICT DO NOTHING
        """),
        {"p": project_id, "c": connection_id, "digest": digest, "bytes": bytes_id, "at": by.at,
         "by": by.member_id},
    )  # fmt: skip
    return done.rowcount == 1


def add_rows(
    tx: Transaction, *, connection_id: int, digest: str, rows: Sequence[InboxRow], at: datetime
) -> None:
    """Store what every record did; unique by (project, source, digest, record number)."""
    columns = {name: [getattr(row, name) for row in rows] for name in InboxRow.__slots__}
    keys = {
        project: seals.of_month(tx, project, at)
        for project in {row.project_id for row in rows if row.text}
    }
    columns["text"] = [
        records.seal_words(
            keys[row.project_id],
            records.of_answer(row.project_id, connection_id, digest, row.record),
            row.text,
        )
        if row.text
        else b""
        for row in rows
    ]
    tx.execute(_ADD_ROWS, columns | {"c": connection_id, "digest": digest, "at": at})


def add_anomalies(
    tx: Transaction, *, connection_id: int, digest: str, rows: Sequence[Anomaly], at: datetime
) -> None:
    """Put what does not fit into the queue."""
    for row in rows:
        tx.execute(
            _ADD_ANOMALY,
            {name: getattr(row, name) for name in Anomaly.__slots__}
            | {"c": connection_id, "digest": digest, "at": at},
        )


def next_record(tx: Transaction, *, project_id: int, connection_id: int, digest: str) -> int:
    """Return the next free record number of a source; nobody else takes it meanwhile."""
    values = {"p": project_id, "c": connection_id, "digest": digest}
    tx.execute(_ONE_AT_A_TIME, values)
    return int(tx.scalar(_NEXT_RECORD, values) or 1)


def is_disputed(tx: Transaction, *, project_id: int, reference: str, file_id: int) -> bool:
    """Say whether the bank said something of this payment or its file that nobody explained yet."""
    values = {"p": project_id, "reference": reference, "f": file_id}
    return bool(tx.scalar(_IS_DISPUTED, values))


def open_proof(
    tx: Transaction, *, project_id: int, reference: str, codes: Sequence[str]
) -> Proof | None:
    """Return the open anomalies of these kinds about a payment, locked; None: there are none."""
    values = {"p": project_id, "reference": reference, "codes": list(codes)}
    rows = tx.execute(_OPEN_PROOF, values).all()
    if not rows:
        return None
    return Proof(evidence=f"{rows[0].digest}#{rows[0].record}", anomalies=[row.id for row in rows])


def was_read(tx: Transaction, *, project_id: int, connection_id: int, digest: str) -> bool:
    """Say whether a report of these very bytes was taken in before for this project."""
    return bool(tx.scalar(_WAS_READ, {"p": project_id, "c": connection_id, "digest": digest}))


def resolve(tx: Transaction, *, project_id: int, anomaly_id: int, resolution: str, by: By) -> None:
    """Note what a person found out about an anomaly, or raise `NoSuchAnomaly`."""
    done = tx.execute(
        text("""
            UPDATE anomaly SET resolved_by = :by, resolved_at = :at, resolution = :text
            WHERE project_id = :p AND id = :i AND resolved_at IS NULL
        """),
        {"by": by.person_id, "at": by.at, "text": resolution, "p": project_id, "i": anomaly_id},
    )
    if done.rowcount != 1:
        raise NoSuchAnomaly(f"there is no open anomaly {anomaly_id} on this project")


def ask_again(tx: Transaction, item: OpenItem, *, detail: str, at: datetime) -> None:
    """Put an entry on the queue whose item is open again, or another project's now."""
    kind, _, named = item.cause.partition(":")
    if kind != "entry":  # what no statement told stands on the board by itself
        return
    debit = item.side is Side.DEBIT
    values = {
        "project_id": item.project_id,
        "code": "unordered-debit" if debit else "unknown-credit",
        "red": debit,
        "reference": named.partition(":")[2],
        "detail": detail,
        "record": None,
        "c": None,
        "digest": None,
        "at": at,
    }
    tx.execute(_ADD_ANOMALY, values)


def answer_files(
    tx: Transaction, *, project_id: int, file_ids: Sequence[int], at: datetime
) -> list[int]:
    """Take off the queue that files' answers are missing, where every payment has its outcome now.

    Nobody resolved it: the bank's answer did. Returns the alarms' numbers.
    """
    values = {"p": project_id, "files": list(file_ids), "at": at, "text": ANSWERED,
              "under_way": sorted(IN_FLIGHT)}  # fmt: skip
    return [row.id for row in tx.execute(_ANSWER_FILES, values)]


def answer_entry(
    tx: Transaction, *, project_id: int, account_id: int, cause: str, resolution: str, by: By
) -> None:
    """Take off the queue what an explained entry put there; `cause` is the open item's."""
    tx.execute(
        _ANSWER_ENTRY,
        {"p": project_id, "a": account_id, "cause": cause, "text": resolution,
         "by": by.person_id, "at": by.at},
    )  # fmt: skip


_TYPES: Final = {
    "record": "integer", "amount": "bigint", "happened_on": "date", "project_id": "bigint",
    "sheet_id": "bigint", "line": "integer", "attempt": "integer", "text": "bytea",
}  # fmt: skip
_NAMES: Final = InboxRow.__slots__
_ADD_ROWS: Final = text(f"""
    INSERT INTO inbox (connection_id, digest, at, {", ".join(_NAMES)})
    SELECT :c, :digest, :at, {", ".join(f"t.{name}" for name in _NAMES)}
    FROM unnest({", ".join(f"CAST(:{n} AS {_TYPES.get(n, 'text')}[])" for n in _NAMES)})
         AS t ({", ".join(_NAMES)})
""")
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('disburse inbox ' || :digest))")
_NEXT_RECORD: Final = text("""
    SELECT max(record) + 1 FROM inbox
    WHERE project_id = :p AND connection_id = :c AND digest = :digest
""")
_IS_DISPUTED: Final = text("""
    SELECT EXISTS (SELECT FROM anomaly
                   WHERE project_id = :p AND resolved_at IS NULL AND code <> 'answer-missing'
                     AND (reference = :reference
                          OR reference = (SELECT reference FROM bank_file
                                          WHERE project_id = :p AND id = :f)))
""")
_ANSWER_FILES: Final = text("""
    UPDATE anomaly n SET resolved_at = :at, resolution = :text
    FROM bank_file f
    WHERE f.project_id = :p AND f.id = ANY(CAST(:files AS bigint[]))
      AND n.project_id = :p AND n.code = 'answer-missing' AND n.reference = f.reference
      AND n.resolved_at IS NULL
      AND NOT EXISTS (SELECT FROM attempt a
                      WHERE a.project_id = f.project_id AND a.period = f.period
                        AND a.file_id = f.id AND a.state = ANY(CAST(:under_way AS text[])))
    RETURNING n.id
""")
_ANSWER_ENTRY: Final = text("""
    UPDATE anomaly SET resolved_by = :by, resolved_at = :at, resolution = :text
    WHERE project_id = :p AND resolved_at IS NULL
      AND code IN ('unknown-credit', 'unordered-debit', 'ambiguous-debit', 'booked-twice')
      AND :cause = format('entry:%s:%s', CAST(:a AS bigint), reference)
""")
_OPEN_PROOF: Final = text("""
    SELECT id, digest, record FROM anomaly
    WHERE project_id = :p AND reference = :reference AND resolved_at IS NULL
      AND code = ANY(CAST(:codes AS text[]))
    ORDER BY id FOR UPDATE
""")
_WAS_READ: Final = text("""
    SELECT EXISTS (SELECT FROM report
                   WHERE project_id = :p AND connection_id = :c AND digest = :digest)
""")
_ADD_ANOMALY: Final = text("""
    INSERT INTO anomaly (project_id, code, red, connection_id, digest, record, reference, detail,
                         at)
    VALUES (:project_id, :code, :red, :c, :digest, :record, :reference, :detail, :at)
""")
