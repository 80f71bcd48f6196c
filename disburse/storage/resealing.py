"""Seals anew what is under keys that were retired, in chunks, while everybody works.

A key is retired first: what is new is sealed under its successor. Then what it seals is moved over,
and `GRACE` later it is destroyed: whoever read a value just before it moved still has its key. Like
`rotation`, nothing is remembered: what is left is what still names a retired key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.reference import AttemptKey, of_attempt
from disburse.sealing import BrokenSeal, Key, bound_to, number_in
from disburse.storage import seals
from disburse.storage.engine import Transaction
from disburse.storage.seals import INSTALLATION, Use

AT_ONCE: Final = 1_000  # keys, or values, to a transaction: locks are held for a moment only
GRACE: Final = timedelta(days=1)  # no transaction is as long

# Every table with a sealed column, with its use of the installation's keys (None: a project's);
# the migration `0020_resealing` says which column, and a test that none is forgotten.
TABLES: Final[dict[str, Use | None]] = {
    "line": None, "worker": None, "attempt": None, "reissue": None, "inbox": None,
    "statement_entry": None, "kept_bytes": None,
    "credential": Use.SECRETS, "invitation": Use.SECRETS, "webhook_key": Use.SECRETS,
    "member": Use.NAMES, "idempotency_key": Use.ANSWERS,
}  # fmt: skip
_COLUMNS: Final = {
    "attempt": "payee", "reissue": "payee", "inbox": "text", "statement_entry": "text",
    "kept_bytes": "content", "credential": "totp", "webhook_key": "sealed", "member": "name",
    "idempotency_key": "answer",
}  # fmt: skip
_WHOLE: Final = frozenset({"kept_bytes"})  # up to a hundred megabytes each: one at a time


def left(tx: Transaction, *, before: datetime) -> dict[str, int]:
    """Count what is to be done: keys to retire, and values to seal anew, in all tables."""
    retiring = int(tx.scalar(_AGED, {"before": before}) or 0)
    values = sum(int(tx.scalar(_LEFT, {"of": table, "before": before}) or 0) for table in TABLES)
    return {"retired": retiring, "values": values}


def retire(tx: Transaction, *, before: datetime) -> int:
    """Retire some keys of people, months and the installation that are older; return how many."""
    values = {"before": before, "most": AT_ONCE}
    done = tx.execute(_RETIRE_RECORDS, values).rowcount
    return done or tx.execute(_RETIRE_ROOTS, values).rowcount


def reseal(tx: Transaction, table: str) -> int:
    """Seal some values of a table anew; return how many, 0 when none is left.

    Raises `BrokenSeal` for a value that was changed or moved: it is looked at before it is touched.
    """
    most = 1 if table in _WHOLE else AT_ONCE
    rows = tx.execute(_OLD, {"of": table, "most": most}).all()
    use = TABLES[table]
    follow = _records(tx, rows) if use is None else _roots(tx, rows, use)
    anew = []
    for row in rows:
        place = _place(table, row.project_id, row.place)
        old, new = follow(row)
        anew.append(new.seal(old.open(bytes(row.sealed), place), place))
    _put(tx, table, rows, anew)
    return len(rows)


def destroy(tx: Transaction, *, now: datetime) -> int:
    """Destroy keys that were retired `GRACE` ago and seal nothing any more; return how many."""
    return int(tx.scalar(_DESTROY, {"before": now - GRACE}) or 0)


def _put(tx: Transaction, table: str, rows: Sequence[Any], sealed: Sequence[bytes]) -> None:
    values = {
        "of": table,
        "parts": [row.part for row in rows],
        "ats": [row.at for row in rows],
        "olds": [row.sealed for row in rows],
        "news": list(sealed),
    }
    tx.execute(
        _SEAL, values
    )  # all in one statement: a question for each value would be most of the work


def _records(tx: Transaction, rows: Sequence[Any]) -> Callable[[Any], tuple[Key, Key]]:
    """Return what tells a row's retired key and the one that follows it."""
    by_project: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_project[row.project_id].append(row)
    old: dict[tuple[int, int], Key] = {}
    new: dict[tuple[int, int | None, date | None], Key] = {}
    for project, ours in by_project.items():
        numbers = (number_in(bytes(row.sealed)) for row in ours)
        old |= {(project, one): key for one, key in seals.numbered(tx, project, numbers).items()}
        people = {row.person_id for row in ours if row.person_id is not None}
        for person, key in seals.of_persons(tx, project, people).items():
            new[project, person, None] = key
        for month in {row.month for row in ours if row.month is not None}:
            new[project, None, month] = seals.of_month(tx, project, month)

    def follow(row: Any) -> tuple[Key, Key]:  # noqa: ANN401  (a row of SQLAlchemy's)
        number = number_in(bytes(row.sealed))
        return old[row.project_id, number], new[row.project_id, row.person_id, row.month]

    return follow


def _roots(tx: Transaction, rows: Sequence[Any], use: Use) -> Callable[[Any], tuple[Key, Key]]:
    numbers = {number_in(bytes(row.sealed)) for row in rows}
    old = {number: seals.root_numbered(tx, number) for number in numbers}
    new = seals.root(tx, use) if rows else None

    def follow(row: Any) -> tuple[Key, Key]:  # noqa: ANN401
        key = old[number_in(bytes(row.sealed))]
        if key is None or new is None:
            raise BrokenSeal("a key that was just there is not here any more")
        return key, new

    return follow


def _place(table: str, project_id: int, told: str) -> bytes:
    """Name the place of a value as whoever sealed it did."""
    if table == "reissue":
        told = of_attempt(AttemptKey(*map(int, told.split("/"))))
    tenant = project_id if TABLES[table] is None else INSTALLATION
    # An invitation's secret is the account's before it is used, so it was sealed for that place.
    name = "credential" if table == "invitation" else table
    return bound_to(tenant, name, _COLUMNS.get(name, "particulars"), told)


_AGED: Final = text("""
    SELECT (SELECT count(*) FROM record_key WHERE current AND made_at < :before)
         + (SELECT count(*) FROM root_key WHERE current AND made_at < :before
            AND use IN ('secrets', 'names', 'answers'))
""")
_LEFT: Final = text("SELECT sealed_left(:of, :before)")
_RETIRE_RECORDS: Final = text("""
    UPDATE record_key SET current = false, retired_at = now()
    WHERE (project_id, id) IN (SELECT project_id, id FROM record_key
                               WHERE current AND made_at < :before LIMIT :most)
      AND current
""")
# Not the index: its digests are what equal ones are found by, so they stay for good.
_RETIRE_ROOTS: Final = text("""
    UPDATE root_key SET current = false, retired_at = now()
    WHERE current AND made_at < :before AND use IN ('secrets', 'names', 'answers')
""")
_OLD: Final = text("SELECT * FROM sealed_old(:of, :most)")
_SEAL: Final = text("""
    SELECT count(*) FROM (
        SELECT seal_anew(:of, t.part, t.at, t.old, t.new)
        FROM unnest(CAST(:parts AS oid[]), CAST(:ats AS tid[]), CAST(:olds AS bytea[]),
                    CAST(:news AS bytea[])) AS t (part, at, old, new) OFFSET 0) done (was_there)
    WHERE was_there
""")
_DESTROY: Final = text("SELECT destroy_retired(:before)")
