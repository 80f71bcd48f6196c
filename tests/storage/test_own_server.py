"""A PostgreSQL of the operator's own: README's lines make all that it takes."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import mkdtemp

import pytest

from disburse.storage import embedded, migrate, roles
from disburse.storage.embedded import cluster, server
from disburse.storage.engine import connect
from disburse.storage.roles import RolesMissing
from tests.conftest import HASTE, KEYCHAIN, TODAY
from tests.storage.outside import connection

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def bare(swift_folder, monkeypatch):
    """Return a server's URL and password that nobody prepared for us."""
    monkeypatch.setattr(server, "furnish", lambda *_: None)
    folder = Path(mkdtemp(dir=swift_folder))
    yield embedded.ensure(folder, options=HASTE), cluster.password_of(folder)
    embedded.stop(folder)


def readmes_lines(password):
    [script] = re.findall(r"^```sql\n(CREATE ROLE .*?)^```", README, re.MULTILINE | re.DOTALL)
    lines = [line.partition("--")[0].strip() for line in script.splitlines()]
    return [line.replace("'…'", f"'{password}'") for line in lines]


def test_the_roles_that_readme_names_are_all_that_it_takes(bare):
    url, password = bare
    with connection(url, "postgres", dbname="postgres") as administrator:
        for line in readmes_lines(password):
            administrator.execute(line)
    migrate.migrate(embedded.as_role(url, roles.MIGRATE), today=TODAY, keychain=KEYCHAIN)
    for role in (roles.APP, roles.WORK):
        connections = connect(embedded.as_role(url, role), KEYCHAIN)
        migrate.require_ready(connections, role)
        connections.dispose()


def test_without_them_the_refusal_says_what_to_do(bare):
    url, password = bare
    with connection(url, "postgres", dbname="postgres") as administrator:
        administrator.execute(f"CREATE ROLE disburse_migrate LOGIN PASSWORD '{password}'")
        administrator.execute("CREATE DATABASE disburse OWNER disburse_migrate")
    with pytest.raises(RolesMissing, match="CREATE ROLE disburse_owner NOLOGIN"):
        migrate.migrate(embedded.as_role(url, roles.MIGRATE), today=TODAY, keychain=KEYCHAIN)
