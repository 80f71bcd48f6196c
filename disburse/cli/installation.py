"""The installation that a command works on: its settings, its database, and who acts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

import click

from disburse.cli.master import keychain
from disburse.clock import system_clock
from disburse.domain.access import Caller, Role
from disburse.domain.refusal import Refusal
from disburse.settings import Settings
from disburse.signing import Trust
from disburse.storage import embedded, members, tenancy
from disburse.storage.engine import Begin, Transaction, connect
from disburse.storage.migrate import require_ready

FOLDER: Final = "postgres"  # of the installation's own server, inside `Settings.var`
Command = TypeVar("Command", bound=Callable[..., object])


class WhoActs(Refusal):
    """It is not clear under whose name this is to be done."""

    code = "who-acts"


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings and an open database of the newest shape."""

    settings: Settings
    begin: Begin
    now: datetime


def settings() -> Settings:
    """Return what the environment says."""
    return Settings.from_environ(os.environ)


def folder_of(chosen: Settings) -> Path:
    """Return where the installation's own server lives."""
    return chosen.var / FOLDER


def trust_of(chosen: Settings) -> Trust:
    """Return whose certificates are taken."""
    return Trust(chosen.certificate_authorities, chosen.revocation_lists)


def database_url(chosen: Settings, role: str = embedded.APP) -> str:
    """Return the database's URL; without a setting, start the installation's own server."""
    if chosen.database_url is not None:
        return chosen.database_url
    return embedded.as_role(embedded.ensure(folder_of(chosen)), role)


@contextmanager
def opened(role: str = embedded.APP) -> Iterator[Installation]:
    """Open the database as one of its roles, with the keys that its seals open with.

    Refusals: `ServerUnavailable`, and those of `migrate.require_ready`.
    """
    chosen = settings()
    connections = connect(database_url(chosen, role), keychain(chosen))
    try:
        require_ready(connections, role)
        yield Installation(chosen, connections, system_clock())
    finally:
        connections.dispose()


def as_option(command: Command) -> Command:
    """Give a command `--as LOGIN`, which it gets as `login`.

    Whoever has a shell here can act as anybody: the history says under whose name it was done.
    """
    option = click.option(
        "--as", "acting", metavar="LOGIN", help="Act as this account [the one administrator]."
    )
    return option(command)


def actor(
    tx: Transaction,
    login: str | None,
    role: Role = Role.ADMINISTRATOR,
    *,
    organisation_id: int | None = None,
) -> Caller:
    """Return who acts: the account that was named, or the only one with `role`.

    From here on the transaction sees what that account may see.
    """
    if login is None:
        found = members.logins_with(tx, role, organisation_id=organisation_id)
        if len(found) != 1:
            which = f"there are {len(found)}: {', '.join(found)}" if found else "there is none"
            raise WhoActs(f"say who acts with --as LOGIN; of those who are {role}, {which}")
        [login] = found
    caller = members.caller_of_login(tx, login)
    tenancy.stand(tx, caller)
    return caller
