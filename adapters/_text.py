"""What no bank file can carry safely, whatever its format: shared by the adapters."""

from __future__ import annotations

import re
from typing import Final

from disburse.adapter import Fault

# Controls, invisible and text-turning characters, lone surrogates, private-use characters (they
# mean something in one font only), and what XML 1.0 forbids. Variation selectors are names' own.
UNSAFE: Final = (  # inside a regular expression's class
    "\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e00ff\U000f0000-\U0010ffff"
)
_UNSAFE: Final = re.compile(f"[{UNSAFE}]")


def unsafe(field: str, text: str) -> Fault | None:
    """Return the fault of a text that cannot travel unchanged; None when it can.

    A blank at either end is one: the bank's reader may drop it, and the name no longer agrees.
    """
    plain = text.isascii() and text.isprintable()  # most texts: no need to search them
    if not plain and (found := _UNSAFE.search(text)):
        return charset(field, text, found.start())
    if text != text.strip():
        return Fault(field, "charset", "remove the blank at the beginning or the end")
    return None


def charset(field: str, text: str, at: int) -> Fault:
    """Return the fault of the character at index `at`, named by its number only."""
    place, code_point = at + 1, ord(text[at])
    return Fault(
        field, "charset", f"replace character {place} (U+{code_point:04X}): the bank cannot read it"
    )


def too_long(field: str, length: int, longest: int, unit: str) -> Fault:
    """Return the fault of a text with `length` units where `longest` fit."""
    detail = f"{length} {unit}, the bank takes {longest}; agree a shorter form"
    return Fault(field, "too-long", detail)
