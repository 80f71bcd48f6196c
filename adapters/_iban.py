"""The check digits of an IBAN (ISO 13616)."""

from __future__ import annotations

from typing import Final

_AS_NUMBERS: Final = {one: str(int(one, 36)) for one in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


def checks(iban: str) -> bool:
    """Return whether digits and capitals in the form of an IBAN have its check digits."""
    account = iban[4:]
    if not account.isdecimal():  # most have digits only, which need no look at each
        account = "".join([_AS_NUMBERS[one] for one in account])
    country = f"{_AS_NUMBERS[iban[0]]}{_AS_NUMBERS[iban[1]]}"
    return int(f"{account}{country}{iban[2:4]}") % 97 == 1
