"""Who sends which file now: one table, taken by `SKIP LOCKED`, fenced by a number that grows.

Whoever's fence is old may write nothing more about the file. Of every sending there is a
`transmission` row, committed before the first byte leaves.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import text

from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile
from disburse.storage.incarnations import Incarnation

ANSWERS: Final = 0  # in place of a file: the answers that a connection has for us


class StaleFence(Refusal):
    """Somebody else took the lease meanwhile: what this process did is not written down as sent."""

    code = "stale-fence"


class Waiting(NamedTuple):
    """A file that waits to be sent, or whose sender's lease is over."""

    project_id: int
    file_id: int
    connection_id: int
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who takes a lease, and how long it holds."""

    name: str
    until: datetime


def offer(tx: Transaction, file: BankFile, *, at: datetime) -> None:
    """Let a released file wait for whoever sends it; the fence goes on where it was."""
    values = {"c": file.connection_id, "f": file.id, "p": file.project_id, "at": at}
    tx.execute(_OFFER, values)


def next_waiting(
    tx: Transaction, *, connections: Collection[int], without: Collection[int], at: datetime
) -> Waiting | None:
    """Return a file that may be sent now by one of these, its lease locked; others skip it.

    Left out: projects whose people have not resumed after a restore.
    """
    values = {"connections": list(connections), "without": list(without), "at": at}
    row = tx.execute(_NEXT_WAITING, values).one_or_none()
    return None if row is None else Waiting(**row._mapping)  # noqa: SLF001


def hold(tx: Transaction, file: BankFile, holder: Holder) -> int:
    """Take the free lease of a file and return the fence, or raise `StaleFence`."""
    values = {"c": file.connection_id, "f": file.id, "holder": holder.name, "until": holder.until}
    fence = tx.scalar(_HOLD, values)
    if not isinstance(fence, int):
        raise StaleFence(f"bank file {file.id} is being sent by another process, or waits no more")
    return fence


def require_held(tx: Transaction, file: BankFile, fence: int) -> None:
    """Raise `StaleFence` unless `fence` is the file's present one; the lease is locked."""
    if held(tx, file) != fence:
        raise StaleFence(f"the lease of bank file {file.id} went over to another")


def held(tx: Transaction, file: BankFile) -> int | None:
    """Return the fence of whoever sends the file now; None: nobody. The lease is locked."""
    fence = tx.scalar(_FENCE, {"c": file.connection_id, "f": file.id})
    return fence if isinstance(fence, int) else None


def put_back(tx: Transaction, file: BankFile, *, not_before: datetime) -> None:
    """Free a lease whose holder sent nothing; nobody takes it before `not_before`."""
    tx.execute(_PUT_BACK, {"c": file.connection_id, "f": file.id, "at": not_before})


def drop(tx: Transaction, file: BankFile) -> None:
    """End a lease: the file was sent, or nobody knows."""
    values = {"c": file.connection_id, "f": file.id}
    tx.execute(text("DELETE FROM lease WHERE connection_id = :c AND file_id = :f"), values)


def over(tx: Transaction, *, at: datetime) -> list[Waiting]:
    """Return the files whose sender's lease is over: it died, or is slower than it may be."""
    return [Waiting(**row._mapping) for row in tx.execute(_OVER, {"at": at})]  # noqa: SLF001


def travels(tx: Transaction, *, project_id: int, file_id: int) -> bool:
    """Say whether the program sends this file: then no person carries it as well."""
    return bool(tx.scalar(_TRAVELS, {"p": project_id, "f": file_id}))


def was_sent_by(tx: Transaction, *, project_id: int, file_id: int, holder: str) -> bool:
    """Say whether this holder ever took the file."""
    values = {"p": project_id, "f": file_id, "holder": holder}
    return bool(tx.scalar(_WAS_SENT_BY, values))


def wait_on(tx: Transaction, connection_id: int) -> bool:
    """Say whether released files of the connection wait or are being sent."""
    return bool(tx.scalar(_WAIT_ON, {"c": connection_id}))


def take_answers(tx: Transaction, *, connection_id: int, holder: Holder, at: datetime) -> bool:
    """Take the lease on a connection's answers; False while another process holds it."""
    values = {"c": connection_id, "holder": holder.name, "until": holder.until, "at": at}
    return tx.execute(_TAKE_ANSWERS, values).rowcount == 1


def leave_answers(tx: Transaction, *, connection_id: int, holder: Holder) -> None:
    """Give the lease on a connection's answers back."""
    values = {"c": connection_id, "holder": holder.name}
    tx.execute(_LEAVE_ANSWERS, values)


def begin_transmission(
    tx: Transaction,
    file: BankFile,
    *,
    fence: int,
    holder: Holder,
    incarnation: Incarnation,
    at: datetime,
) -> None:
    """Note that the file's bytes are about to leave."""
    tx.execute(
        _BEGIN,
        {
            "p": file.project_id,
            "f": file.id,
            "n": fence,
            "c": file.connection_id,
            "holder": holder.name,
            "incarnation": incarnation.number,
            "system": incarnation.system_identifier,
            "timeline": incarnation.timeline_id,
            "count": incarnation.dispatched,
            "at": at,
        },
    )


