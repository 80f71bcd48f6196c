"""`disburse sheet verify`: check a kept sheet's signature again, without service or database."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import click

from disburse import signing
from disburse.cli import answer
from disburse.domain.refusal import Refusal
from disburse.domain.signing_key import Algorithm, Purpose, SigningKey, judge
from disburse.sheetfile.draft import BYTES_MAX
from disburse.signing import NOBODY, Trust

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
EVIDENCE_BYTES_MAX: Final = 128 * 1024
_TIMES: Final = ("valid_from", "valid_to", "revoked_at", "confirmed_at")


class BadEvidence(Refusal):
    """The evidence is not what the service gives, or it is of another sheet."""

    code = "bad-evidence"


@click.command()
@click.argument("file", type=FILE)
@click.option("--evidence", type=FILE, required=True, help="What the service keeps: see below.")
@click.option("--authorities", type=FILE, help="Certificates that you trust, as PEM.")
@click.option("--revocation-lists", type=FILE, help="Their lists, of that time or since, as PEM.")
@answer.json_option
def verify(
    *,
    file: Path,
    evidence: Path,
    authorities: Path | None,
    revocation_lists: Path | None,
    as_json: bool,
) -> None:
    """Say who signed exactly the bytes of FILE, and that the key was good when it arrived.

    Works offline, and after the key was revoked. The evidence comes from
    `disburse api GET /v1/projects/P/sheets/S/evidence > evidence.json`. It is as good as where you
    got it from: compare the key id with what the organisation says it had, or let the key's
    certificate, where it has one, be judged by authorities that you trust yourself.
    """
    with file.open("rb") as opened:
        content = opened.read(BYTES_MAX + 1)
    told = _read(evidence)
    try:
        key = _record(told["key"])
        received_at = datetime.fromisoformat(told["received_at"])
        signature, organisation = str(told["signature"]), str(told["organisation"])
        name = str(told["organisation_name"])
    except (KeyError, TypeError, ValueError):
        raise BadEvidence(f"{evidence.name} lacks what the service tells of a sheet") from None
    if sha256(content).hexdigest() != told.get("sha256"):
        raise BadEvidence(f"{file.name} is not the sheet that the evidence is about")
    chain = signing.verify(content, signature, {key.kid: key}).chain
    judge(key, purpose=Purpose.SHEET, at=received_at)
    shown = chain or key.certificate
    trust = Trust(authorities, revocation_lists)
    judged = shown is not None and trust != NOBODY
    if judged:
        signing.require_trusted(key, trust, at=received_at, chain=chain, looking_back=True)
    facts = {
        "organisation": organisation,
        "organisation_name": name,
        "kid": key.kid,
        "received_at": received_at,
        "revoked_at": key.revoked_at,
        "certificate": shown and signing.subject_of(shown),
        "certificate_judged": judged,
    }
    lines = [
        f"signed by {name} ({organisation}) with key {key.kid}",
        f"received {received_at:%Y-%m-%d %H:%M:%S%z}; the key was good then",
    ]
    if key.revoked_at is not None:
        lines.append(f"the key was revoked afterwards, {key.revoked_at:%Y-%m-%d}")
    if shown is not None:
        word = "an authority of yours vouches for it" if judged else (
            "nobody judged it here: give --authorities and --revocation-lists"
        )  # fmt: skip
        lines.append(f"certificate of {signing.subject_of(shown)}; {word}")
    answer.tell(facts, as_json=as_json, lines=lines)


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as opened:
        text = opened.read(EVIDENCE_BYTES_MAX)
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise BadEvidence(f"{path.name} is no JSON object")
    return told


def _record(told: dict[str, Any]) -> SigningKey:
    values: dict[str, Any] = {one.name: told.get(one.name) for one in fields(SigningKey)}
    values |= {
        name: None if values[name] is None else datetime.fromisoformat(values[name])
        for name in _TIMES
    }
    values |= {"algorithm": Algorithm(told["algorithm"]), "purpose": Purpose(told["purpose"])}
    return SigningKey(**values)
