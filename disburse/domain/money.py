"""Exact money: whole minor units (fen, cents) of one ISO 4217 currency."""

from __future__ import annotations

import re
from typing import Final

from disburse.domain.refusal import Refusal

# Minor digits by ISO 4217 code. A currency missing here is refused, not guessed.
DIGITS: Final = {
    "AED": 2, "AUD": 2, "BHD": 3, "BRL": 2, "CHF": 2, "CNY": 2, "EUR": 2, "GBP": 2, "HKD": 2,
    "INR": 2, "JPY": 0, "KRW": 0, "KWD": 3, "MOP": 2, "OMR": 3, "QAR": 2, "SAR": 2, "SGD": 2,
    "USD": 2,
}  # fmt: skip

# BIGINT holds 9.2e18; a thousandth of it leaves room to add up every sheet of a nation.
MINOR_MAX: Final = 10**15

_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.([0-9]{1,4}))?", re.ASCII)


class MoneyRefused(Refusal):
    """The text is not an exact amount in a currency that is known here."""

    code = "money-refused"


def parse(text: str, currency: str) -> int:
    """Read decimal text such as "1200.50" into minor units; refuse what does not fit exactly.

    Signs, exponents, thousands separators, blanks and digits below the minor unit are refused.
    """
    digits = _digits(currency)
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise MoneyRefused(f"{text[:40]!r} is not a plain decimal amount such as 6500.00")
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > digits:
        raise MoneyRefused(f"{text!r} has more than {digits} decimal places, {currency} has not")
    minor = int(whole + fraction.ljust(digits, "0"))
    if minor > MINOR_MAX:
        raise MoneyRefused(f"{text!r} is over the limit of {write(MINOR_MAX, currency)}")
    return minor


def write(minor: int, currency: str) -> str:
    """Return `minor` units as decimal text, the form that `parse` reads: 650000 → "6500.00"."""
    digits = _digits(currency)
    if not digits:
        return str(minor)
    whole, rest = divmod(abs(minor), 10**digits)
    return f"{'-' if minor < 0 else ''}{whole}.{rest:0{digits}d}"


def _digits(currency: str) -> int:
    try:
        return DIGITS[currency]
    except KeyError:
        raise MoneyRefused(f"currency {currency[:10]!r} is not known here") from None