def end_transmission(
    tx: Transaction, file: BankFile, *, fence: int, outcome: str, detail: str = "", at: datetime
) -> None:
    """Note what became of a sending."""
    values: dict[str, Any] = {"p": file.project_id, "f": file.id, "n": fence, "at": at}
    tx.execute(_END, values | {"outcome": outcome, "detail": detail[:500]})


def unknown(tx: Transaction, *, connections: Collection[int], before: datetime) -> list[Waiting]:
    """Return unknown files of these connections that the bank was not asked about lately."""
    values = {"connections": list(connections), "before": before}
    return [Waiting(**row._mapping) for row in tx.execute(_UNKNOWN, values)]  # noqa: SLF001


def note_asked(tx: Transaction, file: BankFile, *, at: datetime) -> None:
    """Note that the bank is asked about the file now."""
    tx.execute(_NOTE_ASKED, {"p": file.project_id, "f": file.id, "at": at})


_OFFER: Final = text("""
    INSERT INTO lease (connection_id, file_id, project_id, not_before, fence)
    VALUES (:c, :f, :p, :at, (SELECT coalesce(max(number), 0) FROM transmission
                              WHERE project_id = :p AND file_id = :f))
""")
# A file waits for its turn: those released earlier at the same bank go first.
_NEXT_WAITING: Final = text("""
    SELECT l.project_id, l.file_id, l.connection_id, l.fence
    FROM lease l
    JOIN bank_file f ON f.project_id = l.project_id AND f.id = l.file_id
    CROSS JOIN (SELECT number, reason FROM incarnation ORDER BY number DESC LIMIT 1) i
    WHERE l.file_id <> 0 AND l.holder IS NULL AND l.not_before <= :at
      AND l.connection_id = ANY(CAST(:connections AS bigint[]))
      AND l.file_id <> ALL(CAST(:without AS bigint[]))
      AND (i.reason = 'first' OR EXISTS (SELECT FROM resumption r WHERE r.project_id = l.project_id
                                                              AND r.incarnation = i.number))
    ORDER BY f.connection_id, f.sequence LIMIT 1 FOR UPDATE OF l SKIP LOCKED
""")
_HOLD: Final = text("""
    UPDATE lease SET fence = fence + 1, holder = :holder, until = :until
    WHERE connection_id = :c AND file_id = :f AND holder IS NULL RETURNING fence
""")
_FENCE: Final = text("""
    SELECT fence FROM lease
    WHERE connection_id = :c AND file_id = :f AND holder IS NOT NULL FOR UPDATE
""")
_PUT_BACK: Final = text("""
    UPDATE lease SET holder = NULL, until = NULL, not_before = :at
    WHERE connection_id = :c AND file_id = :f
""")
_OVER: Final = text("""
    SELECT project_id, file_id, connection_id, fence FROM lease
    WHERE file_id <> 0 AND holder IS NOT NULL AND until < :at ORDER BY file_id
""")
_TRAVELS: Final = text("""
    SELECT EXISTS (SELECT FROM lease WHERE project_id = :p AND file_id = :f)
        OR EXISTS (SELECT FROM transmission WHERE project_id = :p AND file_id = :f)
""")
_WAS_SENT_BY: Final = text("""
    SELECT EXISTS (SELECT FROM transmission
                   WHERE project_id = :p AND file_id = :f AND holder = :holder)
""")
_WAIT_ON: Final = text(
    "SELECT EXISTS (SELECT FROM lease WHERE connection_id = :c AND file_id <> 0)"
)
_TAKE_ANSWERS: Final = text("""
    UPDATE lease SET fence = fence + 1, holder = :holder, until = :until
    WHERE connection_id = :c AND file_id = 0 AND (holder IS NULL OR until < :at)
""")
_LEAVE_ANSWERS: Final = text("""
    UPDATE lease SET holder = NULL, until = NULL
    WHERE connection_id = :c AND file_id = 0 AND holder = :holder
""")
_BEGIN: Final = text("""
    INSERT INTO transmission (project_id, file_id, number, connection_id, holder, incarnation,
                              system_identifier, timeline_id, count, began_at)
    VALUES (:p, :f, :n, :c, :holder, :incarnation, :system, :timeline, :count, :at)
""")
_END: Final = text("""
    UPDATE transmission SET ended_at = :at, outcome = :outcome, detail = :detail
    WHERE project_id = :p AND file_id = :f AND number = :n AND ended_at IS NULL
""")
_UNKNOWN: Final = text("""
    SELECT f.project_id, f.id AS file_id, f.connection_id, max(t.number) AS fence
    FROM bank_file f JOIN transmission t ON t.project_id = f.project_id AND t.file_id = f.id
    WHERE f.state = 'unknown' AND f.connection_id = ANY(CAST(:connections AS bigint[]))
    GROUP BY f.project_id, f.id, f.connection_id
    HAVING coalesce(max(t.asked_at), '-infinity') < :before ORDER BY f.id
""")
_NOTE_ASKED: Final = text("""
    UPDATE transmission SET asked_at = :at
    WHERE project_id = :p AND file_id = :f
      AND number = (SELECT max(number) FROM transmission WHERE project_id = :p AND file_id = :f)
""")
