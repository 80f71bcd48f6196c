"""A database of an older version is brought forward with everything that is in it."""

import hmac

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from disburse.sealing import MasterKeyUnusable
from disburse.storage import embedded, migrate, roles, seals, tenancy
from disburse.storage.engine import connect
from disburse.storage.seals import Use
from tests.conftest import KEYCHAIN, TODAY

KEY = bytes(reversed(range(32)))


def older(url, version):
    """Bring an empty database to an older version, as the program of that time did."""
    engine = create_engine(url)
    with engine.begin() as connection:
        roles.ensure(connection)
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, version)
    engine.dispose()


def test_a_database_of_the_first_version_keeps_what_it_has(server_url):
    url = embedded.create_database(server_url, "older")
    older(embedded.as_role(url, embedded.MIGRATE), "0001")
    begin = connect(url, KEYCHAIN)
    with begin() as tx:
        tx.execute(text("INSERT INTO organisation (kind, registration, name) "
                        "VALUES ('owner', '9X', 'An owner')"))  # fmt: skip
        tx.execute(text("INSERT INTO installation (index_key) VALUES (:key)"), {"key": KEY})
    owner = embedded.as_role(url, embedded.MIGRATE)
    with pytest.raises(MasterKeyUnusable):
        migrate.migrate(owner, today=TODAY)
    assert migrate.migrate(owner, today=TODAY, keychain=KEYCHAIN) >= "0003"
    with begin() as tx:
        tenancy.stand_as_operator(tx)
        migrate.require_current(tx)
        assert tx.scalar(text("SELECT name FROM organisation")) == "An owner"
        assert tx.scalar(text("SELECT count(*) FROM request_key")) == 0  # and the service may read
        assert tx.scalar(text("SELECT index_key FROM installation")) is None
        assert seals.root(tx, Use.INDEX).digester()(b"x") == hmac.digest(KEY, b"x", "sha256")
    begin.dispose()
    embedded.drop_database(url)


BEFORE_EMPLOYERS = """
    INSERT INTO organisation (kind, registration, name)
    VALUES ('subcontractor', '1X', 'One'), ('general_contractor', '2X', 'Two');
    INSERT INTO access (organisation_id, project_id) VALUES (1, 5), (2, 5);
    INSERT INTO party (project_id, organisation_id, capacity, delegation_from)
    VALUES (5, 1, 'subcontractor', now()), (5, 2, 'general_contractor', NULL);
    INSERT INTO kept_bytes (project_id, media_type, sha256, content)
    SELECT 5, 'x', repeat('0', 64), 'x' FROM generate_series(1, 4);
    INSERT INTO sheet (project_id, period, employer_id, kind, number, account_id, currency, pay_on,
        head_count, total_net, digest, signature, kid, salt, bytes_id, state, received_at,
        received_by)
    VALUES (5, '2026-07-01', 1, 'regular', 1, 1, 'CNY', now(), 1, 1, 'x', 'x', 'x', 'x', 1,
        'withdrawn', now(), 1);
    INSERT INTO act (project_id, period, at, act, subject, subject_id, sheet_id, facts)
    VALUES (5, '2026-07-01', now(), 'withdraw', 'sheet', '1', 1, '{"order": 2}');
    INSERT INTO reissue (project_id, period, sheet_id, line, attempt, requested_by, requested_at,
        reason, payee, order_bytes_id, not_before)
    VALUES (5, '2026-07-01', 1, 1, 2, 1, now(), 'x', 'x', 3, now());
"""


def test_what_came_before_is_known_by_whose_it_is(server_url):
    url = embedded.create_database(server_url, "before_employers")
    older(embedded.as_role(url, embedded.MIGRATE), "0027")
    server = connect(embedded.as_role(url, "postgres"))
    with server() as tx:
        tx.execute(text("SET LOCAL session_replication_role = replica"))  # no foreign keys
        for statement in BEFORE_EMPLOYERS.split(";\n")[:-1]:
            tx.exec_driver_sql(statement)
    migrate.migrate(embedded.as_role(url, embedded.MIGRATE), today=TODAY, keychain=KEYCHAIN)
    with server() as tx:
        whole = tx.execute(text("SELECT organisation_id, whole FROM access ORDER BY 1")).all()
        kept = tx.execute(text("SELECT id, employer_id FROM kept_bytes ORDER BY id")).all()
    assert whole == [(1, False), (2, True)]
    assert kept == [(1, 1), (2, 1), (3, 1), (4, None)]  # a sheet, two orders, and another's
    server.dispose()
    embedded.drop_database(url)


BEFORE_ENDING = """
    INSERT INTO organisation (kind, registration, name) VALUES ('owner', '9X', 'An owner');
    INSERT INTO member (organisation_id, name, login, disabled_at)
    VALUES (1, 'x', 'left', '2026-02-01Z'), (1, 'x', 'works', NULL);
    INSERT INTO token (digest, member_id, label, created_at, expires_at)
    SELECT decode(repeat(lpad(n::text, 2, '0'), 32), 'hex'), n, 'x', '2026-01-01Z', '2027-01-01Z'
    FROM generate_series(1, 2) n;
    INSERT INTO request_key (kid, member_id, algorithm, jwk, valid_from, valid_to)
    SELECT n, n, 'ed25519', '{}', '2026-01-01Z', '2027-01-01Z' FROM generate_series(1, 2) n;
"""


def test_what_disabled_accounts_have_ends_for_good(server_url):
    url = embedded.create_database(server_url, "before_ending")
    older(embedded.as_role(url, embedded.MIGRATE), "0028")
    server = connect(embedded.as_role(url, "postgres"))
    with server() as tx:
        for statement in BEFORE_ENDING.split(";\n")[:-1]:
            tx.exec_driver_sql(statement)
    migrate.migrate(embedded.as_role(url, embedded.MIGRATE), today=TODAY, keychain=KEYCHAIN)
    with server() as tx:
        for table in ("token", "request_key"):
            ended = tx.scalars(text(f"SELECT revoked_at = '2026-02-01Z' FROM {table} "
                                    "ORDER BY member_id")).all()  # fmt: skip
            assert ended == [True, None], table
    server.dispose()
    embedded.drop_database(url)
