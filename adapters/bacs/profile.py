"""What one service user's bank gave it, every key checked before the first batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from adapters._keys import Keys
from adapters._profiled import digest
from disburse.adapter import Capabilities, Confidence

LABEL: Final = 80  # columns
DATA: Final = 100
AMOUNT_MAX: Final = 2_000_000_000  # pence: what Bacs takes in one credit
TOTAL_MAX: Final = 99_999_999_999  # eleven digits in the contra record
SEQUENCE_MAX: Final = 999_999
CHARACTERS: Final = "0-9A-Z.&/ -"
LINE_ENDS: Final = {"crlf": "\r\n", "lf": "\n"}
SATURDAY: Final = 5
CARRIES: Final = frozenset({"reference", "account", "bank_code", "amount"})
STATES: Final = frozenset(
    {"reference", "sequence", "pay_on", "currency", "debtor_number", "debtor_bank_code", "count",
     "total"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Everything that differs from service user to service user."""

    version: str
    service_user: str
    originator: str
    names: str  # the `Payment` field that is written as the worker's name
    line_end: str
    hours_ahead_of_utc: int
    holidays: frozenset[date]
    capabilities: Capabilities

    def works_on(self, day: date) -> bool:
        """Return whether Bacs processes on `day`."""
        return day.weekday() < SATURDAY and day not in self.holidays

    def near(self, day: date, step: int) -> date:
        """Return the working day before (`step` -1) or after (1) `day`."""
        found = day + timedelta(days=step)
        while not self.works_on(found):
            found += timedelta(days=step)
        return found


def load(name: str, mapping: Mapping[str, object]) -> Profile:
    """Check a whole profile, or raise `BadProfile` naming the key and what it must be."""
    keys = Keys(name, mapping)
    keys.one_of("adapter", ("bacs",))
    user, originator = keys.text("service_user"), keys.text("originator")
    if re.fullmatch("[0-9]{6}", user) is None:
        raise keys.wrong("service_user", "6 digits")
    if re.fullmatch(f"[{CHARACTERS}]{{1,18}}", originator) is None:
        raise keys.wrong("originator", "up to 18 capitals, digits, blanks and . & / -")
    names = keys.one_of("names", ("latin_name", "name"))
    written = {**mapping, "holidays": str(mapping.get("holidays"))}  # JSON knows no days
    profile = Profile(
        version=f"{keys.text('version')}-{digest(written)}",
        service_user=user,
        originator=originator,
        names=names,
        line_end=LINE_ENDS[keys.one_of("line_end", tuple(LINE_ENDS))],
        hours_ahead_of_utc=keys.number("hours_ahead_of_utc"),
        holidays=frozenset(keys.dates("holidays")),
        capabilities=_capabilities(keys, names),
    )
    keys.none_left()
    return profile


def _capabilities(keys: Keys, names: str) -> Capabilities:
    payments_max, amount_max = keys.number("payments_max"), keys.number("amount_max")
    if amount_max > AMOUNT_MAX:
        raise keys.wrong("amount_max", f"at most {AMOUNT_MAX}")
    return Capabilities(
        format=f"Bacs: {keys.text('title')}",
        currencies=frozenset({"GBP"}),
        charset="ascii",
        payments_max=payments_max,
        bytes_max=(DATA + 2) * (payments_max + 8),
        amount_max=amount_max,
        carries=CARRIES | {names},
        states=STATES,
        needs=CARRIES | {names},
        file_names="bacs_REFERENCE.txt",
        reports=("Bacs ARUCS",),
        deduplicates=keys.switch("deduplicates"),
        confidence=keys.member("confidence", Confidence),
    )
