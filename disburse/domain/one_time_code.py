"""Codes that one person tells another: read aloud, typed by hand, good once."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Final

# Without the letters that look like digits (Crockford's base32).
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CHARACTERS: Final = 20  # 100 bits: nobody guesses it, so a plain digest protects it
GROUP: Final = 5
_READ_AS: Final = str.maketrans("OIL", "011", "- ")


def new() -> str:
    """Return a new code, in groups."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))
    return "-".join(code[at : at + GROUP] for at in range(0, CHARACTERS, GROUP))


def halves(typed: str) -> list[str]:
    """Return the codes that were typed one after the other, each in its one spelling."""
    text = "".join(typed.split()).upper().translate(_READ_AS)
    return [text[at : at + CHARACTERS] for at in range(0, len(text), CHARACTERS)]


def digest(code: str) -> bytes:
    """Return what is kept of a code."""
    return sha256("".join(halves(code)).encode()).digest()
