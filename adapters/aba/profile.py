"""What one direct entry user's bank gave it, every key checked before the first batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters._keys import Keys
from adapters._profiled import digest
from disburse.adapter import Capabilities, Confidence

COLUMNS: Final = 120
AMOUNT_MAX: Final = 9_999_999_999  # ten digits of cents, also in the totals
COUNT_MAX: Final = 999_999
CHARACTERS: Final = "0-9A-Za-z +@$!%&()*./#=:;?,'_^-"
LINE_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
_FORMS: Final = {
    "bank": ("[A-Z]{3}", "3 capitals"),
    "user_name": (f"[{CHARACTERS}]{{1,26}}", "up to 26 ASCII characters"),
    "user_id": ("[0-9]{6}", "6 digits"),
    "remitter": (f"[{CHARACTERS}]{{1,16}}", "up to 16 ASCII characters"),
}
CARRIES: Final = frozenset({"reference", "account", "bank_code", "amount"})
STATES: Final = frozenset(
    {"reference", "pay_on", "currency", "debtor_number", "debtor_bank_code", "count", "total"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that differs from bank to bank and from user to user."""

    version: str
    bank: str
    user_name: str
    user_id: str
    remitter: str
    names: str  # the `Payment` field that is written as the account's title
    line_end: str
    capabilities: Capabilities


def load(name: str, mapping: Mapping[str, object]) -> Profile:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    keys = Keys(name, mapping)
    keys.one_of("adapter", ("aba",))
    texts = {key: keys.text(key) for key in _FORMS}
    for key, (form, says) in _FORMS.items():
        if re.fullmatch(form, texts[key], re.ASCII) is None or texts[key] != texts[key].strip():
            raise keys.wrong(key, says)
    names = keys.one_of("names", ("latin_name", "name"))
    profile = Profile(
        version=f"{keys.text('version')}-{digest(mapping)}",
        **texts,
        names=names,
        line_end=LINE_ENDS[keys.one_of("line_end", tuple(LINE_ENDS))],
        capabilities=_capabilities(keys, names),
    )
    keys.none_left()
    return profile


def _capabilities(keys: Keys, names: str) -> Capabilities:
    payments_max, amount_max = keys.number("payments_max"), keys.number("amount_max")
    if amount_max > AMOUNT_MAX or payments_max > COUNT_MAX:
        raise keys.wrong("amount_max", f"at most {AMOUNT_MAX}, and payments_max {COUNT_MAX}")
    return Capabilities(
        format=f"ABA: {keys.text('title')}",
        currencies=frozenset({"AUD"}),
        charset="ascii",
        payments_max=payments_max,
        bytes_max=(COLUMNS + 2) * (payments_max + 2),
        amount_max=amount_max,
        carries=CARRIES | {names},
        states=STATES,
        needs=CARRIES | {names},
        file_names="REFERENCE.aba",
        deduplicates=keys.switch("deduplicates"),
        confidence=keys.member("confidence", Confidence),
    )
