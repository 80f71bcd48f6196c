"""`disburse key`: show that a key is held, register it, revoke it."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

import click

from disburse import signing
from disburse.cli import answer
from disburse.cli.installation import actor, as_option, opened, trust_of
from disburse.cli.keys import load_chain, load_private
from disburse.cli.sheet import URL, client_at
from disburse.clock import system_clock
from disburse.domain.signing_key import Purpose
from disburse.steps.parties.register_key import VALID_FOR_MAX, Offered, register_key
from disburse.steps.parties.revoke_key import revoke_key
from disburse.storage import keys, parties, tenancy

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
NEW = click.Path(path_type=Path, dir_okay=False)
CHALLENGE_BYTES = 24
DAYS = click.option(
    "--days",
    type=click.IntRange(1, VALID_FOR_MAX.days),
    default=365,
    show_default=True,
    help="How long the key is good.",
)
PURPOSE = click.option(
    "--purpose",
    type=click.Choice([one.value for one in Purpose]),
    default=Purpose.SHEET.value,
    show_default=True,
    help="What the key may sign.",
)
ORGANISATION = click.option(
    "--organisation", required=True, metavar="NUMBER", help="Whose key: registration number."
)


@click.group()
def key() -> None:
    """Register the keys that organisations sign with.

    The administrator makes a challenge and sends it to the signer; the signer answers it with
    `key prove` on the own machine and sends proof and public key; the administrator registers.
    """


@key.command()
@answer.json_option
def challenge(*, as_json: bool) -> None:
    """Make a challenge, to be sent to whoever wants a key registered."""
    made = secrets.token_urlsafe(CHALLENGE_BYTES)
    answer.tell({"challenge": made}, as_json=as_json, lines=[made])


@key.command()
@click.option("--key", "private", type=FILE, required=True, help="The private key; it stays here.")
@click.option("--challenge", required=True, help="What the administrator sent.")
@ORGANISATION
@PURPOSE
@answer.json_option
def prove(*, private: Path, challenge: str, organisation: str, purpose: str, as_json: bool) -> None:
    """Show, on the signer's machine, that the private key is held here."""
    proof = signing.prove_possession(
        load_private(private),
        organisation=organisation,
        purpose=Purpose(purpose),
        challenge=challenge,
        now=system_clock(),
    )
    answer.tell({"proof": proof}, as_json=as_json, lines=[proof])


@key.command()
@click.option("--certificate", type=FILE, help="Its certificate, whose key it is.")
@click.option("--public", type=FILE, help="Or the public key: NAME.pub.jwk.")
@click.option("--challenge", required=True, help="What the administrator sent.")
@click.option("--out", type=NEW, required=True, help="New file for the statement.")
@ORGANISATION
@PURPOSE
def statement(
    *,
    certificate: Path | None,
    public: Path | None,
    challenge: str,
    out: Path,
    organisation: str,
    purpose: str,
) -> None:
    """Write what a USB key has to sign, as detached CMS, to show that it holds the key."""
    shown = _public(certificate, public)
    made = signing.possession_statement(
        shown.kid, organisation=organisation, purpose=Purpose(purpose), challenge=challenge
    )
    with out.open("xb") as new:
        new.write(made)
    click.echo(f"written: {out}; sign exactly these bytes with the USB key's own program")


@key.command()
@click.option("--public", type=FILE, help="The public key: NAME.pub.jwk.")
@click.option("--certificate", type=FILE, help="Instead: its certificate chain as PEM.")
@click.option("--challenge", required=True, help="What was sent to the signer.")
@click.option("--proof", help="What `disburse key prove` answered to it.")
@click.option("--proof-cms", type=FILE, help="Instead: the signed statement of `key statement`.")
@DAYS
@ORGANISATION
@PURPOSE
@as_option
@answer.json_option
def register(
    *,
    public: Path | None,
    certificate: Path | None,
    challenge: str,
    proof: str | None,
    proof_cms: Path | None,
    days: int,
    organisation: str,
    purpose: str,
    acting: str | None,
    as_json: bool,
) -> None:
    """Register a public key of an organisation; it waits until somebody confirms it."""
    if (proof is None) == (proof_cms is None):
        raise click.UsageError("give one of --proof and --proof-cms")
    shown = _public(certificate, public)
    offered = Offered(
        public_jwk=shown.jwk,
        certificate=None if certificate is None else load_chain(certificate),
        challenge=challenge,
        proof=signing.armour(proof_cms.read_bytes()) if proof_cms else (proof or "").strip(),
    )
    with opened() as here, here.begin() as tx:
        made = register_key(
            tx,
            caller=actor(tx, acting),
            registration=organisation,
            purpose=Purpose(purpose),
            offered=offered,
            valid_for=timedelta(days=days),
            trust=trust_of(here.settings),
            now=here.now,
        )
    facts = {"kid": made.kid, "organisation": organisation, "valid_to": made.valid_to}
    line = (
        f"key {made.kid} signs for {organisation} until {made.valid_to:%Y-%m-%d}, once somebody "
        f"who is not the operator runs: disburse confirm {made.kid}"
    )
    answer.tell(facts, as_json=as_json, lines=[line])


