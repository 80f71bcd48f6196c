"""`disburse calendar`: on which days banks work; loaded year by year, as it is published."""

from __future__ import annotations

from pathlib import Path

import click

from disburse import calendars
from disburse.cli import answer
from disburse.cli.installation import actor, as_option, opened
from disburse.queries.calendars import missing
from disburse.steps.parties.keep_calendar import keep_calendar
from disburse.storage import calendars as stored


@click.group()
def calendar() -> None:
    """Load and show published years of bank days."""


@calendar.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_option
@answer.json_option
def load(*, files: tuple[Path, ...], acting: str | None, as_json: bool) -> None:
    """Load years from FILES; without any, those that come along."""
    years = [calendars.read(one.read_bytes()) for one in files] or calendars.shipped()
    with opened() as here, here.begin() as tx:
        for year in years:
            keep_calendar(tx, caller=actor(tx, acting), year=year, now=here.now)
    told = [f"{year.zone} {year.year}" for year in years]
    lines = [f"loaded {name}: {year.source}" for name, year in zip(told, years, strict=True)]
    answer.tell({"loaded": told}, as_json=as_json, lines=lines)


@calendar.command()
@answer.json_option
def show(*, as_json: bool) -> None:
    """Show what is published, and warn of a near year that is not."""
    with opened() as here, here.begin() as tx:
        years = stored.every(tx)
        lacking = missing(tx, now=here.now)
    facts = {"years": [f"{year.zone} {year.year}" for year in years], "missing": lacking}
    lines = [f"{year.zone} {year.year}: {year.source}" for year in years]
    lines += [
        f"MISSING {zone} {year}: load it, or wages in it are planned on the last certain day before"
        for zone, year in lacking.items()
    ]
    answer.tell(facts, as_json=as_json, lines=lines)
