"""Wraps keys anew, in chunks, while everybody works: each chunk is a transaction of its own.

Nothing is remembered between chunks: what is left to do is what still names an old key, so a
rotation that was killed goes on where it was.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.storage import seals
from disburse.storage.engine import Transaction
from disburse.storage.seals import Use

AT_ONCE: Final = 1_000  # keys to a transaction: locks are held for a moment only


def left(tx: Transaction, *, label: str, before: datetime) -> dict[str, int]:
    """Count what a rotation has to do: root keys, projects, and record keys under old ones."""
    row = tx.execute(_LEFT, {"label": label, "before": before}).one()
    return dict(row._mapping)  # noqa: SLF001  (SQLAlchemy's public name)


def wrap_roots(tx: Transaction, *, label: str) -> int:
    """Wrap some root keys with the newest master key; return how many, 0 when none is left."""
    rows = tx.execute(_OLD_ROOTS, {"label": label, "most": AT_ONCE}).all()
    master = seals.keychain_of(tx).master
    for row in rows:
        place = seals.root_place(row.project_id, row.use)
        wrapped = master.wrap(master.unwrap(bytes(row.wrapped), place), place)
        values = {"p": row.project_id, "id": row.id, "wrapped": wrapped}
        tx.execute(_WRAP_ROOT, values | {"master": master.label_of(wrapped)})
    return len(rows)


def renew_project(tx: Transaction, *, before: datetime) -> int:
    """Give one project a new root key, where its own is older; return 1, or 0 when none is left."""
    project_id = tx.scalar(_OLD_PROJECT, {"before": before})
    if project_id is None:
        return 0
    tx.execute(_RETIRE, {"p": project_id})
    seals.root(tx, Use.PROJECT, int(project_id))
    return 1


def wrap_records(tx: Transaction) -> int:
    """Wrap some record keys with their project's present root key; return how many.

    Root keys that wrap nothing any more are destroyed.
    """
    rows = tx.execute(_OLD_RECORDS, {"most": AT_ONCE}).all()
    for row in rows:
        _wrap_record(tx, row)
    if not rows:
        tx.execute(_DESTROY)
    return len(rows)


def _wrap_record(tx: Transaction, row: Any) -> None:  # noqa: ANN401  (a row of SQLAlchemy's)
    old = seals.root_numbered(tx, row.root_id, row.project_id)
    assert old is not None  # noqa: S101  (it wraps this one, so it was not destroyed)
    new = seals.root(tx, Use.PROJECT, row.project_id)
    place = seals.record_place(row.project_id, row.person_id or 0, seals.days(row.month))
    wrapped = new.seal(old.open(bytes(row.wrapped), place), place)
    values = {"p": row.project_id, "id": row.id, "root": new.number, "wrapped": wrapped}
    tx.execute(_WRAP_RECORD, values)


_UNDER_OLD: Final = """
    FROM record_key k
    JOIN root_key r ON r.project_id = k.project_id AND r.id = k.root_id AND NOT r.current
"""
_LEFT: Final = text(f"""
    SELECT (SELECT count(*) FROM root_key WHERE master <> :label) AS roots,
           (SELECT count(*) FROM root_key
            WHERE use = 'project' AND current AND made_at < :before) AS projects,
           (SELECT count(*) {_UNDER_OLD}) + (
            SELECT count(*) FROM record_key k
            JOIN root_key r ON r.project_id = k.project_id AND r.id = k.root_id
            WHERE r.current AND r.made_at < :before) AS records
""")
_OLD_ROOTS: Final = text("""
    SELECT project_id, id, use, wrapped FROM root_key WHERE master <> :label
    ORDER BY project_id, id LIMIT :most FOR UPDATE SKIP LOCKED
""")
_WRAP_ROOT: Final = text("""
    UPDATE root_key SET wrapped = :wrapped, master = :master WHERE project_id = :p AND id = :id
""")
_OLD_PROJECT: Final = text("""
    SELECT project_id FROM root_key WHERE use = 'project' AND current AND made_at < :before
    ORDER BY project_id LIMIT 1 FOR UPDATE
""")
_RETIRE: Final = text("""
    UPDATE root_key SET current = false, retired_at = now()
    WHERE project_id = :p AND use = 'project' AND current
""")
_OLD_RECORDS: Final = text(f"""
    SELECT k.project_id, k.id, k.person_id, k.month, k.root_id, k.wrapped {_UNDER_OLD}
    ORDER BY k.project_id, k.id LIMIT :most FOR UPDATE OF k SKIP LOCKED
""")
_WRAP_RECORD: Final = text("""
    UPDATE record_key SET root_id = :root, wrapped = :wrapped WHERE project_id = :p AND id = :id
""")
_DESTROY: Final = text("""
    DELETE FROM root_key r
    WHERE NOT r.current AND r.use = 'project'
      AND NOT EXISTS (SELECT FROM record_key k
                      WHERE k.project_id = r.project_id AND k.root_id = r.id)
""")
