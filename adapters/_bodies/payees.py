"""Whether a payee's card is the paying bank's own, by its CNAPS number's first three digits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adapters._keys import Keys
from disburse.adapter import Fault, Payment

_CODE: Final = re.compile("[0-9]{3}|[0-9]{12}", re.ASCII)  # 行别, or the whole 行号


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeBanks:
    """Which banks' cards the profile's files may name, and how the format says which it is."""

    own: str  # the bank's three digits
    all: bool  # other banks' cards, too
    field: str  # the layout's own word for the flag
    flags: tuple[str, str]  # of an own card, of another bank's

    def mine(self, payment: Payment) -> bool:
        """Return whether the card is the paying bank's own."""
        return payment.bank_code.startswith(self.own) or not (self.all or payment.bank_code)

    def words(self, payment: Payment) -> Mapping[str, str]:
        """Return the flag for the layout."""
        return {self.field: self.flags[not self.mine(payment)]}

    def faults(self, payment: Payment) -> Iterator[Fault]:
        """Yield why this payee's bank cannot be paid by the profile."""
        code = payment.bank_code
        if not code:
            if self.all:
                yield Fault("bank_code", "missing", "give the CNAPS number of the payee's bank")
        elif _CODE.fullmatch(code) is None:
            yield Fault("bank_code", "bad-bank-code", "give 3 or 12 digits of CNAPS")
        elif not self.all and not self.mine(payment):
            yield Fault(
                "bank_code",
                "bad-bank-code",
                f"this profile pays cards of bank {self.own} only; set banks = 'all' or pay"
                " through another bank",
            )


def payee_banks(keys: Keys, own: str, field: str, flags: tuple[str, str]) -> PayeeBanks:
    """Read the key `banks`."""
    chosen = keys.one_of("banks", ("own", "all"))
    return PayeeBanks(own=own, all=chosen == "all", field=field, flags=flags)
