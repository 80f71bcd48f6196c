"""The keys that sign and verify: made, written, read; one scheme per algorithm."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc.errors import JoseError
from joserfc.jwk import DictKey, ECKey, OKPKey, RSAKey

from disburse.domain.refusal import Refusal
from disburse.domain.signing_key import Algorithm
from disburse.signing import sm2
from disburse.signing.sm2 import Sm2Key
from disburse.signing.strict_json import members

RSA_BITS: Final = 3072  # 128 bits of strength, NIST SP 800-57
RSA_BITS_MIN: Final = 2048  # RFC 7518 section 3.5
RSA_BITS_MAX: Final = 4096  # verifying costs the square of the length
PEM_BYTES_MAX: Final = 16 * 1024
JWK_CHARACTERS_MAX: Final = 4096
# PKCS#8 as OpenSSL writes it stretches a passphrase only 2,048 times: its length must do the rest.
PASSPHRASE_CHARACTERS_MIN: Final = 16

# Points of small order on Ed25519: under such a key a signature fits any content, so its owner
# could disown every sheet. As y modulo 2^255 - 19; the last two are those of order eight.
_ED25519_PRIME: Final = 2**255 - 19
_ED25519_SMALL_ORDER: Final = frozenset({
    0, 1, _ED25519_PRIME - 1,
    int.from_bytes(bytes.fromhex(
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex(
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
})  # fmt: skip

_KINDS: Final[dict[object, type[OKPKey | ECKey | RSAKey]]] = {
    "OKP": OKPKey, "EC": ECKey, "RSA": RSAKey,
}  # fmt: skip
JoseKey = OKPKey | ECKey | RSAKey | Sm2Key


class KeyUnreadable(Refusal):
    """The text is no key of a kind that is accepted here, or the passphrase does not open it."""

    code = "key-unreadable"


class WeakPassphrase(Refusal):
    """The passphrase is too short to protect a key."""

    code = "weak-passphrase"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What everyone may know of a key; `jwk` is its one canonical JSON text."""

    algorithm: Algorithm
    kid: str
    jwk: str
    jose: JoseKey = field(repr=False, compare=False)

    @property
    def native(self) -> Any:  # noqa: ANN401  (one of several classes of the cryptography library)
        """Return the key as the cryptography library has it."""
        return self.jose.public_key


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that can sign; only its owner's machine ever holds one."""

    public: PublicKey
    jose: JoseKey = field(repr=False, compare=False)

    @property
    def kid(self) -> str:
        """Return the RFC 7638 thumbprint."""
        return self.public.kid


def generate(algorithm: Algorithm) -> PrivateKey:
    """Make a new key from the system's randomness; `AlgorithmMissing` where SM2 is not there."""
    match algorithm:
        case Algorithm.EDDSA:
            return _private(ed25519.Ed25519PrivateKey.generate())
        case Algorithm.ES256:
            return _private(ec.generate_private_key(ec.SECP256R1()))
        case Algorithm.PS256:
            return _private(rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS))
        case Algorithm.SM2:
            return _private(sm2.generate())


@cache
def decoy(algorithm: Algorithm) -> PublicKey:
    """Return a key that nobody holds: strangers' signatures are verified with it."""
    return generate(algorithm).public


def to_pem(key: PrivateKey, *, passphrase: str) -> bytes:
    """Write `key` as encrypted PKCS#8, or refuse with `WeakPassphrase`."""
    if len(passphrase) < PASSPHRASE_CHARACTERS_MIN:
        raise WeakPassphrase(
            f"a passphrase needs at least {PASSPHRASE_CHARACTERS_MIN} characters;"
            " four or five unrelated words do well"
        )
    pem: bytes = key.jose.as_pem(private=True, password=passphrase)
    return pem


def to_unprotected_pem(key: PrivateKey) -> bytes:
    """Write `key` as PKCS#8 that anyone who can read the file can use."""
    pem: bytes = key.jose.as_pem(private=True)
    return pem


def is_protected(pem: bytes) -> bool:
    """Return whether a passphrase is needed to read the private key `pem`."""
    return b"ENCRYPTED" in pem


