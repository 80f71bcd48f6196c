"""What one bank's manual and agreement say, every key checked before the first batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from operator import mul
from typing import Final

from adapters._keys import Keys
from adapters._profiled import digest
from disburse.adapter import Capabilities, Confidence, Result

COLUMNS: Final = 240
AMOUNT_MAX: Final = 10**15 - 1  # fifteen digits of centavos
LOTS_MAX: Final = 9_998
CPF_DIGITS: Final = 11
CPF_WEIGHTS: Final = (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_SAME: Final = frozenset(digit * CPF_DIGITS for digit in "0123456789")  # given to nobody
_FORMS: Final = {
    "bank": ("[0-9]{3}", "3 digits"),
    "bank_name": ("[A-Z0-9 .&/-]{1,30}", "1 to 30 capitals"),
    "company_tax_id": ("[0-9]{14}", "a CNPJ of 14 digits"),
    "company_name": ("[A-Z0-9 .&/-]{1,30}", "1 to 30 capitals"),
    "file_layout": ("[0-9]{3}", "3 digits"),
    "lot_layout": ("[0-9]{3}", "3 digits"),
    "density": ("[0-9]{5}", "5 digits"),
    "service": ("[0-9]{2}", "2 digits"),
    "form_same_bank": ("[0-9]{2}", "2 digits"),
    "form_other_bank": ("[0-9]{2}", "2 digits"),
    "chamber_other_bank": ("[0-9]{3}", "3 digits"),
}
_OPTIONAL: Final = {
    "agreement": ("[A-Z0-9]{0,20}", "up to 20 capitals or digits"),
    "ted_purpose": ("(?:[0-9]{5})?", "5 digits, or empty"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that differs from bank to bank and from company to company."""

    version: str
    itau: bool
    texts: Mapping[str, str]  # by the keys of `_FORMS` and `_OPTIONAL`
    segment_b: bool
    names: str  # the `Payment` field that is written as the worker's name
    hours_behind_utc: int
    occurrences: Mapping[str, Result]
    capabilities: Capabilities

    @property
    def bank(self) -> str:
        """Return the bank's three digits, with which every record begins."""
        return self.texts["bank"]


def load(name: str, mapping: Mapping[str, object]) -> Profile:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    keys = Keys(name, mapping)
    keys.one_of("adapter", ("cnab240",))
    texts = {key: keys.text(key) for key in _FORMS}
    texts |= {key: keys.text(key, empty=True) for key in _OPTIONAL}
    for key, (form, says) in (_FORMS | _OPTIONAL).items():
        if re.fullmatch(form, texts[key], re.ASCII) is None:
            raise keys.wrong(key, says)
    names = keys.one_of("names", ("latin_name", "name"))
    itau = keys.one_of("dialect", ("febraban", "itau")) == "itau"
    profile = Profile(
        version=f"{keys.text('version')}-{digest(mapping)}",
        itau=itau,
        texts=texts,
        segment_b=keys.switch("segment_b"),
        names=names,
        hours_behind_utc=keys.number("hours_behind_utc"),
        occurrences=_occurrences(keys.inside("occurrences")),
        capabilities=_capabilities(keys, names, itau=itau),
    )
    keys.none_left()
    return profile


def _occurrences(table: Keys) -> Mapping[str, Result]:
    """Read the codes by their meaning; one code means one thing."""
    found: dict[str, Result] = {}
    for meaning in table.all():
        if meaning not in [*Result]:
            raise table.wrong(meaning, f"left out; known here: {', '.join(Result)}")
        for code in table.texts(meaning):
            if re.fullmatch("[0-9A-Z]{2}", code, re.ASCII) is None or code in found:
                raise table.wrong(meaning, "a list of codes of two characters, each once")
            found[code] = Result(meaning)
    return found


def _capabilities(keys: Keys, names: str, *, itau: bool) -> Capabilities:
    payments_max, amount_max = keys.number("payments_max"), keys.number("amount_max")
    if payments_max > LOTS_MAX:
        raise keys.wrong("payments_max", f"at most {LOTS_MAX}: each may need a lot of its own")
    if amount_max > AMOUNT_MAX:
        raise keys.wrong("amount_max", f"at most {AMOUNT_MAX}")
    carries = frozenset({"reference", "account", "bank_code", "amount", names})
    states = {
        "sequence", "pay_on", "currency", "debtor_number", "debtor_bank_code", "count", "total",
    }  # fmt: skip
    return Capabilities(
        format=f"CNAB240: {keys.text('title')}",
        currencies=frozenset({"BRL"}),
        charset="ascii",
        payments_max=payments_max,
        bytes_max=(COLUMNS + 2) * (4 * payments_max + 2),
        amount_max=amount_max,
        carries=carries | {"wage.id_number"},
        states=frozenset(states if itau else states | {"reference"}),
        needs=carries | {"wage"},
        file_names="PGTO_REFERENCE.REM",
        reports=("CNAB240 return",),
        deduplicates=keys.switch("deduplicates"),
        confidence=keys.member("confidence", Confidence),
    )


def _remainders(place: int) -> dict[str, int]:
    """Return what three digits from a place on add to both sums of a CPF, by the digits.

    The remainders of both by 11, side by side in one number: so many times 64, and so many.
    """
    first, second = CPF_WEIGHTS[place + 1 : place + 4], CPF_WEIGHTS[place : place + 3]
    found = {}
    for digits in map("".join, product("0123456789", repeat=3)):
        numbers = [*map(int, digits)]
        sums = (sum(map(mul, numbers, weights)) % 11 for weights in (first, second))
        found[digits] = next(sums) * 64 + next(sums)
    return found


def _check_digits(sums: int) -> str:
    """Return a CPF's last two digits by what its first nine add to both sums."""
    first = sums // 64 * 10 % 11 % 10
    second = (sums % 64 + first * CPF_WEIGHTS[-1]) * 10 % 11 % 10
    return f"{first}{second}"


_BEGINNING, _MIDDLE, _END = map(_remainders, (0, 3, 6))
_CHECKS: Final = [*map(_check_digits, range(31 * 64))]  # thrice 10 is the most


def is_cpf(text: str) -> bool:
    """Return whether `text` is a worker's tax number: 11 digits, two of them check digits."""
    try:
        sums = _BEGINNING[text[:3]] + _MIDDLE[text[3:6]] + _END[text[6:9]]
    except KeyError:
        return False
    return _CHECKS[sums] == text[9:] and text not in _SAME
