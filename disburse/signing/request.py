"""Who sent exactly this HTTP request: HTTP Message Signatures (RFC 9421) and Content-Digest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final

import http_sf
from cryptography.hazmat.primitives.asymmetric.ec import (
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureComponentResolver,
    InvalidSignature,
    MappingKeyResolver,
)
from http_message_signatures.algorithms import ECDSA_P256_SHA256, ED25519

from disburse.domain.request_key import RequestAlgorithm
from disburse.domain.signing_key import Algorithm
from disburse.signing.detached import check_statement, sign_statement
from disburse.signing.header import BadSignature
from disburse.signing.keys import KeyUnreadable, PrivateKey, PublicKey, generate, read_public

TAG: Final = "disburse-v1"  # so that a signature made for somebody else is none here
LABEL: Final = "disburse"  # not signed, so it says nothing
AGE_MAX: Final = timedelta(minutes=5)
SKEW_MAX: Final = timedelta(seconds=30)  # how far ahead of ours the signer's clock may be
NONCE_CHARACTERS: Final = range(16, 129)
KID_CHARACTERS_MAX: Final = 64
FIELD_CHARACTERS_MAX: Final = 2048  # ours takes 350
KEYS_READ_MAX: Final = 1024  # so many machines at once; each takes some 2 KiB

ALWAYS: Final = ("@method", "@authority", "@target-uri")
DIGEST: Final = "content-digest"  # of every request that could carry content
IF_SENT: Final = ("idempotency-key", "disburse-for")  # nobody adds one to a signed request
# What else decides what a request does; ours cover these too.
IF_SENT_BY_US: Final = (*IF_SENT, "content-type", "disburse-signature")
WITHOUT_CONTENT: Final = frozenset({"GET", "HEAD"})

_ALGORITHMS: Final = {
    Algorithm.EDDSA: (RequestAlgorithm.ED25519, ED25519),
    Algorithm.ES256: (RequestAlgorithm.ECDSA_P256, ECDSA_P256_SHA256),
}
_DIGESTS: Final = f'"{DIGEST}"'  # as a covered component is written, before its parameters
_POSSESSION_TYP: Final = "disburse-request-key+jws"


@dataclass(frozen=True, slots=True)
class Message:
    """What is signed of a request: `url` is absolute, as the client names the service."""

    method: str
    url: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signature says of itself before anybody has checked it."""

    kid: str
    nonce: str


class _Components(HTTPSignatureComponentResolver):
    """Writes the address in one way: RFC 9110 section 4.2.3, no usual port, small letters."""

    def get_target_uri(self) -> str:
        """Return the address; the library keeps a port that the authority leaves out."""
        target = f"{self.get_path()}{self.url_parts.query_suffix}"  # type: ignore[no-untyped-call]
        return f"{self.get_scheme()}://{self.get_authority()}{target}"  # type: ignore[no-untyped-call]


class _Verifier(HTTPMessageVerifier):
    """Judges times by the clock that it is given; the library would read the system's."""

    at: datetime

    def validate_created_and_expires(self, sig_input: Any, max_age: object = None) -> None:  # noqa: ANN401
        """Raise `InvalidSignature` unless it was made within the last minutes, and not later."""
        del max_age  # the library's own is a day
        created, expires = sig_input.params.get("created"), sig_input.params.get("expires")
        now = int(self.at.timestamp())
        if type(created) is not int or not now - _seconds(AGE_MAX) <= created:
            raise InvalidSignature("it is too old, or does not say when it was made")
        if created > now + _seconds(SKEW_MAX):
            raise InvalidSignature("it was made in the future")
        if expires is not None and (type(expires) is not int or expires <= now):
            raise InvalidSignature("it has expired")


def request_algorithm(public: PublicKey) -> RequestAlgorithm:
    """Return what requests are signed by with this key, or raise `KeyUnreadable`."""
    if public.algorithm not in _ALGORITHMS:
        raise KeyUnreadable("requests are signed with EdDSA or ES256; see `disburse keygen`")
    return _ALGORITHMS[public.algorithm][0]


def _scheme(public: PublicKey) -> type[HTTPSignatureAlgorithm]:
    request_algorithm(public)
    return _ALGORITHMS[public.algorithm][1]


def sign_request(
    message: Message, content: bytes, private_key: PrivateKey, *, nonce: str, now: datetime
) -> Mapping[str, str]:
    """Return the headers that have to be sent too: Content-Digest, Signature-Input, Signature."""
    algorithm, secret = _scheme(private_key.public), private_key.jose.private_key
    assert isinstance(secret, Ed25519PrivateKey | EllipticCurvePrivateKey)  # noqa: S101  (by _scheme)
    sent = {name.lower() for name in message.headers}
    covered = [*ALWAYS, *(name for name in IF_SENT_BY_US if name in sent)]
    signed = Message(message.method, message.url, dict(message.headers))
    signer = HTTPMessageSigner(
        signature_algorithm=algorithm,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={private_key.kid: secret}),
        component_resolver_class=_Components,
    )
    signer.sign(
        signed,
        key_id=private_key.kid,
        created=now,
        expires=now + AGE_MAX,
        nonce=nonce,
        label=LABEL,
        tag=TAG,
        covered_component_ids=covered,
        body=None if message.method in WITHOUT_CONTENT and not content else content,
    )
    return {name: value for name, value in signed.headers.items() if name not in message.headers}


