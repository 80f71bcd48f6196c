"""A registered signing key: whose it is, what it may sign, and from when until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from disburse.domain.refusal import Refusal


class Algorithm(StrEnum):
    """The signature algorithms that are accepted: of RFC 7518, RFC 8037 and GM/T 0125.1-2022."""

    EDDSA = "EdDSA"  # Ed25519
    ES256 = "ES256"  # ECDSA on P-256
    PS256 = "PS256"  # RSASSA-PSS
    SM2 = "SGD_SM3_SM2"  # SM2 with SM3; wants the extra `sm`


class Purpose(StrEnum):
    """What a key may sign; part of what is signed, so one never stands in for another."""

    SHEET = "sheet"
    APPROVAL = "approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """The record of an organisation's public key; it stays for good, for it is evidence."""

    kid: str  # RFC 7638 thumbprint: base64url of SHA-256
    organisation_id: int
    algorithm: Algorithm
    public_jwk: str  # JSON text, as `signing.PublicKey.jwk` writes it
    purpose: Purpose
    valid_from: datetime
    valid_to: datetime  # the first moment at which it is valid no more
    revoked_at: datetime | None = None
    revoked_as_compromised: bool = False
    registered_by: int | None = None  # a person
    confirmed_by: int | None = None  # a person of another organisation; None: see `successor_of`
    confirmed_at: datetime | None = None  # None: it waits, and signs nothing yet
    certificate: str | None = None  # PEM, its own certificate first, then its issuers
    successor_of: str | None = None  # the kid of the key that signed for this one


class WrongPurpose(Refusal):
    """The key was registered to sign something else."""

    code = "wrong-key-purpose"


class KeyNotConfirmed(Refusal):
    """The signature arrived before another organisation had confirmed the key."""

    code = "key-not-confirmed"


class KeyNotYetValid(Refusal):
    """The signature arrived before the key's validity began."""

    code = "key-not-yet-valid"


class KeyRevoked(Refusal):
    """The signature arrived after the key was revoked, or the key fell into other hands."""

    code = "key-revoked"


class KeyExpired(Refusal):
    """The signature arrived after the key's validity ended."""

    code = "key-expired"


def judge(key: SigningKey, *, purpose: Purpose, at: datetime) -> None:
    """Refuse a key that was not good for `purpose` when its signature arrived `at` the service.

    The time of receipt decides, never the signer's own clock. Call this only once the signature
    itself has been verified: who lacks the private key learns nothing about the key's state.
    A key revoked as compromised is good at no time, for nobody knows when it was copied.
    Refusals: `WrongPurpose`, `KeyRevoked`, `KeyNotConfirmed`, `KeyNotYetValid`, `KeyExpired`.
    """
    if key.purpose != purpose:
        raise WrongPurpose(
            f"key {key.kid} may sign: {key.purpose}; this is: {purpose}. Sign with another key"
        )
    if key.revoked_as_compromised:
        raise KeyRevoked(f"key {key.kid} was revoked as compromised; sign with a new key")
    if key.revoked_at is not None and key.revoked_at <= at:
        raise KeyRevoked(f"key {key.kid} was revoked at {key.revoked_at}; sign with a new key")
    if key.confirmed_at is None or at < key.confirmed_at:
        raise KeyNotConfirmed(
            f"key {key.kid} waits to be confirmed by another organisation (the general contractor;"
            " for its own, an authority): read the key id to them, and submit again afterwards"
        )
    if at < key.valid_from:
        raise KeyNotYetValid(f"key {key.kid} is valid from {key.valid_from}; submit again then")
    if key.valid_to <= at:
        raise KeyExpired(f"key {key.kid} was valid until {key.valid_to}; register a new key")
