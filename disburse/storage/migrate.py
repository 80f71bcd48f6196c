"""Brings a database to the shape that this version of the program needs, and checks it."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction

MONTHS_BACK: Final = 2  # back pay reaches further, into the partition for all other months
MONTHS_AHEAD: Final = 3
OWNER: Final = "disburse_owner"  # owns the tables where the role exists; nobody signs in as it


class WrongSchema(Refusal):
    """The database's shape is not the one that this version of the program needs."""

    code = "wrong-schema"


def migrate(url: str, *, today: date) -> str:
    """Bring the database at `url` to the newest shape, and return its version.

    Safe to run again, and while another process runs it: the version table is locked.
    """
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            _become_owner(connection)
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('disburse migrate'))"))
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _install(connection)
            add_months(connection, today=today)
            return _version_of(connection) or ""
    finally:
        engine.dispose()


def require_current(tx: Transaction) -> None:
    """Raise `WrongSchema` unless the database has the shape that this program needs."""
    found, wanted = _version_of(tx), ScriptDirectory.from_config(_config()).get_current_head()
    if found != wanted:
        raise WrongSchema(
            f"the database is at version {found or 'none'}, this program needs {wanted}; "
            "run `disburse migrate` first",
            found=found,
            wanted=wanted,
        )


def add_months(tx: Connection, *, today: date) -> int:
    """Make the monthly partitions around `today`; return how many months were new."""
    month = today.year * 12 + today.month - 1
    made = 0
    for number in range(month - MONTHS_BACK, month + MONTHS_AHEAD + 1):
        first = date(number // 12, number % 12 + 1, 1)
        made += bool(tx.scalar(text("SELECT add_month(:first)"), {"first": first}))
    return made


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _become_owner(connection: Connection) -> None:
    """Own what is made as the role without login, where this server has it."""
    if connection.scalar(
        text("SELECT pg_has_role(oid, 'SET') FROM pg_roles WHERE rolname = :owner"),
        {"owner": OWNER},
    ):
        connection.execute(text(f"SET LOCAL ROLE {OWNER}"))


def _install(connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO installation (index_key) VALUES (:key) ON CONFLICT DO NOTHING"),
        {"key": secrets.token_bytes(32)},
    )


def _version_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
