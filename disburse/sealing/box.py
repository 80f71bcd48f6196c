"""One sealed value: AES-256-GCM (NIST SP 800-38D), bound to the place where it is kept.

Its bytes are: form (1), number of the key (8), nonce (12), ciphertext with its tag (16 more than
the content). The number says which key opens it; that it is the right one, only the tag says.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from disburse.domain.refusal import Refusal

SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 12  # random; one key seals far fewer than the 2^32 values this is good for
TAG_BYTES: Final = 16
FORM: Final = b"\x01"  # another form of sealing gets another number
_NUMBER_BYTES: Final = 8
_HEAD: Final = len(FORM) + _NUMBER_BYTES
WRAPPED_BYTES: Final = _HEAD + NONCE_BYTES + SECRET_BYTES + TAG_BYTES  # a secret sealed by another


class BrokenSeal(Refusal):
    """A sealed value was changed, or moved here from another place; nothing of it is used."""

    code = "broken-seal"


class Key:
    """A secret with the number under which it is kept; it shows itself to nobody."""

    __slots__ = ("_cipher", "_head", "_secret", "number")

    def __init__(self, number: int, secret: bytes) -> None:
        """Hold the 32 bytes of `secret`; values name it by `number`."""
        self.number = number
        self._secret = secret
        self._cipher = AESGCM(secret)
        self._head = FORM + number.to_bytes(_NUMBER_BYTES)

    def seal(self, content: bytes, place: bytes) -> bytes:
        """Seal `content` so that it opens with this key and at this place only."""
        nonce = os.urandom(NONCE_BYTES)
        return self._head + nonce + self._cipher.encrypt(nonce, content, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """Return what was sealed for this place, or raise `BrokenSeal`."""
        nonce = sealed[_HEAD : _HEAD + NONCE_BYTES]
        try:
            return self._cipher.decrypt(nonce, sealed[_HEAD + NONCE_BYTES :], place)
        except (InvalidTag, ValueError):
            raise BrokenSeal(
                f"{words_of(place)}: what is kept there does not carry our seal; somebody changed "
                "or moved it. Compare with a backup before anything else is done",
                place=words_of(place),
            ) from None

    def digester(self) -> Callable[[bytes], bytes]:
        """Return what makes keyed digests (HMAC-SHA-256, full length) of many contents.

        The key's own half of the work is done once: it would be the greater one.
        """
        begun = hmac.new(self._secret, digestmod="sha256")

        def digest(content: bytes) -> bytes:
            one = begun.copy()
            one.update(content)
            return one.digest()

        return digest


def new_secret() -> bytes:
    """Return a secret that nobody can guess."""
    return os.urandom(SECRET_BYTES)


def bound_to(tenant: int, table: str, column: str, row: object) -> bytes:
    """Name the one place where a sealed value is good: a column of a project's row."""
    return f"{tenant}|{table}|{column}|{row}".encode()


def words_of(place: bytes) -> str:
    """Return a place for people to read; it holds numbers and names of columns, nobody's data."""
    return place.decode(errors="replace")


def number_in(sealed: bytes) -> int:
    """Return the number of the key that a sealed value names; 0: it is no sealed value."""
    if len(sealed) < _HEAD + NONCE_BYTES + TAG_BYTES or sealed[:1] != FORM:
        return 0
    return int.from_bytes(sealed[1:_HEAD])
