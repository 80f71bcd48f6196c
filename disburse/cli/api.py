"""`disburse api`: any route of the service, without writing a program."""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

import click

from disburse.cli.sheet import FILE, URL, client_at
from disburse.domain.refusal import Refusal

KEY_BYTES: Final = 16
BYTES: Final = "application/octet-stream"
NEW: Final = click.Path(path_type=Path, dir_okay=False)


class NotMembers(Refusal):
    """What is to be sent is not one JSON object."""

    code = "not-members"


@click.command()
@click.argument("method", type=click.Choice(("GET", "POST"), case_sensitive=False))
@click.argument("path")
@click.argument("members", required=False)
@click.option("--send", type=FILE, help="Post the bytes of this file instead: a bank's report.")
@click.option("--out", type=NEW, help="Write what is answered to this new file: a bank file.")
@click.option("--key", help="Idempotency key; give it again to ask again after a broken line.")
@click.option(
    "--for", "acting_for", default="", metavar="LOGIN",
    help="Act by a role on the project that this colleague lent you.",
)  # fmt: skip
@URL
def api(
    *,
    method: str,
    path: str,
    members: str | None,
    send: Path | None,
    out: Path | None,
    key: str | None,
    acting_for: str,
    url: str,
) -> None:
    """Ask the service for PATH, such as /v1/projects, with one JSON object for a POST.

    The answer is JSON. The request is signed with the key whose file DISBURSE_REQUEST_KEY names, or
    else shows the token in DISBURSE_TOKEN.
    """
    client, once = client_at(url, acting_for=acting_for), key or secrets.token_hex(KEY_BYTES)
    if out is not None:
        content = client.fetch(path)
        with out.open("xb") as new:
            new.write(content)
        click.echo(f"{out}: {len(content)} bytes, SHA-256 {sha256(content).hexdigest()}")
        return
    if send is not None:
        told = client.send(path, send.read_bytes(), media_type=BYTES, key=once)
    else:
        told = client.call(method, path, _members(members) if method == "POST" else None, key=once)
    click.echo(json.dumps(told, ensure_ascii=False, indent=1))


def _members(text: str | None) -> dict[str, object]:
    try:
        read = json.loads(text or "{}")
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        raise NotMembers('the last argument must be one JSON object, such as \'{"reason": "…"}\'')
    return read
