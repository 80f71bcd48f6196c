"""Which establishments paid a month's wages on time, by their currency's law; for operators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from disburse.domain.gauge import Gauge, Rule, due_on, rule_for
from disburse.storage import gauged
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Establishment:
    """One employer, over all its projects here."""

    registration: str
    name: str
    wages: int  # how many
    gauge: Gauge


@dataclass(frozen=True, slots=True, kw_only=True)
class OnTime:
    """What a rule makes of one month."""

    rule: Rule
    due_on: date
    establishments: tuple[Establishment, ...]


def on_time(tx: Transaction, *, period: date, currency: str) -> OnTime | None:
    """Measure every establishment with wages of `period`; None where no rule is in force."""
    rule = rule_for(currency, period)
    if rule is None:
        return None
    due = due_on(rule, period)
    rows = gauged.by_employer(tx, period=period, currency=currency, due=due)
    return OnTime(
        rule=rule,
        due_on=due,
        establishments=tuple(
            Establishment(
                registration=row["registration"],
                name=row["name"],
                wages=row["wages"],
                gauge=Gauge(
                    total=row["total"],
                    on_time=row["on_time"],
                    underway=row["underway"],
                    least=rule.least,
                ),
            )
            for row in rows
        ),
    )