def from_pem(pem: bytes, *, passphrase: str | None) -> PrivateKey:
    """Read a private key; the passphrase of an open one is idle.

    Refusals: `KeyUnreadable`, and `AlgorithmMissing` where SM2 is not there.
    """
    if len(pem) > PEM_BYTES_MAX:
        raise KeyUnreadable(f"a key file has at most {PEM_BYTES_MAX} bytes; this is another file")
    password = passphrase.encode() if passphrase is not None and is_protected(pem) else None
    try:
        return _private(_load(pem, password))
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        raise KeyUnreadable(
            "not a private key in PEM form, or the passphrase does not open it"
        ) from None


def _load(pem: bytes, password: bytes | None) -> object:
    try:
        return load_pem_private_key(pem, password)
    except UnsupportedAlgorithm:  # of a curve that the cryptography library has not
        return sm2.read_private(pem, password)


def read_public(jwk: str) -> PublicKey:
    """Read a public key offered for registration (RFC 7517).

    Refusals: `KeyUnreadable`, and `AlgorithmMissing` where SM2 is not there.
    """
    if len(jwk) > JWK_CHARACTERS_MAX:
        raise KeyUnreadable(f"a public key has at most {JWK_CHARACTERS_MAX} characters")
    try:
        offered = members(jwk)
        if "d" in offered:
            raise KeyUnreadable("this is a PRIVATE key: destroy it, make a new one, send its .jwk")
        # Only what makes the key is read; what else the text says of itself is not believed.
        facts: DictKey = {
            name: value
            for name in ("kty", "crv", "x", "y", "n", "e")
            if isinstance(value := offered.get(name), str)
        }
        if (facts.get("kty"), facts.get("crv")) == ("EC", sm2.CURVE):
            return public_of(sm2.read_public(str(facts["x"]), str(facts["y"])))
        native = _KINDS[offered["kty"]].import_key(facts).public_key
    except (ValueError, TypeError, LookupError, RecursionError, UnsupportedAlgorithm, JoseError):
        raise KeyUnreadable("not a public key as JWK text") from None
    return public_of(native)


def _private(native: object) -> PrivateKey:
    """Wrap a private key of the cryptography library, or refuse with `KeyUnreadable`."""
    match native:
        case ed25519.Ed25519PrivateKey():
            return PrivateKey(public_of(native.public_key()), OKPKey(native, native))
        case ec.EllipticCurvePrivateKey():
            return PrivateKey(public_of(native.public_key()), ECKey(native, native))
        case rsa.RSAPrivateKey():
            return PrivateKey(public_of(native.public_key()), RSAKey(native, native))
        case Sm2Key():
            return PrivateKey(public_of(native.public_key), native)
        case _:
            raise KeyUnreadable("this kind of key is not used here; see `disburse keygen`")


def public_of(native: object) -> PublicKey:
    """Wrap a public key of the cryptography library, or refuse with `KeyUnreadable`.

    The kind of key decides the algorithm, so that no key ever has two.
    """
    match native:
        case ed25519.Ed25519PublicKey() if not _is_of_small_order(native):
            return _describe(Algorithm.EDDSA, OKPKey(native, native))
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return _describe(Algorithm.ES256, ECKey(native, native))
        case rsa.RSAPublicKey() if RSA_BITS_MIN <= native.key_size <= RSA_BITS_MAX:
            return _describe(Algorithm.PS256, RSAKey(native, native))
        case Sm2Key():
            return _describe(Algorithm.SM2, native)
        case _:
            raise KeyUnreadable(
                f"accepted are Ed25519, P-256, SM2, and RSA of {RSA_BITS_MIN} to {RSA_BITS_MAX}"
                " bits"
            )


def _describe(algorithm: Algorithm, jose: JoseKey) -> PublicKey:
    kid = jose.thumbprint()
    facts = {**jose.as_dict(private=False), "alg": algorithm, "kid": kid, "use": "sig"}
    return PublicKey(algorithm, kid, json.dumps(facts, sort_keys=True), jose)


def _is_of_small_order(key: ed25519.Ed25519PublicKey) -> bool:
    y = int.from_bytes(key.public_bytes_raw(), "little") % 2**255  # the top bit is the sign of x
    return y % _ED25519_PRIME in _ED25519_SMALL_ORDER
