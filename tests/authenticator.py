"""An authenticator of the test's own: makes and shows passkeys as the W3C's standard says."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_bytes

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def text(content):
    return urlsafe_b64encode(content).decode().rstrip("=")


def binary(said):
    return urlsafe_b64decode(said + "=" * (-len(said) % 4))


@dataclass
class Authenticator:
    """One device with one passkey; what it says may be bent by a test."""

    origin: str = "http://localhost"
    host: str = "localhost"
    flags: int = PRESENT | VERIFIED
    uses: int = 0
    counts: bool = True
    credential: bytes = field(default_factory=lambda: token_bytes(32))
    key: object = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options):
        at = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32), -3: at.y.to_bytes(32)}
        named = len(self.credential).to_bytes(2) + self.credential + cbor2.dumps(public)
        said = self._said(ATTESTED) + bytes(16) + named
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": said})
        client = self._client("webauthn.create", options)
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(attested)})

    def show(self, options):
        self.uses += self.counts
        said = self._said(0)
        client = self._client("webauthn.get", options)
        signature = self.key.sign(said + sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(said),
                "signature": text(signature),
                "userHandle": None,
            }
        )

    def _said(self, flags):
        host = sha256(self.host.encode()).digest()
        return host + bytes([self.flags | flags]) + self.uses.to_bytes(4)

    def _client(self, kind, options):
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, response):
        return {
            "id": text(self.credential), "rawId": text(self.credential), "type": "public-key",
            "response": response, "clientExtensionResults": {},
        }  # fmt: skip
