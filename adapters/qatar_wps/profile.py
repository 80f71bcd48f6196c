"""What one bank's guide says, every key checked before the first batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters._keys import Keys
from adapters._profiled import digest
from disburse.adapter import Answers, Capabilities, Confidence

ALLOWANCES: Final = ("housing", "food", "transport", "overtime")  # columns 16 to 19
AMOUNT_MAX: Final = 10**14 - 1
LINE_BYTES_MAX: Final = 2048
LINE_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
FILE_COLUMNS: Final = 11
ROW_COLUMNS: Final = 20
STATES: Final = frozenset(
    {"currency", "debtor_number", "debtor_bank_code", "count", "total", "period", "employer"}
)
_TITLE: Final = re.compile("[0-9A-Za-z /()_.-]{1,60}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that differs from bank to bank and from payer to payer."""

    version: str
    payer: str  # both columns of the payer, one of them empty
    frequency: str
    payment_type: str
    line_end: str
    names: str  # the `Payment` field that is written as the worker's name
    name_max: int
    hours_ahead_of_utc: int
    basic_items: frozenset[str]
    allowances_in_extra: bool
    allowance_items: Mapping[str, int]  # place among `ALLOWANCES`, by a sheet's gross item
    reasons: Mapping[str, str]  # by a sheet's deduction
    other_note: str
    file_titles: str
    row_titles: str
    capabilities: Capabilities


def load(name: str, mapping: Mapping[str, object]) -> Profile:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    keys = Keys(name, mapping)
    keys.one_of("adapter", ("qatar_wps",))
    payer = keys.text("payer")
    if re.fullmatch("[0-9]{8}|[0-9]{11}", payer) is None:
        raise keys.wrong("payer", "8 digits of an establishment or 11 of a person")
    basic, table = frozenset(keys.texts("basic_items")), keys.inside("allowance_items")
    allowances = {item: ALLOWANCES.index(table.one_of(item, ALLOWANCES)) for item in table.all()}
    if both := sorted(basic & allowances.keys()):
        raise keys.wrong("basic_items", f"without {both[0]}, which is an allowance")
    deductions, titles = keys.inside("deductions"), keys.inside("titles")
    reasons = deductions.inside("reasons")
    names = keys.one_of("names", ("latin_name", "name"))
    profile = Profile(
        version=f"{keys.text('version')}-{digest(mapping)}",
        payer=f"{payer}," if len(payer) == len("12345678") else f",{payer}",
        frequency=keys.one_of("frequency", ("M", "B")),
        payment_type=_title(keys, "payment_type", keys.text("payment_type")),
        line_end=LINE_ENDS[keys.one_of("line_end", tuple(LINE_ENDS))],
        names=names,
        name_max=keys.number("name_max"),
        hours_ahead_of_utc=keys.number("hours_ahead_of_utc"),
        basic_items=basic,
        allowances_in_extra=keys.switch("allowances_in_extra_income"),
        allowance_items=allowances,
        reasons={
            item: reasons.one_of(item, ("01", "02", "03", "04", "99")) for item in reasons.all()
        },
        other_note=_title(deductions, "other_note", deductions.text("other_note")),
        file_titles=_titles(titles, "file", FILE_COLUMNS),
        row_titles=_titles(titles, "row", ROW_COLUMNS),
        capabilities=_capabilities(keys, names),
    )
    for one in (keys, deductions, titles):
        one.none_left()
    return profile


def _titles(keys: Keys, key: str, columns: int) -> str:
    titles = keys.texts(key)
    if len(titles) != columns:
        raise keys.wrong(key, f"a list of {columns} titles")
    return ",".join(_title(keys, key, title) for title in titles)


def _title(keys: Keys, key: str, text: str) -> str:
    if _TITLE.fullmatch(text) is None:
        raise keys.wrong(key, "1 to 60 letters, digits, blanks and / ( ) _ . -")
    return text


def _capabilities(keys: Keys, names: str) -> Capabilities:
    payments_max, amount_max = keys.number("payments_max"), keys.number("amount_max")
    if amount_max > AMOUNT_MAX or payments_max > 999_999:  # noqa: PLR2004  (six digits)
        raise keys.wrong("amount_max", f"at most {AMOUNT_MAX}, and payments_max six digits")
    own = frozenset({"account", "bank_code", "amount", names})
    return Capabilities(
        format=f"Qatar WPS SIF: {keys.text('title')}",
        currencies=frozenset({"QAR"}),
        charset="ascii",
        payments_max=payments_max,
        bytes_max=LINE_BYTES_MAX * (payments_max + 3),
        amount_max=amount_max,
        carries=own | {"wage.id_number", "wage.days", "wage.gross", "wage.deducted"},
        states=STATES,
        needs=own | {"wage"},
        file_names="SIF_EMPLOYER_BANK_YYYYMMDD_HHMM.csv",
        answers=Answers.WHOLE_FILE,
        confidence=keys.member("confidence", Confidence),
    )
