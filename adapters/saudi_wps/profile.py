"""What one bank says of its wages files, every key checked before the first batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters._keys import Keys
from adapters._profiled import digest
from disburse.adapter import Answers, Capabilities, Confidence, Result

AMOUNT_MAX: Final = 10**14 - 1  # halalas: 15 characters with the decimal mark
ROW_BYTES_MAX: Final = 512
LINE_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
STATES: Final = frozenset(
    {"reference", "pay_on", "currency", "debtor_number", "debtor_bank_code", "count", "total",
     "employer"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that differs from bank to bank and from establishment to establishment."""

    version: str
    bank: str
    establishment: str
    decimal_mark: str
    line_end: str
    names: str  # the `Payment` field that is written as the worker's name
    basic_items: frozenset[str]
    housing_items: frozenset[str]
    statuses: Mapping[str, Result]
    capabilities: Capabilities


def load(name: str, mapping: Mapping[str, object]) -> Profile:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    keys = Keys(name, mapping)
    keys.one_of("adapter", ("saudi_wps",))
    bank, establishment = keys.text("bank"), keys.text("establishment")
    if re.fullmatch("[A-Z]{4}", bank) is None:
        raise keys.wrong("bank", "4 capitals")
    if re.fullmatch("[0-9]{10}", establishment) is None:
        raise keys.wrong("establishment", "10 digits")
    basic, housing = (frozenset(keys.texts(key)) for key in ("basic_items", "housing_items"))
    if basic & housing:
        raise keys.wrong("housing_items", "without what is among basic_items")
    names = keys.one_of("names", ("latin_name", "name"))
    table = keys.inside("statuses")
    profile = Profile(
        version=f"{keys.text('version')}-{digest(mapping)}",
        bank=bank,
        establishment=establishment,
        decimal_mark=keys.one_of("decimal_mark", (".", ",")),
        line_end=LINE_ENDS[keys.one_of("line_end", tuple(LINE_ENDS))],
        names=names,
        basic_items=basic,
        housing_items=housing,
        statuses={word: table.member(word, Result) for word in table.all()},
        capabilities=_capabilities(keys, names),
    )
    keys.none_left()
    return profile


def _capabilities(keys: Keys, names: str) -> Capabilities:
    payments_max, amount_max = keys.number("payments_max"), keys.number("amount_max")
    if amount_max > AMOUNT_MAX:
        raise keys.wrong("amount_max", f"at most {AMOUNT_MAX}")
    own = frozenset({"reference", "account", "bank_code", "amount", names})
    return Capabilities(
        format=f"Saudi WPS: {keys.text('title')}",
        currencies=frozenset({"SAR"}),
        charset="ascii",
        payments_max=payments_max,
        bytes_max=ROW_BYTES_MAX * (payments_max + 2),
        amount_max=amount_max,
        carries=own | {"wage.id_number", "wage.gross", "wage.deducted"},
        states=STATES,
        needs=own | {"wage"},
        file_names="WPS_REFERENCE.txt",
        reports=("Saudi WPS wages file with the bank's columns",),
        answers=Answers.WHOLE_FILE,
        deduplicates=keys.switch("deduplicates"),
        confidence=keys.member("confidence", Confidence),
    )
