"""Detached CMS signatures (RFC 5652, once PKCS#7), as enterprise USB keys make them.

Read strictly: one signer, signed attributes, no second way to say anything. What the signature
brings along (certificates, revocation lists, a time stamp) is not believed: its signer is looked
up among the registered certificates.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from hashlib import new as new_digest
from typing import Any, Final

from asn1crypto import cms, pem  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

PREFIX: Final = "cms:"  # before base64, where a detached JWS could stand
DER_BYTES_MAX: Final = 16 * 1024  # a chain of four certificates goes along

# SHA-1 and MD5 are broken; what else is not here nobody's USB key has made for us yet.
_DIGESTS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512,
}  # fmt: skip


class NotCms(ValueError):  # noqa: N818  (it says what the bytes are not)
    """The bytes are no signature of the one form that is taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached signature, before anybody has checked it."""

    issuer: bytes  # DER of the name
    serial: int
    claimed_at: datetime | None
    _info: Any  # SignerInfo; asn1crypto has no types

    def covers(self, content: bytes, certificate: x509.Certificate) -> bool:
        """Say whether the certificate's key signed exactly `content`, by the attributes' way."""
        name = self._info["digest_algorithm"]["algorithm"].native
        attributes = _attributes(self._info)
        if attributes["message_digest"] != new_digest(name, content).digest():
            return False
        # RFC 5652 section 5.4: signed as a SET OF, although sent with another tag
        signed = self._info["signed_attrs"].untag().dump()
        return _signed_by(certificate.public_key(), self._info, signed, _DIGESTS[name]())


def armour(der: bytes) -> str:
    """Write a CMS file, DER or PEM, as the service takes it."""
    if pem.detect(der):
        _, _, der = pem.unarmor(der)
    return PREFIX + base64.b64encode(der).decode()


def read(text: str) -> Signature:
    """Read `cms:` and base64, or raise `NotCms`."""
    encoded = text.removeprefix(PREFIX)
    if len(encoded) * 3 // 4 > DER_BYTES_MAX:
        raise NotCms("it is too large")
    try:
        der = base64.b64decode(encoded, validate=True)
        return _read(cms.ContentInfo.load(der, strict=True))
    except NotCms:
        raise
    except (ValueError, TypeError, KeyError, LookupError, OSError, RecursionError) as error:
        raise NotCms(f"it cannot be read: {type(error).__name__}") from None


def _read(outer: Any) -> Signature:  # noqa: ANN401  (asn1crypto has no types)
    if outer["content_type"].native != "signed_data":
        raise NotCms("it is not signed data")
    signed = outer["content"]
    inner = signed["encap_content_info"]
    if inner["content_type"].native != "data" or inner["content"].native is not None:
        raise NotCms("it is not detached, or not over plain bytes")
    infos = signed["signer_infos"]
    if len(infos) != 1:
        raise NotCms("it has not exactly one signer")
    info = infos[0]
    if info["sid"].name != "issuer_and_serial_number":
        raise NotCms("it does not name its certificate by issuer and number")
    name = info["digest_algorithm"]["algorithm"].native
    if name not in _DIGESTS:
        raise NotCms(f"its digest {name} is not on the list")
    attributes = _attributes(info)
    if attributes.get("content_type") != "data" or "message_digest" not in attributes:
        raise NotCms("its signed attributes lack content type or message digest")
    claimed = attributes.get("signing_time")
    return Signature(
        issuer=info["sid"].chosen["issuer"].dump(),
        serial=info["sid"].chosen["serial_number"].native,
        claimed_at=claimed if isinstance(claimed, datetime) else None,
        _info=info,
    )


def _attributes(info: Any) -> dict[str, object]:  # noqa: ANN401
    found: dict[str, object] = {}
    for attribute in info["signed_attrs"]:
        name = attribute["type"].native
        if name in found or len(attribute["values"]) != 1:
            raise NotCms(f"its attribute {name} stands twice")
        found[name] = attribute["values"][0].native
    return found


def _signed_by(
    key: object,
    info: Any,  # noqa: ANN401
    signed: bytes,
    digest: hashes.HashAlgorithm,
) -> bool:
    scheme, made = info["signature_algorithm"], info["signature"].native
    kind = scheme.signature_algo
    # rsassa_pkcs1v15 may leave the digest to the field beside; else both must say the same
    named = scheme["algorithm"].native
    if named != "rsassa_pkcs1v15" and scheme.hash_algo != digest.name:
        return False
    try:
        match key:
            case rsa.RSAPublicKey() if kind == "rsassa_pkcs1v15":
                key.verify(made, signed, padding.PKCS1v15(), digest)
            case rsa.RSAPublicKey() if kind == "rsassa_pss":
                # the one salt that goes with the digest; a shorter one would be weaker
                salt = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
                key.verify(made, signed, salt, digest)
            case ec.EllipticCurvePublicKey() if kind == "ecdsa":
                key.verify(made, signed, ec.ECDSA(digest))
            case _:
                return False
    except InvalidSignature:
        return False
    return True
