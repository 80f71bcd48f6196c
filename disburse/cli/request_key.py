"""`disburse request-key`: the keys that machines sign their requests with, and their rotation."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

import click

from disburse import signing
from disburse.cli import answer
from disburse.cli.installation import actor, as_option, opened
from disburse.cli.keyring import FILE
from disburse.cli.keys import load_private
from disburse.cli.sheet import URL, client_at
from disburse.clock import system_clock
from disburse.steps.parties.register_request_key import VALID_FOR_MAX, register_request_key
from disburse.steps.parties.revoke_request_key import revoke_request_key
from disburse.storage import members, request_keys, tenancy

KEY_BYTES = 16
LOGIN = click.option("--login", required=True, help="The account whose requests it signs.")
PRIVATE = click.option(
    "--key", "private", type=FILE, required=True, help="The private key; it stays here."
)
DAYS = click.option(
    "--days",
    type=click.IntRange(1, VALID_FOR_MAX.days),
    default=VALID_FOR_MAX.days,
    show_default=True,
    help="How long the key is good.",
)
SHOWN = ("kid", "algorithm", "valid_from", "valid_to", "revoked_at")


@click.group("request-key")
def request_key() -> None:
    """Register the keys that accounts sign their requests with.

    Whoever runs the machine makes a key with `disburse keygen`, proves with `request-key prove`
    that it is held there, and sends proof and public key to the administrator, who registers
    them. Later the machine registers the next key itself, with `request-key rotate`.
    """


@request_key.command()
@PRIVATE
@LOGIN
@answer.json_option
def prove(*, private: Path, login: str, as_json: bool) -> None:
    """Show, on the machine itself, that the private key is held here."""
    proof = signing.prove_request_key(load_private(private), login=login, now=system_clock())
    answer.tell({"proof": proof}, as_json=as_json, lines=[proof])


@request_key.command()
@click.option("--public", type=FILE, required=True, help="The public key: NAME.pub.jwk.")
@click.option("--proof", required=True, help="What `disburse request-key prove` answered.")
@LOGIN
@DAYS
@as_option
@answer.json_option
def register(
    *, public: Path, proof: str, login: str, days: int, acting: str | None, as_json: bool
) -> None:
    """Register a public key of an account."""
    with opened() as here, here.begin() as tx:
        made = register_request_key(
            tx,
            caller=actor(tx, acting),
            login=login,
            public_jwk=public.read_text(encoding="utf-8"),
            proof=proof.strip(),
            valid_for=timedelta(days=days),
            now=here.now,
        )
    facts = {"kid": made.kid, "login": login, "valid_to": made.valid_to}
    lines = [f"key {made.kid} signs requests of {login} until {made.valid_to:%Y-%m-%d}"]
    answer.tell(facts, as_json=as_json, lines=lines)


@request_key.command()
@PRIVATE
@LOGIN
@DAYS
@URL
@answer.json_option
def rotate(*, private: Path, login: str, days: int, url: str, as_json: bool) -> None:
    """Register your next key, by a request signed with the one in DISBURSE_REQUEST_KEY.

    Both are good until the old one ends or is revoked.
    """
    key = load_private(private)
    members_ = {
        "public_jwk": key.public.jwk,
        "proof": signing.prove_request_key(key, login=login, now=system_clock()),
        "days": days,
    }
    path = f"/v1/members/{login}/request_keys"
    told = client_at(url).call("POST", path, members_, key=secrets.token_hex(KEY_BYTES))
    lines = [f"key {told['kid']} signs too, until {told['valid_to'][:10]}"]
    answer.tell(dict(told), as_json=as_json, lines=lines)


@request_key.command(context_settings=answer.TAKES_KEY_ID)
@click.argument("kid")
@click.option("--reason", required=True)
@LOGIN
@as_option
@answer.json_option
def revoke(*, kid: str, reason: str, login: str, acting: str | None, as_json: bool) -> None:
    """Make a key worthless from now on."""
    with opened() as here, here.begin() as tx:
        caller = actor(tx, acting)
        revoke_request_key(tx, caller=caller, login=login, kid=kid, reason=reason, now=here.now)
    answer.tell({"kid": kid}, as_json=as_json, lines=[f"key {kid} signs no more"])


@request_key.command("list")
@LOGIN
@answer.json_option
def list_(*, login: str, as_json: bool) -> None:
    """List every key that an account ever had."""
    with opened() as here, here.begin() as tx:
        tenancy.stand_as_operator(tx)
        found = request_keys.of_member(tx, members.by_login(tx, login).id)
    rows = [{name: getattr(one, name) for name in SHOWN} for one in found]
    if as_json:
        answer.tell({"keys": rows}, as_json=True)
        return
    answer.table(login, SHOWN, (list(row.values()) for row in rows))
