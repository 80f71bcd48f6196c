"""The signature itself, over any bytes, by the one scheme of each kind of key."""

from __future__ import annotations

from joserfc.jws import JWSRegistry

from disburse.signing import sm2
from disburse.signing.keys import PrivateKey, PublicKey
from disburse.signing.sm2 import Sm2Key


def sign(key: PrivateKey, message: bytes) -> bytes:
    """Sign `message`."""
    if isinstance(key.jose, Sm2Key):
        return sm2.sign(key.jose, message)
    # joserfc's own RFC 7797 path decodes the content as UTF-8, which no workbook survives, so its
    # algorithms are given the signing input. `get_alg` would warn that RFC 9864 renames EdDSA.
    return JWSRegistry.algorithms[key.public.algorithm].sign(message, key.jose)


def covers(key: PublicKey, message: bytes, made: bytes) -> bool:
    """Say whether the owner of `key` signed exactly `message`."""
    if isinstance(key.jose, Sm2Key):
        return sm2.covers(key.jose, message, made)
    return JWSRegistry.algorithms[key.algorithm].verify(message, made, key.jose)
