"""`disburse profile new` and `check`: a bank's format written down without Python."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from disburse import banks
from disburse.cli import answer
from disburse.kit import profiles

FAULTY: Final = 1  # exit status of a profile that cannot be used
RULER_EVERY: Final = 10


@click.group()
def profile() -> None:
    """Describe a bank's files in a profile, and see what they would look like."""


@profile.command()
@click.argument("like", metavar="ADAPTER:PROFILE")
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="Your profile, such as my_bank.toml; never written over.")  # fmt: skip
@answer.json_option
def new(like: str, out: Path, *, as_json: bool) -> None:
    """Start a profile as a copy of one that is installed, comments and all."""
    text = banks.shipped_text(like)
    with out.open("x", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    facts = {"profile": str(out), "like": like}
    lines = (f"{out}: change what the bank's guide says, then: disburse profile check {out}",)
    answer.tell(facts, as_json=as_json, lines=lines)


@profile.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True, readable=True))
@answer.json_option
@click.pass_context
def check(ctx: click.Context, file: Path, *, as_json: bool) -> None:
    """Check FILE.toml; show all that is wrong, or where everything stands in the bank's file.

    Ends with status 1 when something is wrong.
    """
    found = profiles.check(file)
    if as_json:
        facts = {
            "profile": str(file),
            "ok": not found.faults,
            "faults": found.faults,
            "layout": found.layout,
            "file_name": found.file_name,
            "sample": found.sample,
        }
        answer.tell(facts, as_json=True)
    else:
        _show(file, found)
    if found.faults:
        ctx.exit(FAULTY)


def _show(file: Path, found: profiles.Checked) -> None:
    if found.faults or found.adapter is None:
        for fault in found.faults:
            click.echo(fault)
        click.echo(f"{len(found.faults)} to mend in {file}")
        return
    able = found.adapter.capabilities
    if found.layout:
        names = ("Line", "Column", "What stands there", "Where", "Form")
        answer.table(able.format, names, found.layout)
    click.echo(f"{found.file_name}, with {profiles.SAMPLE} invented payments:\n")
    lines = found.sample.splitlines()
    click.echo(_ruler(max((len(one.encode("gb18030")) for one in lines), default=0)))
    for line in lines:
        click.echo(line)
    click.echo(
        f"\nThe profile can be used: put it into the folder of DISBURSE_PROFILES and enable"
        f" {found.adapter.name}; then `disburse certify {found.adapter.name}` tries all of it."
    )


def _ruler(length: int) -> str:
    """Return tens over a line; on a terminal a Chinese character is as wide as its two bytes."""
    tens = range(RULER_EVERY, length + RULER_EVERY, RULER_EVERY)
    return "".join(f"{ten:.>{RULER_EVERY}}" for ten in tens)
