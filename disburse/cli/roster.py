"""`disburse roster`: the workers of a site, from a table."""

from __future__ import annotations

from pathlib import Path

import click

from disburse.cli import answer
from disburse.cli.installation import actor, as_option, opened
from disburse.domain.access import Role
from disburse.domain.finding import Effect
from disburse.door import day
from disburse.sheetfile.reading import media_type_of
from disburse.sheetfile.roster import COLUMNS, TITLES, read_roster
from disburse.sheetfile.table_template import write_tables
from disburse.steps.parties.enrol import RosterRefused, enrol
from disburse.storage import parties, tenancy

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)
NEW_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def roster() -> None:
    """Put workers on the roster of a project."""


@roster.command("import")
@click.argument("file", type=FILE)
@click.option("--project", required=True, metavar="CODE")
@click.option("--employer", required=True, metavar="NUMBER", help="The subcontractor's number.")
@as_option
@answer.lang_option
@answer.json_option
def import_(*, file: Path, project: str, employer: str, acting: str | None, as_json: bool) -> None:
    """Enrol the workers of FILE (CSV or XLSX): all of them, or nobody.

    It is the general contractor's labour officer who enrols: --as, or the only one.
    """
    with opened() as here, here.begin() as tx:
        tenancy.stand_as_operator(tx)  # only to look the contractor up
        site = parties.project_by_code(tx, project)
        officer = actor(tx, acting, Role.LABOUR_OFFICER, organisation_id=site.general_contractor_id)
        with answer.waiting(f"reading {file.name}"):
            read = read_roster(
                file.read_bytes(), media_type_of(file.name), today=day(site, here.now)
            )
        if read.collected.refuses_sheet or any(
            one.effect is Effect.BLOCKS_LINE for one in read.findings
        ):
            raise RosterRefused(
                f"{file.name} has {read.collected.total} faults; nobody was enrolled", read.findings
            )
        count = enrol(
            tx,
            caller=officer,
            project_id=site.id,
            registration=employer,
            enrolments=read.enrolments,
            rows=read.rows,
            now=here.now,
        )
    advice = answer.findings_of(read.findings)
    if not as_json:
        answer.show_findings(advice)
    answer.tell(
        {"enrolled": count, "findings": advice},
        as_json=as_json,
        lines=[f"{count} workers are on the roster of {project}"],
    )


@roster.command()
@click.argument("file", type=NEW_FILE)
def template(*, file: Path) -> None:
    """Write an empty roster, as XLSX with text cells."""
    with file.open("xb") as new:
        write_tables(new, [(TITLES, COLUMNS)])
    click.echo(f"written: {file}")
