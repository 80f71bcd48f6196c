"""Detached JWS over the exact bytes of a file: header..signature, the content as it is."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from cryptography.x509 import Certificate
from joserfc.jws import JWSRegistry

from disburse.domain.refusal import Refusal
from disburse.domain.signing_key import Algorithm, Purpose, SigningKey
from disburse.signing import cms
from disburse.signing.certificates import leaf_of
from disburse.signing.keys import (
    KeyUnreadable,
    PrivateKey,
    PublicKey,
    generate,
    public_of,
    read_public,
)
from disburse.signing.strict_json import members

CONTENT_BYTES_MAX: Final = 128 * 1024 * 1024  # the largest sheet, see `sheetfile`
HEADER_BYTES_MAX: Final = 512  # ours take 210; room for members would be room for tricks
SIGNATURE_BYTES_MAX: Final = 700  # RSA with 4096 bits takes 683 characters
HEADER_MEMBERS: Final = frozenset({"alg", "kid", "typ", "iat", "b64", "crit"})
ISSUED_AT_MAX: Final = 253_402_300_799  # the last second of the year 9999

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COMPACT: Final = re.compile(
    rf"([A-Za-z0-9_-]{{1,{HEADER_BYTES_MAX}}})\.\.([A-Za-z0-9_-]{{1,{SIGNATURE_BYTES_MAX}}})"
)


class BadSignature(Refusal):
    """The signature does not stand. From outside every reason looks the same."""

    code = "bad-signature"

    def __init__(self, why: str) -> None:
        """Keep `why` for the operator's log and the act; it is never part of the answer."""
        super().__init__(
            "the signature does not cover exactly these bytes, or its key is not registered here;"
            " sign the file again, unchanged since, with a registered key"
        )
        self.why = why


class Unsignable(Refusal):
    """The content is empty or too large to be signed."""

    code = "unsignable"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key signed; `claimed_at` is the signer's own clock, so advisory."""

    key: SigningKey
    claimed_at: datetime | None  # a CMS signature need not say it


def sign(
    content: bytes, private_key: PrivateKey, *, now: datetime, purpose: Purpose = Purpose.SHEET
) -> str:
    """Sign exactly `content`; return the detached JWS `header..signature`.

    RFC 7515 appendix F with the unencoded content of RFC 7797. Refusal: `Unsignable`.
    """
    return _sign(content, private_key, typ=_typ(purpose), now=now)


def verify(
    content: bytes,
    signature: str,
    keys: Mapping[str, SigningKey],
    *,
    purpose: Purpose = Purpose.SHEET,
    typ: str = "",
) -> Signer:
    """Return who signed exactly `content`, or refuse with `BadSignature` and nothing else.

    (1) The signature is `header..signature`: strict base64url, within limits; so is the content.
    (2) The header is a JSON object with exactly `HEADER_MEMBERS`, none twice. So no `jwk`, `jku`
        or `x5u` brings a key along.
    (3) `typ` is the purpose's, `b64` is false, `crit` is exactly ["b64"], `alg` is on the list,
        `iat` is a time.
    (4) `kid` names one of `keys`, is the thumbprint of that very key, and `alg` is the algorithm
        of that key, not a choice of the sender.
    (5) The signature covers the header and every byte of the content.

    Whether the key was valid, `signing_key.judge` says afterwards, of `Signer.key`. A CMS
    signature (`cms:` and base64) is taken from keys that are registered with a certificate.
    """
    if signature.startswith(cms.PREFIX):
        return _verify_cms(content, signature, keys)

    def find(kid: str) -> PublicKey | None:
        return _registered(keys[kid]) if kid in keys else None

    kid, claimed_at = _check(content, signature, typ=typ or _typ(purpose), find=find)
    return Signer(keys[kid], claimed_at)


def _verify_cms(content: bytes, signature: str, keys: Mapping[str, SigningKey]) -> Signer:
    """Return who signed by CMS: the key with the certificate that issuer and number name."""
    made = read_cms(content, signature)
    for key in keys.values():
        certificate = leaf_of(key.certificate) if key.certificate else None
        if certificate is None or not is_named(certificate, made):
            continue
        if public_of(certificate.public_key()).kid != key.kid:
            raise BadSignature(f"the certificate of key {key.kid!r} is another key's")
        if made.covers(content, certificate):
            return Signer(key, made.claimed_at)
        raise BadSignature(f"certificate {made.serial} did not sign these bytes")
    raise BadSignature(f"no certificate {made.serial} of that issuer is known here")


def read_cms(content: bytes, signature: str) -> cms.Signature:
    """Read a CMS signature that somebody claims to be over `content`, or `BadSignature`."""
    if not 0 < len(content) <= CONTENT_BYTES_MAX:
        raise BadSignature("the content is not of the expected size")
    try:
        return cms.read(signature)
    except cms.NotCms as error:
        raise BadSignature(f"as CMS: {error}") from None


