"""Amounts and dates as banks write them."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

from disburse.adapter import parse_money, write_money

_SHORT: Final = 14  # digits that are no more than the largest amount
_DECIMAL: Final = re.compile(r"\+?0*([0-9]+)(?:\.([0-9]*?)0*)?", re.ASCII)


@lru_cache(maxsize=64)
def _digits(currency: str) -> int:
    """Return how many decimal places a currency has, or raise a `Refusal`."""
    return len(write_money(0, currency).partition(".")[2])


def minor(decimal: str, currency: str) -> int:
    """Return minor units; zeros before and behind are fine, digits below the minor unit are not.

    Raises a `Refusal` for what is no such amount.
    """
    major, _, fraction = decimal.partition(".")
    plain = f"{major}{fraction}"
    if (
        len(fraction) == _digits(currency) and len(major) > 0 and len(plain) <= _SHORT
        and plain.isascii() and plain.isdigit()
    ):  # fmt: skip
        return int(plain)  # as most amounts are written
    match = _DECIMAL.fullmatch(decimal)
    if match is None:
        return parse_money(decimal, currency)  # refuses it with the right words
    whole, fraction = match[1], match[2]
    return parse_money(f"{whole}.{fraction}" if fraction else whole, currency)


@lru_cache(maxsize=256)  # a file has few days, thousands of times
def day(words: str) -> date | None:
    """Return the date that `words` are; None when they are none."""
    if not words:
        return None
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None
