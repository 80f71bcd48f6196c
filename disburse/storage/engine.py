"""Begins and ends every transaction of the program; nothing else commits or rolls back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from disburse.domain.refusal import Refusal
from disburse.sealing import Keychain

Transaction = Connection
Begin = Callable[[], AbstractContextManager[Transaction]]

# A third of what PostgreSQL takes by default, so that three processes fit; a caller beyond it
# waits for half a minute and is then told.
CONNECTIONS_KEPT: Final = 4
CONNECTIONS_MAX: Final = 32
KEYCHAIN: Final = "disburse_keychain"  # where every transaction carries what opens seals
ENDING: Final = "disburse_ending"  # where it carries what is to be done when it ends
CONNECT_SECONDS_MAX: Final = 10  # a server that is down is found out before the user gives up


class DatabaseUnreachable(Refusal):
    """No database answers, or it does not let us in."""

    code = "database-unreachable"


@dataclass(frozen=True, slots=True)
class Connections:
    """Begins transactions on one database: committed on leaving, rolled back on any exception."""

    engine: Engine

    @contextmanager
    def __call__(self) -> Iterator[Transaction]:
        """Begin a transaction; a database that goes away is a `DatabaseUnreachable`.

        Whether the last transaction was committed, nobody knows then: repeat the request under
        its idempotency key.
        """
        try:
            with self.engine.begin() as tx, ending(tx):
                yield tx
        except DBAPIError as error:
            if not _is_away(error):
                raise
            raise DatabaseUnreachable("the database went away; try again in a moment") from error

    def dispose(self) -> None:
        """Close the connections that nobody uses now."""
        self.engine.dispose()


def connect(url: str, keychain: Keychain | None = None, *, ping: bool = True) -> Connections:
    """Return the `Begin` of the database at `url`; connects when the first transaction begins.

    Without a `keychain` nothing personal can be written or read. Every transaction first makes
    sure that its connection lives; without `ping` a server that restarted fails the first ones.
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
            pool_pre_ping=ping,  # after a restart of the server no request meets a dead connection
            pool_size=CONNECTIONS_KEPT,
            max_overflow=CONNECTIONS_MAX - CONNECTIONS_KEPT,
        )
    )


def _is_away(error: DBAPIError) -> bool:
    """Say whether the server or the line to it is gone; a refused statement is another thing."""
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the driver's own word: it did not get as far as the server
        return isinstance(error.orig, psycopg.OperationalError)
    return str(state).startswith(("08", "57P"))


@contextmanager
def ending(tx: Transaction) -> Iterator[None]:
    """Do what steps asked for by `at_end`, right before the transaction ends."""
    with ExitStack() as asked:
        tx.execution_options(**{ENDING: asked})
        yield


def at_end(tx: Transaction, close: Callable[[], object]) -> None:
    """Have `close` called when the transaction ends, however it does.

    A refusal leaves half-walked generators behind, which live for as long as its traceback.
    """
    tx.get_execution_options()[ENDING].callback(close)


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


def add_rows(
    tx: Transaction, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write `rows` into `table`, which has row-level security, by way of a temporary one."""
    names = ", ".join(columns)
    tx.execute(text(f"CREATE TEMP TABLE new_rows AS SELECT {names} FROM {table} WITH NO DATA"))
    copy_rows(tx, "new_rows", columns, rows)
    tx.execute(text(f"INSERT INTO {table} ({names}) SELECT {names} FROM new_rows"))
    tx.execute(text("DROP TABLE new_rows"))
