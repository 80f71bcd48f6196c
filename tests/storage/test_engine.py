from __future__ import annotations

import tracemalloc

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError, InternalError

from disburse.storage import embedded
from disburse.storage.engine import DatabaseUnreachable, connect, copy_rows, read_only


@pytest.fixture(scope="module")
def url(server_url):
    url = embedded.as_role(embedded.create_database(server_url, "test_engine"), embedded.MIGRATE)
    begin = connect(url)
    with begin() as tx:
        tx.execute(text(f"SET LOCAL ROLE {embedded.OWNER}"))
        tx.execute(text('CREATE TABLE "a table" (id bigint PRIMARY KEY, "a name" text)'))
        tx.execute(text(f'GRANT ALL ON "a table" TO {embedded.MIGRATE}'))
    begin.dispose()
    yield url
    embedded.drop_database(url)


@pytest.fixture
def begin(url):
    begin = connect(url)
    with begin() as tx:
        tx.execute(text('DELETE FROM "a table"'))
    yield begin
    begin.dispose()


def insert(tx, number):
    tx.execute(text('INSERT INTO "a table" VALUES (:number)'), {"number": number})


def rows_in(begin):
    with begin() as tx:
        return tx.execute(text('SELECT * FROM "a table" ORDER BY id')).all()


def test_leaving_a_transaction_commits_it(begin):
    with begin() as tx:
        insert(tx, 1)

    assert rows_in(begin) == [(1, None)]


@pytest.mark.parametrize("exception", [ValueError, KeyboardInterrupt])
def test_any_exception_rolls_a_transaction_back(begin, exception):
    def fail():
        with begin() as tx:
            insert(tx, 1)
            raise exception

    with pytest.raises(exception):
        fail()
    assert rows_in(begin) == []


def test_a_transaction_is_seen_by_others_only_when_it_has_ended(begin):
    with begin() as tx:
        insert(tx, 1)
        assert rows_in(begin) == []


def test_a_transaction_speaks_utc_and_says_who_it_is(begin):
    with begin() as tx:
        assert tx.scalar(text("SHOW TimeZone")) == "UTC"
        assert tx.scalar(text("SHOW application_name")) == "disburse"


def test_what_the_url_asks_for_stands(server_url):
    url = make_url(server_url).update_query_dict(
        {"application_name": "audit", "options": "-c lock_timeout=5s"}
    )
    begin = connect(url.render_as_string(hide_password=False))
    with begin() as tx:
        assert tx.scalar(text("SHOW application_name")) == "audit"
        assert tx.scalar(text("SHOW lock_timeout")) == "5s"
        assert tx.scalar(text("SHOW TimeZone")) == "UTC"
    begin.dispose()


def test_settings_of_a_transaction_end_with_it(begin):
    with begin() as tx:
        tx.execute(text("SET LOCAL lock_timeout = '3s'"))
        backend = tx.scalar(text("SELECT pg_backend_pid()"))

    with begin() as tx:
        assert tx.scalar(text("SELECT pg_backend_pid()")) == backend
        assert tx.scalar(text("SHOW lock_timeout")) == "0"


def test_a_connection_that_died_while_idle_is_replaced(begin, url):
    with begin() as tx:
        backend = tx.scalar(text("SELECT pg_backend_pid()"))
    another = connect(url)
    with another() as tx:
        assert tx.scalar(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
    another.dispose()

    assert rows_in(begin) == []


def test_reading_refuses_to_write(begin):
    with pytest.raises(InternalError, match="read-only transaction"), read_only(begin)() as tx:
        insert(tx, 1)

    assert rows_in(begin) == []


def test_reading_sees_one_moment(begin):
    counting = text('SELECT count(*) FROM "a table"')
    with read_only(begin)() as tx:
        assert tx.scalar(counting) == 0
        with begin() as other:
            insert(other, 1)
        assert tx.scalar(counting) == 0

    with read_only(begin)() as tx:
        assert tx.scalar(counting) == 1


def test_writing_is_possible_after_reading(begin):
    with read_only(begin)() as tx:
        backend = tx.scalar(text("SELECT pg_backend_pid()"))

    with begin() as tx:
        assert tx.scalar(text("SELECT pg_backend_pid()")) == backend
        insert(tx, 1)


def test_copied_rows_arrive_as_they_were(begin):
    rows = [(1, "王\t小\\明\n"), (2, None), (3, ""), (4, "\\N")]
    with begin() as tx:
        assert copy_rows(tx, "a table", ["id", "a name"], iter(rows)) == len(rows)

    assert rows_in(begin) == rows


def test_copied_rows_are_part_of_the_transaction(begin):
    def copy_and_fail():
        with begin() as tx:
            insert(tx, 1)
            copy_rows(tx, "a table", ["id"], [(2,), (3,)])
            assert tx.scalar(text('SELECT count(*) FROM "a table"')) == 3
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        copy_and_fail()
    assert rows_in(begin) == []


def test_a_source_that_fails_half_way_leaves_no_row(begin):
    def source():
        yield (1,)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), begin() as tx:
        copy_rows(tx, "a table", ["id"], source())

    assert rows_in(begin) == []


def test_a_row_that_the_table_refuses_leaves_no_row(begin):
    with pytest.raises(psycopg.errors.UniqueViolation), begin() as tx:
        copy_rows(tx, "a table", ["id"], [(1,), (2,), (1,)])

    assert rows_in(begin) == []


def test_copying_takes_no_more_memory_for_more_rows(begin):
    tracemalloc.start()
    try:
        with begin() as tx:
            copied = copy_rows(tx, "a table", ["id"], ((number,) for number in range(200_000)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert copied == 200_000
    assert peak < 2_000_000


def test_a_server_that_is_not_there_is_an_error_at_the_first_transaction(tmp_path):
    begin = connect(f"postgresql+psycopg://nobody@/none?host={tmp_path}")

    with pytest.raises(DatabaseUnreachable), begin():
        pass


def test_a_server_that_goes_away_is_told_as_that_and_comes_back(url):
    begin, other = connect(url), connect(url)
    with pytest.raises(DatabaseUnreachable), begin() as tx:  # noqa: PT012  (one transaction)
        number = tx.scalar(text("SELECT pg_backend_pid()"))
        with other() as ending:
            ending.execute(text("SELECT pg_terminate_backend(:n)"), {"n": number})
        tx.execute(text("SELECT 1"))
    with begin() as tx:
        assert tx.scalar(text("SELECT 1")) == 1
    with pytest.raises(DBAPIError, match="division"), begin() as tx:
        tx.execute(text("SELECT 1 / 0"))
    begin.dispose()
    other.dispose()
