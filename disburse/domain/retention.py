"""How long personal data must be kept, and from when on they may be deleted for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from disburse.domain.refusal import Refusal


class StillKept(Refusal):
    """The personal data must be kept for longer; `facts` say until when or why."""

    code = "still-kept"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule wants kept, and for how many whole years after the project's end."""

    what: str
    years: int
    source: str


# The longest of these counts. Where a contract or another country's law asks for more, a project
# simply is not shredded, or a legal hold is placed.
RULES: Final = (
    Rule(
        "pay ledgers: who was paid what, when",
        3,
        "State Council Order 724, article 15: at least three years",
    ),
    Rule(
        "the project's employment ledger",
        3,
        "Order 724, article 28: at least three years after completion and full settlement",
    ),
    Rule(
        "personal information, no longer than its purpose needs",
        0,
        "Personal Information Protection Law, articles 19 and 47",
    ),
)
YEARS: Final = max(rule.years for rule in RULES)


def kept_until(ends_on: date, last_paid_on: date | None) -> date:
    """Return the last day of retention: whole years after the end, or after the last payment."""
    begins = max(ends_on, last_paid_on or ends_on)
    year = begins.year + YEARS
    if (begins.month, begins.day) == (2, 29):
        return date(year, 3, 1)
    return begins.replace(year=year)


def require_over(*, until: date, today: date, unsettled: int, holds: int) -> None:
    """Raise `StillKept` unless retention is over, everybody is paid and nobody holds the data."""
    why = []
    if today <= until:
        why.append(f"the law wants them kept until {until}")
    if unsettled:
        why.append(f"{unsettled} wages are not settled")
    if holds:
        why.append(f"{holds} legal holds stand; two people have to lift each")
    if why:
        raise StillKept(
            f"personal data of this project cannot be deleted: {'; '.join(why)}",
            until=until,
            unsettled=unsettled,
            holds=holds,
        )
