"""The roles and databases of the installation's own server."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from disburse.storage.embedded.cluster import SUPERUSER
from disburse.storage.roles import OWNER, ROLES

DATABASE: Final = "disburse"


def furnish(url: str, password: str) -> None:
    """Make the roles and the database that are missing; every process may try."""
    with _superuser(url) as server:
        server.execute("SELECT pg_advisory_lock(hashtext('disburse furnish'))")
        roles = {name for (name,) in server.execute("SELECT rolname FROM pg_roles")}
        for role in ROLES:
            if role not in roles:
                _create_role(server, role, password)
        if not server.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
            create_database(url, DATABASE)


def as_role(url: str, role: str) -> str:
    """Return the URL of the same database for another of the `ROLES`."""
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def create_database(url: str, name: str, template: str = "template1") -> str:
    """Make the database `name` beside that of `url`, and return its URL."""
    statement = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}")
    with _superuser(url) as server:
        server.execute(statement.format(*map(sql.Identifier, (name, OWNER, template))))
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def drop_database(url: str) -> None:
    """Remove the database of `url`, whoever is connected to it."""
    name = sql.Identifier(make_url(url).database or "")
    with _superuser(url) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _create_role(server: psycopg.Connection, role: str, password: str) -> None:
    secret = sql.Literal(None if role == OWNER else password)
    statement = sql.SQL("CREATE ROLE {} {} PASSWORD {}")
    server.execute(statement.format(sql.Identifier(role), sql.SQL(ROLES[role]), secret))


def _superuser(url: str) -> psycopg.Connection:
    query = {name: str(value) for name, value in make_url(url).query.items()}
    whom = make_conninfo(**query, user=SUPERUSER, dbname=SUPERUSER)
    return psycopg.connect(whom, autocommit=True)