def read_claim(headers: Mapping[str, str]) -> Claim:
    """Return which key is said to have signed, and the nonce; or raise `BadSignature`.

    Signatures that carry another tag are somebody else's business; there is exactly one of ours.
    """
    text = headers.get("Signature-Input", "")
    if len(text) > FIELD_CHARACTERS_MAX or len(headers.get("Signature", "")) > FIELD_CHARACTERS_MAX:
        raise BadSignature("the signature's fields are too long")
    try:
        parsed: Any = http_sf.parse(text.encode("ascii"), tltype="dictionary")
    except ValueError:
        raise BadSignature("Signature-Input cannot be read") from None
    ours = [params for _, params in parsed.values() if params.get("tag") == TAG]
    if len(ours) != 1:
        raise BadSignature(f"{len(ours)} signatures with the tag {TAG}, not one")
    kid, nonce = ours[0].get("keyid"), ours[0].get("nonce")
    if type(kid) is not str or not 0 < len(kid) <= KID_CHARACTERS_MAX:
        raise BadSignature("the signature names no key")
    if type(nonce) is not str or len(nonce) not in NONCE_CHARACTERS:
        raise BadSignature("the signature has no nonce, or not one of 16 to 128 characters")
    return Claim(kid, nonce)


def verify_request(
    message: Message, content: Callable[[], bytes], claim: Claim, jwk: str | None, *, at: datetime
) -> None:
    """Raise `BadSignature` unless the key `jwk` signed exactly this request, minutes ago.

    (1) A stranger's signature (`jwk` None) is checked too, with a decoy: the time tells nothing.
    (2) Exactly one signature with our tag, made by that key, of the algorithm of that key.
    (3) Made within `AGE_MAX`, not in the future, and not expired.
    (4) It covers `ALWAYS`, the digest of what could carry content, and `IF_SENT` where sent.
    (5) The digest is that of every byte of `content`, which is read only now.
    Whether the nonce is new and the key still good, the caller has to ask.
    """
    public = _decoy() if jwk is None else _registered(jwk, claim.kid)
    shown = public.jose.public_key
    assert isinstance(shown, Ed25519PublicKey | EllipticCurvePublicKey)  # noqa: S101  (by its algorithm)
    verifier = _Verifier(
        signature_algorithm=_scheme(public),
        key_resolver=MappingKeyResolver(public_keys={claim.kid: shown}, private_keys={}),
        component_resolver_class=_Components,
    )
    verifier.at = at
    sent = {name.lower() for name in message.headers}
    needed = [*ALWAYS, *(name for name in IF_SENT if name in sent)]
    if message.method not in WITHOUT_CONTENT:
        needed.append(DIGEST)
    try:
        found = verifier.verify(message, expect_tag=TAG)
        if len(found) != 1 or jwk is None:
            raise BadSignature("not exactly one signature, or of an unknown key")
        covered = found[0].covered_components
        # By itself: the library reads each name anew, which takes longer than the signature.
        if lacking := [name for name in needed if f'"{name}"' not in covered]:
            raise BadSignature(f"it does not cover {', '.join(lacking)}")
        digests = {name: value for name, value in covered.items() if name.startswith(_DIGESTS)}
        verifier.verify_body(message, [found[0]._replace(covered_components=digests)], content())
    except HTTPMessageSignaturesException as error:
        raise BadSignature(str(error)) from None


def prove_request_key(private_key: PrivateKey, *, login: str, now: datetime) -> str:
    """Sign that requests of the account `login` are to be signed with this key.

    A key is registered once for ever, so a proof that somebody kept is good for nothing else.
    """
    return sign_statement(
        _statement(private_key.kid, login), private_key, typ=_POSSESSION_TYP, now=now
    )


def check_request_key(proof: str, public: PublicKey, *, login: str) -> None:
    """Refuse with `BadSignature` unless who sent `proof` holds the private half of `public`."""
    check_statement(_statement(public.kid, login), proof, public, typ=_POSSESSION_TYP)


def _statement(kid: str, login: str) -> bytes:
    return json.dumps({"kid": kid, "login": login}, sort_keys=True, separators=(",", ":")).encode()


@lru_cache(KEYS_READ_MAX)
def _registered(jwk: str, kid: str) -> PublicKey:
    """Read a record's key; a record that contradicts itself was tampered with.

    Remembered by the whole text, so what a text says is all that is believed without looking:
    whether the key is still good, or another one by now, is asked of the database each time.
    """
    try:
        public = read_public(jwk)
    except KeyUnreadable:
        raise BadSignature("the registered key cannot be read") from None
    if public.kid != kid or public.algorithm not in _ALGORITHMS:
        raise BadSignature("the registered key is not the one that it is named after")
    return public


@cache
def _decoy() -> PublicKey:
    return generate(Algorithm.EDDSA).public


def _seconds(length: timedelta) -> int:
    return length // timedelta(seconds=1)
