"""The commands of `disburse setup`."""

from __future__ import annotations

from pathlib import Path

import click

from disburse import banks
from disburse.cli import answer
from disburse.cli.installation import actor, as_option, opened
from disburse.cli.setup.files import read
from disburse.cli.setup.forms import ALL
from disburse.cli.setup.load import Loader
from disburse.domain.access import CONFIRMED_BY
from disburse.sheetfile.table_template import write_tables
from disburse.storage import confirmations
from disburse.storage.confirmations import WaitingAccount


@click.group()
def setup() -> None:
    """Set up organisations, projects, accounts, parties, people and workers from tables."""


@setup.command()
@click.argument("place", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--officer",
    metavar="LOGIN",
    help="Who enrols the workers [the contractor's only labour officer].",
)
@as_option
@answer.lang_option
@answer.json_option
def load(*, place: Path, officer: str | None, acting: str | None, as_json: bool) -> None:
    """Do what the tables in PLACE say: a folder of CSV and XLSX files, or one workbook.

    The tables are organisations, projects, accounts, parties, people and workers; any may be
    missing. All of it is done, or nothing; again is no harm.
    """
    with answer.waiting(f"reading {place.name}"):
        tables = read(place)
    with opened() as here:
        enabled = banks.load(here.settings.adapters, here.settings.profiles)
        with here.begin() as tx:
            loader = Loader(tx, actor(tx, acting), officer, enabled, here.now)
            done = loader.load(tables)
            waits = confirmations.accounts(tx, None)
    rows = {name: len(found) for name, found in tables.rows.items()}
    lines = [f"{name}: {count} rows, {done.get(name, 0)} new" for name, count in rows.items()]
    if loader.kept_back:
        lines.append(
            f"workers: {loader.kept_back} wait for a confirmed labour officer; load this again then"
        )
    lines += map(_who_confirms, waits)
    told = {
        "rows": rows,
        "new": done,
        "kept_back": loader.kept_back,
        "waiting": [one.login for one in waits],
        "findings": tables.wrong,
    }
    answer.tell(told, as_json=as_json, lines=lines)


def _who_confirms(account: WaitingAccount) -> str:
    kinds = " or ".join(sorted(CONFIRMED_BY[account.organisation_kind])).replace("_", " ")
    return (
        f"waits: {account.login} is {', '.join(account.roles)} of {account.organisation_name} once "
        f"a {kinds}, or another confirmed person of its own, runs: disburse confirm {account.login}"
    )


@setup.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def template(*, file: Path) -> None:
    """Write an empty workbook with every table."""
    with file.open("xb") as new:
        write_tables(new, [(form.titles, form.columns) for form in ALL])
    click.echo(f"written: {file}")
