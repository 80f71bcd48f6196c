"""What a camt entry or movement says beside its amount: each field of a record, and how it is read.

Which of them there are follows from the form of an element, so that what a form does not have is
not looked for in each of its thousands of elements.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters._amount import day

_NOTHING: Final = frozenset({"NOTPROVIDED", "NONREF", "NOTAVAILABLE"})  # words for "no reference"
_YES: Final = frozenset({"true", "1"})
_COUNT_DIGITS_MAX: Final = 15  # Max15NumericText
_UNSAID_REASON: Final = "NARR"  # what ISO calls a reason that stands in words

Said = Mapping[str, str]
Read = Callable[[Said, int], Any]  # the fields of an element and its sign; of some type of field
Told = tuple[tuple[str, Read], ...]  # the fields of a record that a form has


def told_in(fields: frozenset[str]) -> Told:
    """Return the fields of a record that an element with these fields says something of."""
    references = (
        (name, _first([one for one in wanted if one in fields]))
        for name, wanted in _REFERENCES.items()
        if not fields.isdisjoint(wanted)
    )
    others = ((name, read) for name, (wanted, read) in _OTHERS.items() if fields & wanted)
    return (*references, *others)


def _first(fields: list[str]) -> Read:
    """Return what takes the first of the fields that names something; "" where none does."""

    def read(said: Said, _: int) -> str:
        for field in fields:
            if (word := said[field]) and word not in _NOTHING:
                return word
        return ""

    return read


def _name(said: Said, sign: int) -> str:
    return said.get(_other_side(said, sign), "")


def _account(said: Said, sign: int) -> str:
    return said.get(f"{_other_side(said, sign)}_account", "")


def _other_side(said: Said, sign: int) -> str:
    """Return who paid a credit, or was meant to get a debit or its return."""
    return "payer" if sign > 0 and "return" not in said else "payee"


def _code(said: Said, _: int) -> str:
    """Return the kind of transaction, such as "PMNT/ICDT/SALA", or the bank's own word."""
    if "domain" not in said:
        return said.get("proprietary", "")
    return f"{said['domain']}/{said.get('family', '')}/{said.get('subfamily', '')}"


def _text(said: Said, _: int) -> str:
    words = said.get("remittance", "") or said.get("words", "")
    more = said.get("entry_words", "")
    return f"{words} {more}" if words and more else words or more


def _count(said: Said, _: int) -> int | None:
    digits = said["batch_count"]
    if digits.isascii() and digits.isdigit() and len(digits) <= _COUNT_DIGITS_MAX:
        return int(digits)
    return None


_REFERENCES: Final[Mapping[str, tuple[str, ...]]] = {  # of a record, and where it is, best first
    "reference": ("reference", "own"),
    "payment_reference": ("payment", "instruction"),
    "file_reference": ("block", "message", "batch_block", "batch_message"),
}
_OTHERS: Final[Mapping[str, tuple[frozenset[str], Read]]] = {
    "value_on": (frozenset({"value"}), lambda said, _: day(said["value"][:10])),
    "is_reversal": (frozenset({"reversal"}), lambda said, _: said["reversal"] in _YES),
    "batch_count": (frozenset({"batch_count"}), _count),
    "counterparty_name": (frozenset({"payer", "payee"}), _name),
    "counterparty_account": (frozenset({"payer_account", "payee_account"}), _account),
    "return_reason": (frozenset({"return"}), lambda said, _: said["return"] or _UNSAID_REASON),
    "code": (frozenset({"domain", "proprietary"}), _code),
    "text": (frozenset({"remittance", "words", "entry_words"}), _text),
}
