"""`disburse migrate` and `disburse db`: the database's shape, and the own server."""

from __future__ import annotations

import click

from disburse.cli import answer
from disburse.cli.installation import database_url, folder_of, settings
from disburse.cli.master import keychain
from disburse.clock import system_clock
from disburse.domain.refusal import Refusal
from disburse.storage import embedded
from disburse.storage import migrate as schema


class NotOurs(Refusal):
    """The database server is not run by this installation."""

    code = "not-our-server"


@click.command()
@answer.json_option
def migrate(*, as_json: bool) -> None:
    """Bring the database to the shape that this version needs; again is no harm."""
    with answer.waiting("migrating"):
        chosen = settings()
        url = database_url(chosen, embedded.MIGRATE)
        today = system_clock().date()
        version = schema.migrate(url, today=today, keychain=keychain(chosen))
    answer.tell(
        {"version": version}, as_json=as_json, lines=[f"the database is at version {version}"]
    )


@click.group()
def db() -> None:
    """Start and stop the installation's own PostgreSQL (no DISBURSE_DATABASE_URL)."""


@db.command()
@answer.json_option
def start(*, as_json: bool) -> None:
    """Start the server, or join it; other commands do so by themselves."""
    _require_own()
    with answer.waiting("starting PostgreSQL"):
        url = database_url(settings())
    answer.tell({"url": url}, as_json=as_json, lines=[f"running; {url}"])


@db.command()
@answer.json_option
def stop(*, as_json: bool) -> None:
    """Stop the server in good order; everybody's work on it ends."""
    _require_own()
    with answer.waiting("stopping PostgreSQL"):
        embedded.stop(folder_of(settings()))
    answer.tell({"stopped": True}, as_json=as_json, lines=["stopped"])


@db.command()
@answer.json_option
def url(*, as_json: bool) -> None:
    """Show the database's URL; it holds no secret where the server is our own."""
    _require_own()
    found = database_url(settings())
    answer.tell({"url": found}, as_json=as_json, lines=[found])


def _require_own() -> None:
    if settings().database_url is not None:
        raise NotOurs("DISBURSE_DATABASE_URL names a server that others run; see its own tools")
