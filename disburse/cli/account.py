"""`disburse account`: stop a special account, and let it pay again."""

from __future__ import annotations

from collections.abc import Callable

import click

from disburse.cli import answer
from disburse.cli.installation import actor, as_option, opened
from disburse.domain.particulars import account_number
from disburse.steps.parties.freeze_account import freeze_account
from disburse.steps.parties.reopen_account import reopen_account
from disburse.storage import accounts, parties
from disburse.storage.parties import SpecialAccount

Step = Callable[..., SpecialAccount]
BANK = click.option(
    "--bank", required=True, metavar="NUMBER", help="The bank's registration number."
)


@click.group()
def account() -> None:
    """Freeze and reopen special accounts."""


@account.command()
@click.argument("number")
@click.option("--reason", required=True)
@BANK
@as_option
@answer.json_option
def freeze(*, number: str, reason: str, bank: str, acting: str | None, as_json: bool) -> None:
    """Let no bank file leave that draws on the account."""
    _change(freeze_account, number, reason, bank, acting, as_json=as_json)


@account.command()
@click.argument("number")
@click.option("--reason", required=True)
@BANK
@as_option
@answer.json_option
def reopen(*, number: str, reason: str, bank: str, acting: str | None, as_json: bool) -> None:
    """Let a frozen account pay again."""
    _change(reopen_account, number, reason, bank, acting, as_json=as_json)


def _change(
    step: Step, number: str, reason: str, bank: str, acting: str | None, *, as_json: bool
) -> None:
    with opened() as here, here.begin() as tx:
        caller = actor(tx, acting)
        keeper = parties.organisation(tx, bank)
        account_id = accounts.by_number(tx, bank_id=keeper.id, number=account_number(number))
        found = step(tx, caller=caller, account_id=account_id, reason=reason, now=here.now)
    facts = {"account": found.id, "state": found.state}
    answer.tell(facts, as_json=as_json, lines=[f"the account is {found.state}"])
