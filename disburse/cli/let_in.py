"""`disburse invite`, `recovery`, `sessions` and `member`: who may come in, and who is in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import click

from disburse.cli import answer
from disburse.cli.installation import actor, as_option, opened
from disburse.steps.people.confirm_recovery import confirm_recovery
from disburse.steps.people.disable_member import disable_member
from disburse.steps.people.enable_member import enable_member
from disburse.steps.people.end_sessions import end_sessions
from disburse.steps.people.invite import invite as inviting
from disburse.steps.people.recover import recover
from disburse.storage import members, tenancy
from disburse.storage import sessions as stored

SHOWN: Final = ("id", "browser", "factor", "began_at", "seen_at", "expires_at")


@click.command()
@click.argument("login")
@as_option
@answer.json_option
def invite(*, login: str, acting: str | None, as_json: bool) -> None:
    """Make a code by which LOGIN's person sets a password; shown this once.

    Hand it over in person or by telephone: whoever has it is let in.
    """
    with opened() as here, here.begin() as tx:
        made = inviting(tx, caller=actor(tx, acting), login=login, now=here.now)
    lines = [made.code, f"good once, until {made.expires_at:%Y-%m-%d %H:%M} UTC, at /invitation"]
    answer.tell(asdict(made), as_json=as_json, lines=lines)


@click.group()
def recovery() -> None:
    """Let somebody in anew who lost password or telephone: two people, half a code each."""


@recovery.command()
@click.argument("login")
@click.option("--reason", required=True)
@as_option
@answer.json_option
def ask(*, login: str, reason: str, acting: str | None, as_json: bool) -> None:
    """Ask for it; shows the first half of the code, this once."""
    with opened() as here, here.begin() as tx:
        half = recover(tx, caller=actor(tx, acting), login=login, reason=reason, now=here.now)
    lines = [half, "another person has to confirm it, and gets the second half"]
    answer.tell({"login": login, "half": half}, as_json=as_json, lines=lines)


@recovery.command()
@click.argument("login")
@as_option
@answer.json_option
def confirm(*, login: str, acting: str | None, as_json: bool) -> None:
    """Confirm it as another person; shows the second half of the code, this once."""
    with opened() as here, here.begin() as tx:
        half = confirm_recovery(tx, caller=actor(tx, acting), login=login, now=here.now)
    answer.tell({"login": login, "half": half}, as_json=as_json, lines=[half])


@click.group()
def sessions() -> None:
    """See where somebody is signed in, and end it."""


@sessions.command("list")
@click.argument("login")
@answer.json_option
def list_(*, login: str, as_json: bool) -> None:
    """List LOGIN's sessions that go on."""
    with opened() as here, here.begin() as tx:
        tenancy.stand_as_operator(tx)
        member = members.by_login(tx, login)
        found = stored.of_member(tx, member.id, at=here.now)
    rows = [{name: getattr(one, name) for name in SHOWN} for one in found]
    if as_json:
        answer.tell({"sessions": rows}, as_json=True)
        return
    answer.table(login, SHOWN, (list(row.values()) for row in rows))


@sessions.command()
@click.argument("login")
@click.option("--reason", required=True)
@as_option
@answer.json_option
def end(*, login: str, reason: str, acting: str | None, as_json: bool) -> None:
    """End every session of LOGIN."""
    with opened() as here, here.begin() as tx:
        caller = actor(tx, acting)
        ended = end_sessions(tx, caller=caller, login=login, reason=reason, now=here.now)
    answer.tell({"ended": ended}, as_json=as_json, lines=[f"{ended} sessions ended"])


@click.group()
def member() -> None:
    """Shut an account of the own organisation, or open it again."""


@member.command()
@click.argument("login")
@click.option("--reason", required=True)
@as_option
@answer.json_option
def disable(*, login: str, reason: str, acting: str | None, as_json: bool) -> None:
    """Let nobody in by LOGIN any more: sessions, tokens and request keys end for good."""
    with opened() as here, here.begin() as tx:
        caller = actor(tx, acting)
        ended = disable_member(tx, caller=caller, login=login, reason=reason, now=here.now)
    lines = [f"{login} is disabled; {ended} sessions ended"]
    answer.tell({"login": login, "ended": ended}, as_json=as_json, lines=lines)


@member.command()
@click.argument("login")
@click.option("--reason", required=True)
@as_option
@answer.json_option
def enable(*, login: str, reason: str, acting: str | None, as_json: bool) -> None:
    """Let LOGIN count again, by password and passkeys; tokens and request keys are made anew."""
    with opened() as here, here.begin() as tx:
        enable_member(tx, caller=actor(tx, acting), login=login, reason=reason, now=here.now)
    lines = [f"{login} counts again; tokens and request keys have to be issued anew"]
    answer.tell({"login": login}, as_json=as_json, lines=lines)
