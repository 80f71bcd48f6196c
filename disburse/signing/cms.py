"""Detached CMS signatures (RFC 5652, once PKCS#7), as enterprise USB keys make them.

Read strictly: one signer, signed attributes, no second way to say anything. What the signature
brings along (certificates, revocation lists, a time stamp) is not believed: its signer is looked
up among the registered certificates.
"""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import new as new_digest
from typing import Any, Final

from asn1crypto import cms, pem  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from disburse.domain.signing_key import Algorithm
from disburse.signing.keys import decoy

PREFIX: Final = "cms:"  # before base64, where a detached JWS could stand
DER_BYTES_MAX: Final = 16 * 1024  # a chain of four certificates goes along

# SHA-1 and MD5 are broken; what else is not here nobody's USB key has made for us yet.
_DIGESTS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512,
}  # fmt: skip


# What the signer's key has to be, and which decoy does the same work.
_KINDS: Final[dict[str, tuple[type, Algorithm]]] = {
    "rsassa_pkcs1v15": (rsa.RSAPublicKey, Algorithm.PS256),
    "rsassa_pss": (rsa.RSAPublicKey, Algorithm.PS256),
    "ecdsa": (ec.EllipticCurvePublicKey, Algorithm.ES256),
}


class NotCms(ValueError):  # noqa: N818  (it says what the bytes are not)
    """The bytes are no signature of the one form that is taken; the message says why."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A detached signature, before anybody has checked it."""

    issuer: bytes  # DER of the name
    serial: int
    claimed_at: datetime | None
    digest: str  # the name of the digest that both its fields agree on
    scheme: str
    message_digest: object
    signed: bytes  # the attributes
    made: bytes

    def covers(self, content: bytes, key: object) -> bool:
        """Say whether `key` signed exactly `content`, by the attributes' way.

        None is nobody's key. Every answer takes the whole work: a key that is unknown, or of
        another kind than the signature, is replaced by a decoy.
        """
        meant = self.message_digest == new_digest(self.digest, content).digest()
        kind, decoyed = _KINDS[self.scheme]
        fits = isinstance(key, kind)
        shown = key if fits else decoy(decoyed).native
        made = _proves(shown, self.scheme, self.made, self.signed, _DIGESTS[self.digest]())
        return fits and meant and made


def armour(der: bytes) -> str:
    """Write a CMS file, DER or PEM, as the service takes it."""
    with suppress(ValueError):  # damaged: the service says so
        der = der_of(der)
    return PREFIX + base64.b64encode(der).decode()


def der_of(content: bytes) -> bytes:
    """Return the DER of what may be PEM; a damaged one is a `ValueError`."""
    return bytes(pem.unarmor(content)[2]) if pem.detect(content) else content


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


def read_attached(der: bytes) -> tuple[Signature, bytes]:
    """Read signed data that holds its content; return both, or raise `NotCms`."""
    try:
        outer = cms.ContentInfo.load(der, strict=True)
        content = outer["content"]["encap_content_info"]["content"].native
        return _read(outer, attached=True), bytes(content)
    except NotCms:
        raise
    except (ValueError, TypeError, KeyError, LookupError, OSError, RecursionError) as error:
        raise NotCms(f"it cannot be read: {type(error).__name__}") from None


def _read(outer: Any, *, attached: bool = False) -> Signature:  # noqa: ANN401  (no types)
    """Read all of it that counts, for asn1crypto parses late, and fails late."""
    if outer["content_type"].native != "signed_data":
        raise NotCms("it is not signed data")
    signed = outer["content"]
    inner = signed["encap_content_info"]
    detached = inner["content"].native is None
    if inner["content_type"].native != "data" or detached == attached:
        where = "holds nothing" if attached else "is not detached"
        raise NotCms(f"it {where}, or is not over plain bytes")
    infos = signed["signer_infos"]
    if len(infos) != 1:
        raise NotCms("it has not exactly one signer")
    info = infos[0]
    if info["sid"].name != "issuer_and_serial_number":
        raise NotCms("it does not name its certificate by issuer and number")
    name = info["digest_algorithm"]["algorithm"].native
    if name not in _DIGESTS:
        raise NotCms(f"its digest {name} is not on the list")
    scheme = info["signature_algorithm"]
    if scheme.signature_algo not in _KINDS:
        raise NotCms(f"its scheme {scheme.signature_algo} is not on the list")
    # PKCS #1 1.5 may leave the digest to the field beside; else both must say the same
    if scheme["algorithm"].native != "rsassa_pkcs1v15" and scheme.hash_algo != name:
        raise NotCms("its scheme names another digest")
    attributes = _attributes(info)
    if attributes.get("content_type") != "data" or "message_digest" not in attributes:
        raise NotCms("its signed attributes lack content type or message digest")
    claimed = attributes.get("signing_time")
    return Signature(
        issuer=info["sid"].chosen["issuer"].dump(),
        serial=info["sid"].chosen["serial_number"].native,
        claimed_at=claimed if isinstance(claimed, datetime) else None,
        digest=name,
        scheme=scheme.signature_algo,
        message_digest=attributes["message_digest"],
        # RFC 5652 section 5.4: signed as a SET OF, although sent with another tag
        signed=info["signed_attrs"].untag().dump(),
        made=info["signature"].native,
    )


def _attributes(info: Any) -> dict[str, object]:  # noqa: ANN401
    found: dict[str, object] = {}
    for attribute in info["signed_attrs"]:
        name = attribute["type"].native
        if name in found or len(attribute["values"]) != 1:
            raise NotCms(f"its attribute {name} stands twice")
        found[name] = attribute["values"][0].native
    return found


def _proves(
    key: Any,  # noqa: ANN401  (RSA or elliptic, as `scheme` says)
    scheme: str,
    made: bytes,
    signed: bytes,
    digest: hashes.HashAlgorithm,
) -> bool:
    try:
        match scheme:
            case "rsassa_pkcs1v15":
                key.verify(made, signed, padding.PKCS1v15(), digest)
            case "rsassa_pss":
                # the one salt that goes with the digest; a shorter one would be weaker
                salt = padding.PSS(padding.MGF1(digest), padding.PSS.DIGEST_LENGTH)
                key.verify(made, signed, salt, digest)
            case _:
                key.verify(made, signed, ec.ECDSA(digest))
    except InvalidSignature:
        return False
    return True
