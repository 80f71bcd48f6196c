"""That a new key is held by whoever sends it, and that the key before it hands over to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from cryptography.x509 import Certificate

from disburse.domain.signing_key import Purpose, SigningKey
from disburse.signing import cms
from disburse.signing.certificates import leaf_of
from disburse.signing.detached import (
    check_statement,
    is_named,
    read_cms,
    sign_statement,
    verify,
)
from disburse.signing.header import BadSignature
from disburse.signing.keys import PrivateKey, PublicKey

_POSSESSION_TYP: Final = "disburse-key+jws"
_SUCCESSOR_TYP: Final = "disburse-key-successor+jws"


def possession_statement(kid: str, *, organisation: str, purpose: Purpose, challenge: str) -> bytes:
    """Return what shows, once signed, that the key is to act for an organisation and a purpose.

    `organisation` is its registration number. A USB key signs these bytes as CMS.
    """
    facts = {
        "challenge": challenge, "kid": kid, "organisation": organisation, "purpose": purpose,
    }  # fmt: skip
    return _canonical(facts)


def prove_possession(
    private_key: PrivateKey, *, organisation: str, purpose: Purpose, challenge: str, now: datetime
) -> str:
    """Sign the possession statement of this key."""
    statement = possession_statement(
        private_key.kid, organisation=organisation, purpose=purpose, challenge=challenge
    )
    return sign_statement(statement, private_key, typ=_POSSESSION_TYP, now=now)


def check_possession(
    proof: str,
    public: PublicKey,
    *,
    organisation: str,
    purpose: Purpose,
    challenge: str,
    chain_pem: str | None = None,
) -> None:
    """Refuse with `BadSignature` unless who sent `proof` holds the private half of `public`.

    The caller makes `challenge` unguessable and takes it once only. With a certificate the proof
    may be CMS.
    """
    statement = possession_statement(
        public.kid, organisation=organisation, purpose=purpose, challenge=challenge
    )
    if chain_pem is not None and proof.startswith(cms.PREFIX):
        _check_cms(statement, proof, leaf_of(chain_pem))
    else:
        check_statement(statement, proof, public, typ=_POSSESSION_TYP)


def successor_statement(kid: str, *, organisation: str, purpose: Purpose) -> bytes:
    """Return what the key before signs to name the key `kid` as its successor."""
    return _canonical({"organisation": organisation, "purpose": purpose, "successor": kid})


def name_successor(
    private_key: PrivateKey, kid: str, *, organisation: str, purpose: Purpose, now: datetime
) -> str:
    """Sign, with the key of today, that `kid` follows it."""
    statement = successor_statement(kid, organisation=organisation, purpose=purpose)
    return sign_statement(statement, private_key, typ=_SUCCESSOR_TYP, now=now)


def check_successor(
    text: str,
    kid: str,
    known: Mapping[str, SigningKey],
    *,
    organisation: str,
    purpose: Purpose,
) -> SigningKey:
    """Return which of the `known` keys named `kid` as its successor, or refuse `BadSignature`."""
    statement = successor_statement(kid, organisation=organisation, purpose=purpose)
    return verify(statement, text, known, typ=_SUCCESSOR_TYP).key


def _check_cms(statement: bytes, proof: str, certificate: Certificate) -> None:
    made = read_cms(statement, proof)
    if not is_named(certificate, made) or not made.covers(statement, certificate.public_key()):
        raise BadSignature(f"certificate {certificate.serial_number} did not sign the challenge")


def _canonical(facts: Mapping[str, str]) -> bytes:
    return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()
