"""Master keys held as bytes: from a file that only its owner reads, or from the environment."""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from disburse.sealing.box import SECRET_BYTES, BrokenSeal, Key, new_secret, number_in
from disburse.sealing.master import MasterKeyUnusable

KEYS_MAX: Final = 10  # the newest and those it followed; older ones wrap nothing after a rotation
FILE_BYTES_MAX: Final = 4_096
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_FINGERPRINT_BYTES: Final = 8


class LocalMaster:
    """One or more keys, the newest first: it wraps, and each unwraps what it wrapped."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """Hold the keys, the newest first."""
        keys = [Key(fingerprint(secret), secret) for secret in secrets]
        self._newest = keys[0]
        self._keys = {key.number: key for key in keys}

    def label(self) -> str:
        """Name the newest key by its fingerprint."""
        return _label(self._newest.number)

    def label_of(self, wrapped: bytes) -> str:
        """Name the key that wrapped."""
        return _label(number_in(wrapped))

    def wrap(self, secret: bytes, place: bytes) -> bytes:
        """Wrap with the newest key."""
        return self._newest.seal(secret, place)

    def unwrap(self, wrapped: bytes, place: bytes) -> bytes:
        """Unwrap with the key that wrapped, or raise `MasterKeyUnusable`."""
        number = number_in(wrapped)
        key = self._keys.get(number)
        if key is None:
            held = ", ".join(map(_label, self._keys))
            raise MasterKeyUnusable(
                f"the data were sealed under master key {_label(number)}, and what is given is "
                f"{held}; give the former key too, on a line behind the new one"
            )
        try:
            return key.open(wrapped, place)
        except BrokenSeal as error:
            raise MasterKeyUnusable(
                f"a root key kept in the database was changed or moved: {error.detail}"
            ) from None


def fingerprint(secret: bytes) -> int:
    """Return the number by which values name a master key; it gives nothing of the key away."""
    digest = sha256(b"disburse master key\x00" + secret).digest()
    return int.from_bytes(digest[:_FINGERPRINT_BYTES])


def _label(number: int) -> str:
    return f"local:{number:016x}"


def new_key() -> str:
    """Return a new key as people keep it: base64."""
    return base64.b64encode(new_secret()).decode()


def read_keys(text: str) -> tuple[bytes, ...]:
    """Read keys in base64, the newest first, between spaces, commas or line ends."""
    words = [word for word in re.split(r"[\s,]+", text) if word]
    try:
        keys = tuple(base64.b64decode(word, validate=True) for word in words)
    except (binascii.Error, ValueError):
        keys = ()
    if not 1 <= len(keys) <= KEYS_MAX or any(len(key) != SECRET_BYTES for key in keys):
        # never the text itself: it is, or nearly is, a key
        raise MasterKeyUnusable(
            f"a master key is {SECRET_BYTES} random bytes in base64, and there are 1 to {KEYS_MAX} "
            "of them, the newest first; make one with `disburse keys new`"
        )
    return keys


def read_file(path: Path) -> tuple[bytes, ...]:
    """Read the keys from a file; refuse one that others on this machine can read."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(FILE_BYTES_MAX)
    except OSError as error:
        raise MasterKeyUnusable(f"{path}: {error.strerror}") from None
    if mode & _OTHERS:
        raise MasterKeyUnusable(f"others can read {path}; run: chmod 600 {path}")
    return read_keys(content.decode("ascii", errors="replace"))


def ensure_file(path: Path) -> tuple[bytes, ...]:
    """Read the keys from a file, making one with a new key where there is none.

    Of several processes that start at once the first one's key is everybody's.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}.") as new:
            new.write(new_key() + "\n")
            new.flush()
            os.fsync(new.fileno())
            with suppress(FileExistsError):
                path.hardlink_to(new.name)
    return read_file(path)
