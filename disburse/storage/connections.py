"""Bank connections: one bank by one format, and how its files travel."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.storage.engine import Transaction
from disburse.storage.parties import NoSuchParty

BY_HAND: Final = "by_hand"  # how files travel without a transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A bank connection; `kind` None: people carry its files."""

    id: int
    bank_id: int
    bank: str  # registration number
    bank_name: str
    adapter: str
    kind: str | None
    settings: Mapping[str, Any]
    answer_hours: int | None


def take(tx: Transaction, *, bank: str, adapter: str) -> Connection:
    """Return a bank's connection by one adapter, locked; or raise `NoSuchParty`."""
    row = tx.execute(_TAKE, {"bank": bank, "adapter": adapter}).one_or_none()
    if row is None:
        raise NoSuchParty("no special account at this bank uses this adapter; open one first")
    return Connection(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name)


def every(tx: Transaction) -> list[Connection]:
    """Return all connections."""
    return [Connection(**row._mapping) for row in tx.execute(_EVERY)]  # noqa: SLF001


def one(tx: Transaction, connection_id: int) -> Connection:
    """Return a connection that is known to be there; its transport cannot change meanwhile."""
    row = tx.execute(_ONE, {"c": connection_id}).one()
    return Connection(**row._mapping)  # noqa: SLF001


def connect(
    tx: Transaction,
    *,
    connection_id: int,
    kind: str,
    settings: Mapping[str, Any],
    answer_hours: int | None,
    at: datetime,
) -> None:
    """Store how the connection's files travel from now on."""
    values = {"c": connection_id, "kind": kind, "hours": answer_hours, "at": at}
    tx.execute(_CONNECT, values | {"settings": json.dumps(settings, ensure_ascii=False)})
    tx.execute(_ADD_ANSWERS_LEASE, {"c": connection_id, "at": at})


def disconnect(tx: Transaction, *, connection_id: int) -> None:
    """Let people carry the files again."""
    tx.execute(text("DELETE FROM transport WHERE connection_id = :c"), {"c": connection_id})


def projects_of(
    tx: Transaction, connection_id: int, *, sheet_ids: Sequence[int], references: Sequence[str]
) -> tuple[dict[int, int], dict[str, int]]:
    """Return the projects of these sheets and bank files of the connection; others are missing."""
    sheets = tx.execute(_SHEETS, {"c": connection_id, "sheets": list(sheet_ids)})
    files = tx.execute(_FILES, {"c": connection_id, "references": list(references)})
    return (
        {row.id: row.project_id for row in sheets},
        {row.reference: row.project_id for row in files},
    )


def accounts(tx: Transaction, connection_id: int) -> list[tuple[int, int]]:
    """Return (project, account) of every account that a project pays from; of several, one."""
    return [(row.project_id, row.id) for row in tx.execute(_ACCOUNTS, {"c": connection_id})]


def first_project(tx: Transaction, connection_id: int) -> int | None:
    """Return the oldest project that pays or paid by this connection."""
    found = tx.scalar(_FIRST_PROJECT, {"c": connection_id})
    return None if found is None else int(found)


_SELECT: Final = """
    SELECT c.id, c.bank_id, o.registration AS bank, o.name AS bank_name, c.adapter, t.kind,
           coalesce(t.settings, CAST('{}' AS jsonb)) AS settings, t.answer_hours
    FROM bank_connection c JOIN organisation o ON o.id = c.bank_id
    LEFT JOIN transport t ON t.connection_id = c.id
"""
_TAKE: Final = text(
    f"{_SELECT} WHERE o.registration = :bank AND c.adapter = :adapter FOR UPDATE OF c"
)
_EVERY: Final = text(f"{_SELECT} ORDER BY c.id")
_ONE: Final = text(f"{_SELECT} WHERE c.id = :c FOR SHARE OF c")
_CONNECT: Final = text("""
    INSERT INTO transport (connection_id, kind, settings, answer_hours, changed_at)
    VALUES (:c, :kind, CAST(:settings AS jsonb), :hours, :at)
    ON CONFLICT (connection_id) DO UPDATE
    SET kind = excluded.kind, settings = excluded.settings, answer_hours = excluded.answer_hours,
        changed_at = excluded.changed_at
""")
_ADD_ANSWERS_LEASE: Final = text("""
    INSERT INTO lease (connection_id, file_id, project_id, not_before) VALUES (:c, 0, 0, :at)
    ON CONFLICT DO NOTHING
""")
_SHEETS: Final = text("""
    SELECT s.id, s.project_id FROM sheet s JOIN special_account a ON a.id = s.account_id
    WHERE a.connection_id = :c AND s.id = ANY(CAST(:sheets AS bigint[]))
""")
_FILES: Final = text("""
    SELECT reference, project_id FROM bank_file
    WHERE connection_id = :c AND reference = ANY(CAST(:references AS text[]))
""")
_ACCOUNTS: Final = text("""
    SELECT min(p.id) AS project_id, a.id
    FROM special_account a JOIN project p ON p.account_id = a.id
    WHERE a.connection_id = :c GROUP BY a.id ORDER BY a.id
""")
_FIRST_PROJECT: Final = text("""
    SELECT min(project_id) FROM (
        SELECT p.id AS project_id FROM project p JOIN special_account a ON a.id = p.account_id
        WHERE a.connection_id = :c
        UNION
        SELECT b.project_id FROM balance b JOIN special_account a ON a.id = b.account_id
        WHERE a.connection_id = :c AND b.project_id <> 0) every
""")
