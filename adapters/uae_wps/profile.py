"""What one agent bank's guide says, every key checked before the first batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters._keys import Keys
from adapters._profiled import digest
from disburse.adapter import Answers, Capabilities, Confidence

# The columns of an EVP record, in their order.
VARIABLE: Final = (
    "housing", "conveyance", "medical", "annual_passage", "overtime", "other", "leave_encashment",
)  # fmt: skip
AMOUNT_MAX: Final = 99_999_999_999_999  # 15 characters with the point: fils
CARRIES: Final = frozenset(
    {"account", "bank_code", "amount", "wage.id_number", "wage.worked_from", "wage.worked_to"}
)
LEAVE: Final = frozenset({"wage.days"})  # told by the days of unpaid leave
STATES: Final = frozenset(
    {"reference", "currency", "debtor_bank_code", "count", "total", "period", "employer"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that differs from bank to bank."""

    version: str
    employee_id: re.Pattern[str]
    fixed_items: frozenset[str]
    variable_items: Mapping[str, int]  # place among `VARIABLE`, by a sheet's gross item
    leave_counted: bool
    control_first: bool
    bank_by_iban: bool
    hours_ahead_of_utc: int
    capabilities: Capabilities


def load(name: str, mapping: Mapping[str, object]) -> Profile:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    keys = Keys(name, mapping)
    keys.one_of("adapter", ("uae_wps",))
    file, variable = keys.inside("file"), keys.inside("variable_items")
    fixed_items = frozenset(keys.texts("fixed_items"))
    places = {item: VARIABLE.index(variable.one_of(item, VARIABLE)) for item in variable.all()}
    if both := sorted(fixed_items & places.keys()):
        raise keys.wrong("fixed_items", f"without {both[0]}, which is among variable_items")
    leave_counted = file.one_of("unpaid_leave", ("none", "days_not_paid")) == "days_not_paid"
    profile = Profile(
        version=f"{keys.text('version')}-{digest(mapping)}",
        employee_id=keys.regex("employee_id", keys.text("employee_id")),
        fixed_items=fixed_items,
        variable_items=places,
        leave_counted=leave_counted,
        control_first=file.one_of("control_record", ("last", "first")) == "first",
        bank_by_iban=file.switch("bank_by_iban"),
        hours_ahead_of_utc=file.number("hours_ahead_of_utc"),
        capabilities=_capabilities(keys, file, CARRIES | LEAVE if leave_counted else CARRIES),
    )
    for table in (keys, file, variable):
        table.none_left()
    return profile


def _capabilities(keys: Keys, file: Keys, carries: frozenset[str]) -> Capabilities:
    amount_max = file.number("amount_max")
    if amount_max > AMOUNT_MAX:
        raise file.wrong("amount_max", f"at most {AMOUNT_MAX}")
    payments_max = file.number("payments_max")
    return Capabilities(
        format=f"UAE WPS SIF: {keys.text('title')}",
        currencies=frozenset({"AED"}),
        charset="ascii",
        payments_max=payments_max,
        bytes_max=400 * (payments_max + 1),  # the widest EDR and EVP together
        amount_max=amount_max,
        carries=carries,
        states=STATES,
        needs=frozenset({"account", "bank_code", "amount", "wage"}),
        file_names="EEEEEEEEEEEEEYYMMDDHHMMSS.SIF: employer, and when it was made",
        answers=Answers.WHOLE_FILE,
        deduplicates=True,  # by the file's name
        confidence=keys.member("confidence", Confidence),
    )
