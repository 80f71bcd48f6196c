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
        assert seals.root(tx, Use.INDEX).digest(b"x") == hmac.digest(KEY, b"x", "sha256")
    begin.dispose()
    embedded.drop_database(url)
