"""Detached JWS over the exact bytes of a file: header..signature, the content as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.x509 import Certificate

from disburse.domain.refusal import Refusal
from disburse.domain.signing_key import Purpose, SigningKey
from disburse.signing import cms, schemes
from disburse.signing.base64url import decode, encode
from disburse.signing.certificates import as_x5c, key_of, leaf_of
from disburse.signing.header import (
    CHAIN,
    CHAINED_BYTES_MAX,
    BadSignature,
    Header,
    read_header,
)
from disburse.signing.keys import (
    KeyUnreadable,
    PrivateKey,
    PublicKey,
    decoy,
    public_of,
    read_public,
)

CONTENT_BYTES_MAX: Final = 128 * 1024 * 1024  # the largest sheet, see `sheetfile`
SIGNATURE_BYTES_MAX: Final = 700  # RSA with 4096 bits takes 683 characters

_NOTHING: Final[Mapping[str, object]] = {}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COMPACT: Final = re.compile(
    rf"([A-Za-z0-9_-]{{1,{CHAINED_BYTES_MAX}}})\.\.([A-Za-z0-9_-]{{1,{SIGNATURE_BYTES_MAX}}})"
)


class Unsignable(Refusal):
    """The content is empty or too large to be signed, or the certificate is another key's."""

    code = "unsignable"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key signed; `claimed_at` is the signer's own clock, so advisory."""

    key: SigningKey
    claimed_at: datetime | None  # a CMS signature need not say it
    chain: str | None = None  # PEM of the key's certificates, as the signature brought them along


def sign(
    content: bytes,
    private_key: PrivateKey,
    *,
    now: datetime,
    purpose: Purpose = Purpose.SHEET,
    chain_pem: str | None = None,
) -> str:
    """Sign exactly `content`; return the detached JWS `header..signature`.

    RFC 7515 appendix F with the unencoded content of RFC 7797. `chain_pem`, the key's certificate
    and its issuers', goes along as `x5c`. Refusals: `Unsignable`, `CertificateUntrusted`.
    """
    x5c: dict[str, object] = {}
    if chain_pem is not None:
        if key_of(chain_pem).kid != private_key.kid:
            raise Unsignable("the certificate is another key's; take the one of this key")
        x5c = {CHAIN: as_x5c(chain_pem)}
    return _sign(content, private_key, typ=_typ(purpose), now=now, more=x5c)


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
    (2) The header is a JSON object with exactly our members, none twice, and perhaps `x5c`, whose
        first certificate is about the key that `kid` names: no header brings a key along.
    (3) `typ` is the purpose's, `b64` is false, `crit` is exactly ["b64"], `alg` is on the list,
        `iat` is a time.
    (4) `kid` names one of `keys`, is the thumbprint of that very key, and `alg` is the algorithm
        of that key, not a choice of the sender.
    (5) The signature covers the header and every byte of the content.

    Whether the key was valid, `signing_key.judge` says afterwards, of `Signer.key`, and
    `certificates.require_trusted` of it and `Signer.chain`. A CMS signature (`cms:` and base64)
    is taken from keys that are registered with a certificate. What `typ` names brings no chain.
    """
    if signature.startswith(cms.PREFIX):
        return _verify_cms(content, signature, keys)

    def find(kid: str) -> PublicKey | None:
        return _registered(keys[kid]) if kid in keys else None

    found = _check(content, signature, typ=typ or _typ(purpose), find=find, chained=not typ)
    claimed_at = _EPOCH + timedelta(seconds=found.issued_at)
    return Signer(keys[found.kid], claimed_at, found.chain)


def _verify_cms(content: bytes, signature: str, keys: Mapping[str, SigningKey]) -> Signer:
    """Return who signed by CMS: the key with the certificate that issuer and number name.

    A stranger's signature is verified too, with a decoy: the time taken tells nothing.
    """
    made = read_cms(content, signature)
    certified = ((key, leaf_of(key.certificate)) for key in keys.values() if key.certificate)
    named = [(key, public_of(leaf.public_key())) for key, leaf in certified if is_named(leaf, made)]
    key, public = named[0] if named else (None, None)
    covered = made.covers(content, None if public is None else public.native)
    if key is None or public is None:
        raise BadSignature(f"no certificate {made.serial} of that issuer is known here")
    if public.kid != key.kid:
        raise BadSignature(f"the certificate of key {key.kid!r} is another key's")
    if not covered:
        raise BadSignature(f"certificate {made.serial} did not sign these bytes")
    return Signer(key, made.claimed_at)


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


def _sign(
    content: bytes,
    private_key: PrivateKey,
    *,
    typ: str,
    now: datetime,
    more: Mapping[str, object] = _NOTHING,
) -> str:
    if not 0 < len(content) <= CONTENT_BYTES_MAX:
        raise Unsignable(f"only 1 to {CONTENT_BYTES_MAX} bytes are signed, not {len(content)}")
    algorithm = private_key.public.algorithm
    header = {
        "alg": algorithm, "kid": private_key.kid, "typ": typ,
        "iat": (now - _EPOCH) // timedelta(seconds=1), "b64": False, "crit": ["b64"], **more,
    }  # fmt: skip
    head = encode(json.dumps(header, separators=(",", ":")).encode())
    if len(head) > CHAINED_BYTES_MAX:
        raise Unsignable(f"the certificates take more than {CHAINED_BYTES_MAX} characters")
    made = schemes.sign(private_key, b"".join((head, b".", content)))
    return f"{head.decode()}..{encode(made).decode()}"


def _check(
    content: bytes,
    signature: str,
    *,
    typ: str,
    find: Callable[[str], PublicKey | None],
    chained: bool = False,
) -> Header:
    """Return what the header says, once it is proven; the numbers are those of `verify`."""
    # (1) form and size
    parts = _COMPACT.fullmatch(signature)
    if parts is None or not 0 < len(content) <= CONTENT_BYTES_MAX:
        raise BadSignature("signature or content is not of the expected form or size")
    head, tail = parts.groups()
    # (2) and (3) the header says what we say, and nothing else
    header = read_header(head, typ, chained=chained)
    try:
        made = decode(tail)
    except ValueError:
        raise BadSignature("the signature is not strict base64url") from None
    # (4) A stranger's signature is verified too, with a decoy: the time taken tells nothing.
    known = find(header.kid)
    public = known if known is not None and known.algorithm == header.algorithm else None
    # (5) every byte, under the key of (4)
    message = b"".join((head.encode(), b".", content))
    covered = schemes.covers(public or decoy(header.algorithm), message, made)
    if public is None:
        raise BadSignature(f"no key {header.kid!r} for {header.algorithm} is known here")
    if not covered:
        raise BadSignature(f"key {header.kid!r} did not sign these bytes")
    return header


def _registered(record: SigningKey) -> PublicKey | None:
    """Return the record's key; None when the record contradicts itself, so was tampered with."""
    try:
        public = read_public(record.public_jwk)
    except KeyUnreadable:
        return None
    honest = (public.kid, public.algorithm) == (record.kid, record.algorithm)
    return public if honest else None


def _typ(purpose: Purpose) -> str:
    return f"disburse-{purpose}+jws"
