"""Amounts and dates as banks write them."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Final

from disburse.adapter import parse_money

_DECIMAL: Final = re.compile(r"\+?0*([0-9]+)(?:\.([0-9]*?)0*)?", re.ASCII)


def minor(decimal: str, currency: str) -> int:
    """Return minor units; zeros before and behind are fine, digits below the minor unit are not.

    Raises a `Refusal` for what is no such amount.
    """
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
