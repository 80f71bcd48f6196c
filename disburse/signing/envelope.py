"""CMS envelopes around files (RFC 5652): signed, then encrypted, and the same backwards.

One signer with one certificate that is pinned, one recipient. AES-256 in CBC, whose integrity is
the signature inside; so whoever sends us changed bytes learns no more than that they did not open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_pem_private_key,
    pkcs7,
)

from disburse.signing import cms

RSA_BITS_MIN: Final = 2048
_BINARY: Final = [pkcs7.PKCS7Options.Binary]


class UnusableEnvelope(ValueError):  # noqa: N818  (it says what the keys are not)
    """A key or certificate cannot be used; the message says which, and why."""


class Unopened(ValueError):  # noqa: N818
    """The bytes are no envelope of the bank's for us; the message says why."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Our key with its certificate, which signs and opens, and the bank's certificate."""

    _key: RSAPrivateKey
    _ours: x509.Certificate
    _banks: x509.Certificate

    @classmethod
    def of(cls, key: bytes, certificate: bytes, bank_certificate: bytes) -> Envelope:
        """Read them as PEM, or raise `UnusableEnvelope`."""
        private = _read_key(key)
        ours = _read_certificate(certificate, "our certificate")
        banks = _read_certificate(bank_certificate, "the bank's certificate")
        if ours.public_key() != private.public_key():
            raise UnusableEnvelope("our certificate is of another key than ours")
        if ours == banks:
            raise UnusableEnvelope("the bank's certificate is our own")
        return cls(private, ours, banks)

    def require_valid(self, now: datetime) -> None:
        """Raise `UnusableEnvelope` where a certificate is not valid yet, or no longer."""
        for one, whose in ((self._ours, "our"), (self._banks, "the bank's")):
            if not one.not_valid_before_utc <= now <= one.not_valid_after_utc:
                raise UnusableEnvelope(
                    f"{whose} certificate is valid from {one.not_valid_before_utc:%Y-%m-%d} "
                    f"to {one.not_valid_after_utc:%Y-%m-%d} only; put a new one in its place"
                )

    def seal(self, content: bytes) -> bytes:
        """Return `content` signed by us and encrypted to the bank: DER, other bytes each time."""
        signed = (
            pkcs7.PKCS7SignatureBuilder()
            .set_data(content)
            .add_signer(self._ours, self._key, hashes.SHA256())
            .sign(Encoding.DER, _BINARY)
        )
        return (
            pkcs7.PKCS7EnvelopeBuilder()
            .set_data(signed)
            .add_recipient(self._banks)
            .set_content_encryption_algorithm(algorithms.AES256)
            .encrypt(Encoding.DER, _BINARY)
        )

    def open(self, sealed: bytes) -> bytes:
        """Return what the bank signed and encrypted to us, or raise `Unopened`."""
        try:
            signed = pkcs7.pkcs7_decrypt_der(cms.der_of(sealed), self._ours, self._key, [])
        except Exception:  # noqa: BLE001  (whatever it was: who sent it must not learn the step)
            raise Unopened("it is not encrypted to our certificate, or was changed") from None
        try:
            signature, content = cms.read_attached(signed)
        except cms.NotCms as why:
            raise Unopened(f"what is inside is not signed as it should be: {why}") from None
        named = (signature.issuer, signature.serial)
        pinned = (self._banks.issuer.public_bytes(), self._banks.serial_number)
        if named != pinned or not signature.covers(content, self._banks.public_key()):
            raise Unopened("it is not signed by the bank's certificate")
        return content


def _read_key(content: bytes) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as why:
        raise UnusableEnvelope("our key is no PEM key without a password") from why
    if not isinstance(key, RSAPrivateKey) or key.key_size < RSA_BITS_MIN:
        raise UnusableEnvelope(f"our key must be RSA of at least {RSA_BITS_MIN} bits")
    return key


def _read_certificate(content: bytes, whose: str) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificate(content)
        key = found.public_key()
    except ValueError as why:
        raise UnusableEnvelope(f"{whose} is no PEM certificate") from why
    if not isinstance(key, RSAPublicKey) or key.key_size < RSA_BITS_MIN:
        raise UnusableEnvelope(f"{whose} must be for RSA of at least {RSA_BITS_MIN} bits")
    return found
