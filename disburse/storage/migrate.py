"""Brings a database to the shape that this version of the program needs, and checks it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError

from disburse.domain.refusal import Refusal
from disburse.sealing import Keychain
from disburse.storage import roles, seals, tenancy
from disburse.storage.engine import KEYCHAIN, Begin, DatabaseUnreachable, Transaction
from disburse.storage.seals import Use

MONTHS_BACK: Final = 2  # back pay reaches further, into the partition for all other months
MONTHS_AHEAD: Final = 3
# A new month locks whole tables. Half a second is less than the server waits before it looks for
# deadlocks, so whoever is in each other's way, it is never a payment that is undone.
LOCK_WAIT: Final = "500ms"


class WrongSchema(Refusal):
    """The database's shape is not the one that this version of the program needs."""

    code = "wrong-schema"


def migrate(url: str, *, today: date, keychain: Keychain | None = None) -> str:
    """Bring the database at `url` to the newest shape, and return its version.

    Safe to run again, and while another process runs it: the version table is locked. A database
    that keeps something open takes the `keychain` that seals it. Raises `RolesMissing` when the
    server's administrator has to do something first.
    """
    engine = create_engine(url, execution_options={KEYCHAIN: keychain}, hide_parameters=True)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('disburse migrate'))"))
            roles.ensure(connection)
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.execute(_INSTALL)
            if index_key := connection.scalar(_OPEN_INDEX_KEY):
                seals.adopt(connection, Use.INDEX, bytes(index_key))
                connection.execute(_FORGET_INDEX_KEY)
            add_months(connection, today=today)
            return _version_of(connection) or ""
    finally:
        engine.dispose()


def require_ready(begin: Begin, role: str = roles.APP) -> None:
    """Raise unless the database can be worked on as `role`, and read with our keys.

    Refusals: `DatabaseUnreachable`, `UnfitRole`, `WrongSchema`, `Unprotected`,
    `MasterKeyUnusable`, `MasterKeyUnreachable`.
    """
    try:
        with begin() as tx:
            roles.require_fit(tx, role)
            require_current(tx)
            tenancy.require_protected(tx)
            seals.require_master(tx)
    except DatabaseUnreachable as error:
        reason = str(getattr(error.__cause__, "orig", "")).strip().partition("\n")[0]
        raise DatabaseUnreachable(f"the database cannot be reached: {reason}") from None


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
    return sum(_add_month(tx, month) for month in _months_around(today))


def add_months_ahead(begin: Begin, *, today: date) -> int:
    """Make the months around `today` while others work; return how many were new.

    One transaction each. A month whose tables are in use is left for the next time, and so is
    everything while another process makes months.
    """
    with begin() as tx:
        missing = tx.scalars(_MISSING, {"months": _months_around(today)}).all()
    made = 0
    for month in missing:
        try:
            with begin() as tx:
                if tx.scalar(_MAKES_MONTHS):
                    tx.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
                    made += _add_month(tx, month)
        except OperationalError:
            continue
    return made


def _months_around(today: date) -> list[date]:
    month = today.year * 12 + today.month - 1
    numbers = range(month - MONTHS_BACK, month + MONTHS_AHEAD + 1)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _add_month(tx: Connection, first: date) -> bool:
    return bool(tx.scalar(text("SELECT add_month(:first)"), {"first": first}))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def _version_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


_INSTALL: Final = text("INSERT INTO installation DEFAULT VALUES ON CONFLICT DO NOTHING")
_OPEN_INDEX_KEY: Final = text("SELECT index_key FROM installation")
_FORGET_INDEX_KEY: Final = text("UPDATE installation SET index_key = NULL")
_MAKES_MONTHS: Final = text("SELECT pg_try_advisory_xact_lock(hashtext('disburse months'))")
_MISSING: Final = text("""
    SELECT month FROM unnest(CAST(:months AS date[])) month
    WHERE EXISTS (
        SELECT FROM pg_class parent
        WHERE parent.relnamespace = 'public'::regnamespace AND parent.relkind = 'p'
          AND to_regclass(format('%I', parent.relname || to_char(month, '_YYYY_MM'))) IS NULL)
    ORDER BY month
""")
