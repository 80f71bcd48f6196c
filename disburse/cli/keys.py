"""`disburse keygen`: make a signing key on the signer's own machine; read it when signing."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Final

import click

from disburse import signing
from disburse.domain.signing_key import Algorithm

PASSPHRASE_VARIABLE: Final = "DISBURSE_KEY_PASSPHRASE"  # noqa: S105  (its name, not its value)
KEY_BYTES_MAX: Final = 16 * 1024

_OWNER_ONLY: Final = 0o600
_READABLE: Final = 0o644


@click.command()
@click.option(
    "--algorithm",
    type=click.Choice([algorithm.value for algorithm in Algorithm]),
    default=Algorithm.EDDSA.value,
    show_default=True,
    help="EdDSA unless a token or an authority asks for another; SGD_SM3_SM2 is SM2 with SM3.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="New file for the private key; the public key goes beside it as NAME.pub.jwk.",
)
@click.option("--no-passphrase", is_flag=True, help="Whoever can read the file can then sign.")
@click.option("--json", "as_json", is_flag=True, help="Answer as one JSON object.")
def keygen(algorithm: str, out: Path, *, no_passphrase: bool, as_json: bool) -> None:
    """Make a signing key; the private half never leaves this machine.

    The passphrase is asked for, or taken from DISBURSE_KEY_PASSPHRASE. No file is ever
    overwritten.
    """
    public_file = public_file_of(out)
    for path in (out, public_file):
        if path.exists() or path.is_symlink():
            raise click.ClickException(f"{path} is there already; choose another name")
    key = signing.generate(Algorithm(algorithm))
    if no_passphrase:
        pem = signing.to_unprotected_pem(key)
    else:
        try:
            pem = signing.to_pem(key, passphrase=_passphrase(confirm=True))
        except signing.WeakPassphrase as refusal:
            raise click.ClickException(refusal.detail) from refusal
    _write_pair(out, pem, public_file, key.public.jwk.encode() + b"\n")
    _answer(key.public, out, public_file, as_json=as_json)


def public_file_of(private_file: Path) -> Path:
    """Return where the public half of `private_file` is kept: key.pem, key.pub.jwk."""
    stem = private_file.stem if private_file.suffix == ".pem" else private_file.name
    return private_file.with_name(f"{stem}.pub.jwk")


def load_private(path: Path, passphrase: str | None = None) -> signing.PrivateKey:
    """Read the private key at `path`; ask for its passphrase when it has one and none is given.

    Refusal: `KeyUnreadable`. Warns on standard error when others can read the file too.
    """
    with path.open("rb") as file:
        pem = file.read(KEY_BYTES_MAX + 1)
        mode = os.fstat(file.fileno()).st_mode
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        click.echo(f"warning: others can read {path}; run: chmod 600 {path}", err=True)
    if passphrase is None and signing.is_protected(pem):
        passphrase = _passphrase(confirm=False)
    return signing.from_pem(pem, passphrase=passphrase)


def load_chain(path: Path) -> str:
    """Read a certificate and its issuers' as PEM, or raise `CertificateUntrusted`."""
    with path.open("rb") as file:
        content = file.read(signing.CHAIN_CHARACTERS_MAX + 1)
    return signing.read_chain(content.decode(errors="replace"))


def _passphrase(*, confirm: bool) -> str:
    """Return the passphrase; never from the command line, which other users can see."""
    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given is not None:
        return given
    least = signing.PASSPHRASE_CHARACTERS_MIN
    asked = f"Passphrase (at least {least} characters)" if confirm else "Passphrase"
    return str(click.prompt(asked, hide_input=True, confirmation_prompt=confirm, err=True))


def _write_pair(private_file: Path, pem: bytes, public_file: Path, jwk: bytes) -> None:
    """Write both halves or neither; never over a file that is there."""
    try:
        _write_new(public_file, jwk, _READABLE)
        try:
            _write_new(private_file, pem, _OWNER_ONLY)
        except OSError:
            public_file.unlink()
            raise
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from error


def _write_new(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink()  # half a key is worse than none
        raise


def _answer(
    public: signing.PublicKey, private_file: Path, public_file: Path, *, as_json: bool
) -> None:
    if as_json:
        facts = {
            "kid": public.kid, "algorithm": public.algorithm, "private_key": str(private_file),
            "public_key": str(public_file), "public_jwk": json.loads(public.jwk),
        }  # fmt: skip
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    click.echo(f"key id (kid)  {public.kid}")
    click.echo(f"private key   {private_file}   keep it, back it up, show it to nobody")
    click.echo(f"public key    {public_file}   send this one")
    click.echo(
        "\nNext: send the public key to be registered for your organisation. Another organisation"
        "\n(the general contractor; for it, the labour authority) confirms it: read the key id to"
        "\nthem by telephone. Then sign each sheet with `disburse sheet sign`."
    )
