"""What one bank's set-up sheet says, every key checked before the first batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from adapters._profiled import digest
from disburse.adapter import BadProfile, Capabilities, Confidence

ENTRIES_MAX: Final = 999_999  # six digits in the batch control
AMOUNT_MAX: Final = 9_999_999_999  # ten digits of cents in an entry
TOTAL_MAX: Final = 999_999_999_999  # twelve in both controls
BYTES_MAX: Final = 1 << 27  # ENTRIES_MAX lines of 96 bytes
CODES: Final = {"checking": "22", "savings": "32"}
LINE_ENDS: Final = {"lf": b"\n", "crlf": b"\r\n"}
NAMES: Final = ("latin_name", "name")


class _Want(NamedTuple):
    """The form of a text, and how to say it."""

    form: str
    words: str


# The first two digits say the Federal Reserve district and the kind of bank.
_ROUTING: Final = re.compile("(?:0[1-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2])[0-9]{7}", re.ASCII)
_ASCII: Final = "[!-~](?:[ -~]{{0,{}}}[!-~])?"  # no blank at either end
_TEXTS: Final = {
    "title": _Want(_ASCII.format(58), "1 to 60 ASCII characters"),
    "version": _Want(r"[0-9A-Za-z.]{1,20}", "1 to 20 letters, digits or dots"),
    "immediate_destination": _Want("[0-9]{9}", "a routing number of 9 digits"),
    "immediate_destination_name": _Want(_ASCII.format(21), "1 to 23 ASCII characters"),
    "immediate_origin": _Want("[0-9A-Z]{9,10}", "9 or 10 digits or capitals"),
    "immediate_origin_name": _Want(_ASCII.format(21), "1 to 23 ASCII characters"),
    "company_name": _Want(_ASCII.format(14), "1 to 16 ASCII characters"),
    "company_id": _Want("[0-9A-Z]{1,10}", "1 to 10 digits or capitals"),
    "odfi": _Want("[0-9]{8}", "the first 8 digits of the bank's routing number"),
    "account": _Want("[0-9A-Za-z-]{1,34}", "the special account's number"),
}
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "adapter": ("nacha",),
    "confidence": tuple(Confidence),
    "account_type": tuple(CODES),
    "names": NAMES,
    "line_end": tuple(LINE_ENDS),
}
_NUMBERS: Final = {
    "hours_behind_utc": (0, 12),
    "payments_max": (1, ENTRIES_MAX),
    "amount_max": (1, AMOUNT_MAX),
}
_SWITCHES: Final = frozenset({"deduplicates"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that differs from bank to bank and from company to company."""

    version: str
    destination: str  # 10 columns
    destination_name: str
    origin: str  # 10 columns
    origin_name: str
    company_name: str
    company_id: str
    odfi: str
    account: str  # not in the file: the bank knows it by `company_id`
    code: str  # transaction code of every entry
    names: str  # the `Payment` field that is written as the receiver's name
    hours_behind_utc: int
    line_end: bytes
    capabilities: Capabilities


def load(name: str, mapping: Mapping[str, object]) -> Profile:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    texts = {key: _text(name, mapping, key) for key in _TEXTS}
    chosen = {key: _choice(name, mapping, key) for key in _CHOICES}
    numbers = {key: _number(name, mapping, key) for key in _NUMBERS}
    deduplicates = _switch(name, mapping, "deduplicates")
    known = {*texts, *chosen, *numbers, *_SWITCHES}
    if unknown := sorted(set(mapping) - known):
        raise _wrong(name, unknown[0], f"left out; known here: {', '.join(sorted(known))}")
    if not is_routing_number(texts["immediate_destination"]):
        raise _wrong(name, "immediate_destination", "a routing number; its check digit is wrong")
    return Profile(
        version=f"{texts['version']}-{digest(mapping)}",
        destination=texts["immediate_destination"].rjust(10),
        destination_name=texts["immediate_destination_name"],
        origin=texts["immediate_origin"].rjust(10),
        origin_name=texts["immediate_origin_name"],
        company_name=texts["company_name"],
        company_id=texts["company_id"],
        odfi=texts["odfi"],
        account=texts["account"],
        code=CODES[chosen["account_type"]],
        names=chosen["names"],
        hours_behind_utc=numbers["hours_behind_utc"],
        line_end=LINE_ENDS[chosen["line_end"]],
        capabilities=_capabilities(texts, chosen, numbers, deduplicates=deduplicates),
    )


def is_routing_number(text: str) -> bool:
    """Return whether `text` is an ABA routing number of a bank: 9 digits, weights 3-7-1."""
    if _ROUTING.fullmatch(text) is None:
        return False
    weighted = zip(map(int, text), (3, 7, 1) * 3, strict=True)
    return sum(digit * weight for digit, weight in weighted) % 10 == 0


def _capabilities(
    texts: Mapping[str, str],
    chosen: Mapping[str, str],
    numbers: Mapping[str, int],
    *,
    deduplicates: bool,
) -> Capabilities:
    carries = frozenset({"reference", "account", "bank_code", "amount", chosen["names"]})
    return Capabilities(
        format=f"NACHA: {texts['title']}",
        currencies=frozenset({"USD"}),
        charset="ascii",
        payments_max=numbers["payments_max"],
        bytes_max=BYTES_MAX,
        amount_max=numbers["amount_max"],
        carries=carries,
        states=frozenset(
            {"reference", "sequence", "pay_on", "currency", "debtor_number", "count", "total"}
        ),
        needs=carries,
        file_names="nacha_REFERENCE.ach",
        reports=("NACHA returns and notifications of change",),
        deduplicates=deduplicates,
        confidence=Confidence(chosen["confidence"]),
    )


def _text(name: str, mapping: Mapping[str, object], key: str) -> str:
    value, want = mapping.get(key), _TEXTS[key]
    if not isinstance(value, str) or re.fullmatch(want.form, value, re.ASCII) is None:
        raise _wrong(name, key, want.words)
    return value


def _choice(name: str, mapping: Mapping[str, object], key: str) -> str:
    value, choices = mapping.get(key), _CHOICES[key]
    if not isinstance(value, str) or value not in choices:
        raise _wrong(name, key, f"one of {', '.join(map(repr, map(str, choices)))}")
    return value


def _number(name: str, mapping: Mapping[str, object], key: str) -> int:
    value, (least, most) = mapping.get(key), _NUMBERS[key]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(name, key, f"a whole number from {least} to {most}")
    return value


def _switch(name: str, mapping: Mapping[str, object], key: str) -> bool:
    value = mapping.get(key)
    if not isinstance(value, bool):
        raise _wrong(name, key, "true or false")
    return value


def _wrong(name: str, key: str, want: str) -> BadProfile:
    return BadProfile(f"profile {name}: {key} must be {want}", key=key)
