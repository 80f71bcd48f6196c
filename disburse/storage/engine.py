"""Begins and ends every transaction of the program; nothing else commits or rolls back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final, cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, make_url, text

from disburse.sealing import Keychain

Transaction = Connection
Begin = Callable[[], AbstractContextManager[Transaction]]

# A third of what PostgreSQL takes by default, so that three processes fit; a caller beyond it
# waits for half a minute and is then told.
CONNECTIONS_KEPT: Final = 4
CONNECTIONS_MAX: Final = 32
KEYCHAIN: Final = "disburse_keychain"  # where every transaction carries what opens seals
CONNECT_SECONDS_MAX: Final = 10  # a server that is down is found out before the user gives up


@dataclass(frozen=True, slots=True)
class Connections:
    """Begins transactions on one database: committed on leaving, rolled back on any exception."""

    engine: Engine

    def __call__(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction."""
        return self.engine.begin()

    def dispose(self) -> None:
        """Close the connections that nobody uses now."""
        self.engine.dispose()


def connect(url: str, keychain: Keychain | None = None) -> Connections:
    """Return the `Begin` of the database at `url`; connects when the first transaction begins.

    Without a `keychain` nothing personal can be written or read.
    """
    given = make_url(url)
    wanted = {
        "fallback_application_name": "disburse",
        "connect_timeout": str(CONNECT_SECONDS_MAX),
        **given.query,
        # Instants come back in UTC, whatever the server's or the role's own zone.
        "options": f"{given.query.get('options', '')} -c TimeZone=UTC".strip(),
    }
    return Connections(
        create_engine(
            given.set(query=wanted),
            execution_options={KEYCHAIN: keychain},
            hide_parameters=True,  # an error names the statement, never what it was about
            pool_pre_ping=True,  # after a restart of the server no request meets a dead connection
            pool_size=CONNECTIONS_KEPT,
            max_overflow=CONNECTIONS_MAX - CONNECTIONS_KEPT,
        )
    )


def read_only(begin: Begin) -> Begin:
    """Return a `Begin` whose transactions write nothing, and read all from one moment."""

    @contextmanager
    def begin_reading() -> Iterator[Transaction]:
        with begin() as tx:
            tx.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield tx

    return begin_reading


def copy_rows(
    tx: Transaction, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Write `rows` into `table` by COPY, as part of `tx`, and return how many there were.

    The rows are sent as they come, so a million takes no more memory than one. PostgreSQL refuses
    COPY into a table with row-level security: copy into a temporary one and insert from there.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    driver = cast("psycopg.Connection", tx.connection.driver_connection)
    with driver.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
        return cursor.rowcount
