"""SM2 with SM3 (GB/T 32918.2-2016, ISO/IEC 14888-3), where the extra `sm` is installed.

The arithmetic is gmalg's, in plain Python: it takes some 20 ms, and how long exactly depends on the
secret. Verifying has no secret; sign on a machine that nobody else measures. SM3 is OpenSSL's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives import hashes

from disburse.domain.refusal import Refusal
from disburse.signing import sm2_file
from disburse.signing.base64url import decode, encode

# As GM/T 0125-2022 (JSON Web cryptography) names it; neither IANA nor RFC 7518 knows SM2.
CURVE: Final = "SM2-P-256"
USER_ID: Final = b"1234567812345678"  # the usual one, GM/T 0009; everybody signs with it
SIZE: Final = 32  # bytes of a coordinate, of r and of s

# The recommended curve, GB/T 32918.5-2017.
_P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A: Final = _P - 3
_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_G: Final = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


class AlgorithmMissing(Refusal):
    """SM2 is asked for, and the package that computes it is not installed here."""

    code = "algorithm-missing"


@dataclass(frozen=True, slots=True)
class Sm2Key:
    """A key on the SM2 curve; it answers as the keys of joserfc do."""

    x: int
    y: int
    secret: int | None = field(default=None, repr=False)

    @property
    def public_key(self) -> Sm2Key:
        """Return its public half."""
        return Sm2Key(self.x, self.y)

    @property
    def private_key(self) -> Sm2Key | None:
        """Return itself, where it has a private half."""
        return None if self.secret is None else self

    def as_dict(self, *, private: bool) -> dict[str, str]:
        """Return it as JWK."""
        facts = {"kty": "EC", "crv": CURVE, "x": _text(self.x), "y": _text(self.y)}
        if private and self.secret is not None:
            facts["d"] = _text(self.secret)
        return facts

    def thumbprint(self) -> str:
        """Return the RFC 7638 thumbprint."""
        facts = json.dumps(self.as_dict(private=False), sort_keys=True, separators=(",", ":"))
        return encode(sha256(facts.encode()).digest()).decode()

    def as_pem(self, *, private: bool, password: str | None = None) -> bytes:
        """Write a private key as PKCS#8, encrypted where there is a password."""
        assert private  # noqa: S101  (public keys travel as JWK)
        assert self.secret is not None  # noqa: S101
        return sm2_file.write(self.secret, (self.x, self.y), password)


def generate() -> Sm2Key:
    """Make a new key, or raise `AlgorithmMissing`."""
    secret, (x, y) = _core().generate_keypair()
    return Sm2Key(x, y, secret)


def read_public(x: str, y: str) -> Sm2Key:
    """Read a point in base64url; ValueError when it is none of the curve, or `AlgorithmMissing`."""
    _core()
    coordinates = [decode(x), decode(y)]
    if {len(one) for one in coordinates} != {SIZE}:
        raise ValueError("a coordinate has 32 bytes")
    key = Sm2Key(*(int.from_bytes(one, "big") for one in coordinates))
    if max(key.x, key.y) >= _P or (key.y**2 - key.x**3 - _A * key.x - _B) % _P:
        raise ValueError("not on the curve")
    return key


def read_private(pem: bytes, password: bytes | None) -> Sm2Key:
    """Read PKCS#8; ValueError when it is none of SM2 or does not open, or `AlgorithmMissing`."""
    secret = sm2_file.read(pem, password)
    if not 0 < secret < _N - 1:
        raise ValueError("not a secret of this curve")
    x, y = _core().generate_pk(secret)
    return Sm2Key(x, y, secret)


def sign(key: Sm2Key, message: bytes) -> bytes:
    """Sign: r and s, 32 bytes each, as RFC 7518 section 3.4 writes elliptic signatures."""
    r, s = _core().sign(message, key.secret, USER_ID, (key.x, key.y))
    return bytes(r.to_bytes(SIZE, "big") + s.to_bytes(SIZE, "big"))


def covers(key: Sm2Key, message: bytes, made: bytes) -> bool:
    """Say whether the owner of `key` signed exactly `message`, or raise `AlgorithmMissing`."""
    r, s = int.from_bytes(made[:SIZE], "big"), int.from_bytes(made[SIZE:], "big")
    proven = _core().verify(message, r, s, USER_ID, (key.x, key.y))
    return bool(proven) and len(made) == 2 * SIZE


class _Sm3:
    """OpenSSL's SM3 in the form that gmalg asks for; its own takes seconds for a large sheet."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self._hash = hashes.Hash(hashes.SM3())

    def update(self, data: bytes) -> None:
        """Take more bytes in."""
        self._hash.update(bytes(data))

    def value(self) -> bytes:
        """Return the digest."""
        return self._hash.finalize()


@cache
def _curve() -> tuple[Any, Any]:
    try:
        from gmalg.ellipticcurve import ECDLP  # type: ignore[import-untyped]  # noqa: PLC0415
        from gmalg.sm2 import SM2Core  # type: ignore[import-untyped]  # noqa: PLC0415
    except ImportError:
        raise AlgorithmMissing(
            "keys of SM2 need a package that is not here: install disburse[sm], in its folder by "
            "pip install -e '.[sm]' (for the service, its operator does), or use another key"
        ) from None
    return SM2Core, ECDLP(_P, _A, _B, _G, _N)


def _core() -> Any:  # noqa: ANN401  (gmalg has no types)
    """Return the algorithm; a new one each time, since it keeps its digest under way."""
    core, curve = _curve()
    return core(curve, _Sm3())


def _text(number: int) -> str:
    return encode(number.to_bytes(SIZE, "big")).decode()
