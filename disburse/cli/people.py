"""`disburse init` and `disburse token`: the first administrator, and what lets people in."""

from __future__ import annotations

from datetime import timedelta

import click

from disburse.cli import answer
from disburse.cli.installation import actor, as_option, opened
from disburse.domain.particulars import Identity
from disburse.domain.sheet import IdType
from disburse.steps.parties.found import found
from disburse.steps.parties.issue_token import VALID_FOR_MAX, issue_token
from disburse.steps.parties.revoke_token import revoke_token


@click.command()
@click.option("--operator", required=True, help="Name of the organisation that runs this.")
@click.option("--registration", required=True, help="Its registration number (credit code).")
@click.option("--name", required=True, help="Name of the person who administers.")
@click.option("--login", required=True, help="The account's name.")
@click.option(
    "--id-type",
    type=click.Choice([one.value for one in IdType]),
    default=IdType.RESIDENT_CARD.value,
    show_default=True,
)
@click.option(
    "--id-number",
    prompt="Identity number",
    hide_input=True,
    envvar="DISBURSE_ID_NUMBER",
    help="Asked for; only a keyed digest of it is stored.",
)
@answer.json_option
def init(
    *,
    operator: str,
    registration: str,
    name: str,
    login: str,
    id_type: str,
    id_number: str,
    as_json: bool,
) -> None:
    """Add the operator and its administrator, once, on an empty database."""
    with opened() as here, here.begin() as tx:
        member = found(
            tx,
            registration=registration,
            name=operator,
            login=login,
            person=name,
            identity=Identity(IdType(id_type), id_number),
            now=here.now,
        )
    answer.tell(
        {"login": member.login, "member": member.id},
        as_json=as_json,
        lines=[f"{member.login} administers this installation; next: `disburse setup load`"],
    )


@click.group()
def token() -> None:
    """Give accounts tokens for the API, and take them back."""


@token.command()
@click.argument("login")
@click.option("--label", default="command line", show_default=True, help="What it is for.")
@click.option(
    "--days",
    type=click.IntRange(1, VALID_FOR_MAX.days),
    default=30,
    show_default=True,
    help="How long it is good.",
)
@as_option
@answer.json_option
def issue(*, login: str, label: str, days: int, acting: str | None, as_json: bool) -> None:
    """Make a token for LOGIN and show it, this once."""
    with opened() as here, here.begin() as tx:
        made = issue_token(
            tx,
            caller=actor(tx, acting),
            login=login,
            label=label,
            valid_for=timedelta(days=days),
            now=here.now,
        )
    facts = {"login": login, "label": label, "token": made, "days": days}
    answer.tell(facts, as_json=as_json, lines=[made])


@token.command()
@click.argument("login")
@click.option("--label", default="command line", show_default=True)
@as_option
@answer.json_option
def revoke(*, login: str, label: str, acting: str | None, as_json: bool) -> None:
    """Make LOGIN's tokens with this label worthless."""
    with opened() as here, here.begin() as tx:
        count = revoke_token(tx, caller=actor(tx, acting), login=login, label=label, now=here.now)
    answer.tell({"revoked": count}, as_json=as_json, lines=[f"{count} tokens revoked"])
