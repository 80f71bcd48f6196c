"""The check digits of an IBAN (ISO 13616)."""

from __future__ import annotations

from typing import Final

_AS_NUMBERS: Final = {ord(letter): str(int(letter, 36)) for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def checks(iban: str) -> bool:
    """Return whether digits and capitals in the form of an IBAN have its check digits."""
    return int(f"{iban[4:]}{iban[:4]}".translate(_AS_NUMBERS)) % 97 == 1
