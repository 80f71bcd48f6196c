"""How much of an establishment's wages was transferred on time, as a law wants it measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

WHOLE: Final = 10_000  # basis points


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One law's measure, from the day it is in force; a later one replaces it."""

    name: str
    source: str
    currency: str  # of the wages that it is about
    in_force: date
    due_day: int  # of the month after the pay month: a transfer on it is on time
    least: int  # basis points of the total that must be on time


RULES: Final = (
    Rule(
        name="ae-340-2026",
        source="UAE, MoHRE Resolution 340 of 2026",
        currency="AED",
        in_force=date(2026, 6, 1),
        due_day=1,
        least=8_500,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One establishment's wages of one month, in minor units."""

    total: int  # owed, whether payable or set aside
    on_time: int  # paid by the bank's word, dated not after the day
    underway: int  # with the bank, for a pay date not after the day; nobody knows yet
    least: int  # basis points

    @property
    def share(self) -> int:
        """Return what was on time, in basis points, rounded down; nothing owed is all on time."""
        return self.on_time * WHOLE // self.total if self.total else WHOLE

    @property
    def complies(self) -> bool:
        """Return whether the bank's word is enough already."""
        return self.on_time * WHOLE >= self.least * self.total

    @property
    def may_comply(self) -> bool:
        """Return whether it is enough if everything underway was on time."""
        return (self.on_time + self.underway) * WHOLE >= self.least * self.total


def due_on(rule: Rule, period: date) -> date:
    """Return the last day on which wages of the month `period` are on time."""
    year, month = divmod(period.year * 12 + period.month, 12)
    return date(year, month + 1, rule.due_day)


def rule_for(currency: str, period: date) -> Rule | None:
    """Return the newest rule that is in force when wages of `period` fall due; None without."""
    found = [
        one for one in RULES if one.currency == currency and one.in_force <= due_on(one, period)
    ]
    return max(found, key=lambda one: one.in_force, default=None)
