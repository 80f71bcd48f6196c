"""The key that an account signs its requests with: whose it is, and from when until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RequestAlgorithm(StrEnum):
    """The algorithms of RFC 9421 (section 3.3) that are accepted, by their registered names."""

    ED25519 = "ed25519"
    ECDSA_P256 = "ecdsa-p256-sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """The record of an account's public key; it stays for good, the history names it."""

    kid: str  # RFC 7638 thumbprint; `keyid` of a signature
    member_id: int
    algorithm: RequestAlgorithm
    public_jwk: str  # JSON text, as `signing.PublicKey.jwk` writes it
    valid_from: datetime
    valid_to: datetime  # the first moment at which it is valid no more
    revoked_at: datetime | None = None
    registered_by: int | None = None  # a person
    confirmed_by: int | None = None  # a person; None: the account's own key before vouches
    confirmed_at: datetime | None = None  # None: it waits, and signs nothing yet

    def good(self, at: datetime) -> bool:
        """Say whether a request that arrives `at` the service may be signed with this key."""
        revoked = self.revoked_at is not None and self.revoked_at <= at
        confirmed = self.confirmed_at is not None and self.confirmed_at <= at
        return confirmed and self.valid_from <= at < self.valid_to and not revoked