def is_named(certificate: Certificate, made: cms.Signature) -> bool:
    """Say whether the signature names this very certificate as its signer's."""
    return (certificate.serial_number, certificate.issuer.public_bytes()) == (
        made.serial,
        made.issuer,
    )


def sign_statement(content: bytes, private_key: PrivateKey, *, typ: str, now: datetime) -> str:
    """Sign `content` as what `typ` says; it stands for nothing else. Refusal: `Unsignable`."""
    return _sign(content, private_key, typ=typ, now=now)


def check_statement(content: bytes, signature: str, public: PublicKey, *, typ: str) -> None:
    """Refuse with `BadSignature` unless the owner of `public` signed `content` as `typ`."""
    _check(content, signature, typ=typ, find={public.kid: public}.get)


def _sign(content: bytes, private_key: PrivateKey, *, typ: str, now: datetime) -> str:
    if not 0 < len(content) <= CONTENT_BYTES_MAX:
        raise Unsignable(f"only 1 to {CONTENT_BYTES_MAX} bytes are signed, not {len(content)}")
    algorithm = private_key.public.algorithm
    header = {
        "alg": algorithm, "kid": private_key.kid, "typ": typ,
        "iat": (now - _EPOCH) // timedelta(seconds=1), "b64": False, "crit": ["b64"],
    }  # fmt: skip
    head = _encode(json.dumps(header, separators=(",", ":")).encode())
    # joserfc's own RFC 7797 path decodes the content as UTF-8, which no workbook survives, so its
    # algorithms are given the signing input. `get_alg` would warn that RFC 9864 renames EdDSA.
    made = JWSRegistry.algorithms[algorithm].sign(
        b"".join((head, b".", content)),
        private_key.jose,
    )
    return f"{head.decode()}..{_encode(made).decode()}"


def _check(
    content: bytes, signature: str, *, typ: str, find: Callable[[str], PublicKey | None]
) -> tuple[str, datetime]:
    """Return kid and claimed time; the numbers are those of `verify`."""
    # (1) form and size
    parts = _COMPACT.fullmatch(signature)
    if parts is None or not 0 < len(content) <= CONTENT_BYTES_MAX:
        raise BadSignature("signature or content is not of the expected form or size")
    head, tail = parts.groups()
    try:
        made = _decode(tail)
        header = members(_decode(head).decode())  # (2)
    except (ValueError, TypeError, RecursionError):
        raise BadSignature("header or signature is not strict base64url or JSON") from None
    # (2) and (3) the header says what we say, and nothing else
    algorithm, kid, issued_at = _read_header(header, typ)
    # (4) A stranger's signature is verified too, with a decoy: the time taken tells nothing.
    known = find(kid)
    public = known if known is not None and known.algorithm == algorithm else None
    # (5) every byte, under the key of (4)
    covered = JWSRegistry.algorithms[algorithm].verify(
        b"".join((head.encode(), b".", content)),
        made,
        (public or _decoy(algorithm)).jose,
    )
    if public is None:
        raise BadSignature(f"no key {kid!r} for {algorithm} is known here")
    if not covered:
        raise BadSignature(f"key {kid!r} did not sign these bytes")
    return kid, _EPOCH + timedelta(seconds=issued_at)


def _read_header(header: dict[str, object], typ: str) -> tuple[Algorithm, str, int]:
    """Return algorithm, key id and claimed time of a header that holds these and nothing else."""
    if header.keys() != HEADER_MEMBERS:
        raise BadSignature("the header has other members than it should")
    algorithm, kid, issued_at = header["alg"], header["kid"], header["iat"]
    if header["typ"] != typ:
        raise BadSignature(f"signed as something else than {typ}")
    if header["b64"] is not False or header["crit"] != ["b64"]:
        raise BadSignature("b64 is not false, or crit is not exactly b64")
    if not isinstance(algorithm, str) or algorithm not in set(Algorithm):
        raise BadSignature("the algorithm is not on the list")
    # bool is an int to Python, though not to JSON
    if type(issued_at) is not int or not 0 <= issued_at <= ISSUED_AT_MAX:
        raise BadSignature("iat is not a time in whole seconds")
    if not isinstance(kid, str):
        raise BadSignature("kid is not a text")
    return Algorithm(algorithm), kid, issued_at


def _registered(record: SigningKey) -> PublicKey | None:
    """Return the record's key; None when the record contradicts itself, so was tampered with."""
    try:
        public = read_public(record.public_jwk)
    except KeyUnreadable:
        return None
    honest = (public.kid, public.algorithm) == (record.kid, record.algorithm)
    return public if honest else None


@cache
def _decoy(algorithm: Algorithm) -> PublicKey:
    return generate(algorithm).public


def _typ(purpose: Purpose) -> str:
    return f"disburse-{purpose}+jws"


def _encode(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _decode(text: str) -> bytes:
    """Read base64url of RFC 7515: no padding, no stray last bits; ValueError otherwise."""
    content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _encode(content).decode() != text:
        raise ValueError(text)
    return content
