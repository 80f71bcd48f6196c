"""`disburse gauge`: who paid a month's wages on time, as the law measures it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Final

import click

from disburse.cli import answer
from disburse.cli.installation import opened
from disburse.domain.gauge import RULES
from disburse.domain.money import write
from disburse.domain.refusal import Refusal
from disburse.queries.on_time import Establishment, on_time
from disburse.storage import embedded
from disburse.storage.engine import read_only

BELOW: Final = 1  # exit status when somebody is below the law's share


class NoRule(Refusal):
    """No law that is known here measures these wages."""

    code = "no-rule"


@click.command()
@click.option("--month", required=True, metavar="YYYY-MM", help="The month that was worked.")
@click.option("--currency", default="AED", show_default=True, help="Of the wages.")
@answer.json_option
@click.pass_context
def gauge(ctx: click.Context, *, month: str, currency: str, as_json: bool) -> None:
    """Measure how much of a month's wages each establishment transferred on time.

    Ends with status 1 when one is below the law's share by the bank's word.
    """
    period = _period(month)
    with opened(embedded.WORK) as here, read_only(here.begin)() as tx:
        found = on_time(tx, period=period, currency=currency)
    if found is None:
        known = ", ".join(f"{one.name} ({one.currency}, from {one.in_force})" for one in RULES)
        raise NoRule(f"no rule is in force for {currency[:10]} in {month}; known: {known}")
    rows = found.establishments
    if as_json:
        told = [asdict(one) | {"share": one.gauge.share, "complies": one.gauge.complies,
                               "may_comply": one.gauge.may_comply} for one in rows]  # fmt: skip
        rule = asdict(found.rule)
        answer.tell({"rule": rule, "due_on": found.due_on, "establishments": told}, as_json=True)
    else:
        title = f"{found.rule.source}: {_percent(found.rule.least)} by {found.due_on}"
        columns = ("Establishment", "Name", "Wages", "Total", "On time", "Underway", "Share", "")
        answer.table(title, columns, (_row(one, currency) for one in rows))
    if not all(one.gauge.complies for one in rows):
        ctx.exit(BELOW)


def _row(one: Establishment, currency: str) -> tuple[object, ...]:
    measured = one.gauge
    verdict = "yes" if measured.complies else "not yet" if measured.may_comply else "no"
    amounts = (write(a, currency) for a in (measured.total, measured.on_time, measured.underway))
    return (one.registration, one.name, one.wages, *amounts, _percent(measured.share), verdict)


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02d} %"


def _period(month: str) -> date:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        raise click.BadParameter("a month such as 2026-07", param_hint="--month") from None