@key.command()
@click.option("--key", "old", type=FILE, required=True, help="The key of today.")
@click.option("--successor", type=FILE, required=True, help="The new private key.")
@DAYS
@ORGANISATION
@PURPOSE
@URL
@answer.json_option
def succeed(
    *,
    old: Path,
    successor: Path,
    days: int,
    organisation: str,
    purpose: str,
    url: str,
    as_json: bool,
) -> None:
    """Let the key of today name a new one; both are good until the old one ends or is revoked."""
    before, after = load_private(old), load_private(successor)
    now, challenge = system_clock(), secrets.token_urlsafe(CHALLENGE_BYTES)
    use = Purpose(purpose)
    asked = {
        "registration": organisation,
        "public_jwk": after.public.jwk,
        "purpose": purpose,
        "challenge": challenge,
        "proof": signing.prove_possession(
            after, organisation=organisation, purpose=use, challenge=challenge, now=now
        ),
        "named_by": signing.name_successor(
            before, after.kid, organisation=organisation, purpose=use, now=now
        ),
        "days": days,
    }
    told = client_at(url).call("POST", "/v1/keys", asked, key=challenge)
    answer.tell(told, as_json=as_json, lines=[f"key {after.kid} is good beside {before.kid}"])


def _public(certificate: Path | None, public: Path | None) -> signing.PublicKey:
    if (certificate is None) == (public is None):
        raise click.UsageError("give one of --public and --certificate")
    if public is not None:
        return signing.read_public(public.read_text(encoding="utf-8"))
    assert certificate is not None  # noqa: S101  (one of the two)
    return signing.key_of(load_chain(certificate))


@key.command(context_settings=answer.TAKES_KEY_ID)
@click.argument("kid")
@click.option("--compromised", is_flag=True, help="It fell into other hands: it was never good.")
@click.option("--reason", required=True)
@ORGANISATION
@as_option
@answer.json_option
def revoke(
    *,
    kid: str,
    compromised: bool,
    reason: str,
    organisation: str,
    acting: str | None,
    as_json: bool,
) -> None:
    """Make a key worthless; approvals of what a compromised one signed are void."""
    with opened() as here, here.begin() as tx:
        sheets = revoke_key(
            tx,
            caller=actor(tx, acting),
            registration=organisation,
            kid=kid,
            compromised=compromised,
            reason=reason,
            now=here.now,
        )
    facts = {"kid": kid, "approvals_void": [[one.project_id, one.id] for one in sheets]}
    lines = [f"key {kid} is revoked; {len(sheets)} sheets have to be approved again"]
    answer.tell(facts, as_json=as_json, lines=lines)


@key.command("list")
@ORGANISATION
@answer.json_option
def list_(*, organisation: str, as_json: bool) -> None:
    """List every key that an organisation ever had."""
    with opened() as here, here.begin() as tx:
        tenancy.stand_as_operator(tx)
        owner = parties.organisation(tx, organisation)
        found = keys.of_organisation(tx, owner.id).values()
    names = ("kid", "algorithm", "purpose", "valid_from", "valid_to", "revoked_at")
    if as_json:
        rows = [{name: getattr(one, name) for name in names} for one in found]
        answer.tell({"keys": rows}, as_json=True)
        return
    cells = ((getattr(one, name) for name in names) for one in found)
    answer.table(owner.name, names, (list(row) for row in cells))
