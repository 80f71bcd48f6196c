"""`disburse keys`: the keys that personal data are sealed with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import timedelta
from functools import partial

import click

from disburse.cli import answer
from disburse.cli.installation import Installation, actor, as_option, opened
from disburse.sealing.local import new_key
from disburse.steps.privacy.shred import shred as destroy
from disburse.storage import embedded, resealing, rotation, seals
from disburse.storage.engine import Transaction

YEAR = 365


@click.group()
def keys() -> None:
    """Make, rotate and destroy the keys that personal data are sealed with.

    To change the master key: put a new one (`keys new`) on the line before the old one, restart
    every process, run `keys rotate`, and take the old line away.
    """


@keys.command()
@answer.json_option
def new(*, as_json: bool) -> None:
    """Make a master key, to be put into DISBURSE_MASTER_KEY_FILE; it is shown once."""
    made = new_key()
    answer.tell({"master_key": made}, as_json=as_json, lines=[made])


@keys.command()
@click.option(
    "--older-than",
    type=click.IntRange(0),
    metavar="DAYS",
    default=YEAR,
    show_default=True,
    help="Give projects a new key whose own is older.",
)
@answer.json_option
def rotate(*, older_than: int, as_json: bool) -> None:
    """Renew every key that is old, and wrap all with the newest; killed, it goes on where it was.

    Everybody may work meanwhile: whatever was sealed is read by the number of its key. Keys that
    were retired are destroyed by the next run that comes a day later.
    """
    with opened(embedded.WORK) as here:
        done = dict.fromkeys(("roots", "projects", "records", "retired", "values", "destroyed"), 0)
        for name, count in _chunks(here, older_than, as_json=as_json):
            done[name] += count
    wrapped = (
        f"{done['roots']} root keys are wrapped with the newest master key; {done['projects']} "
        f"projects have a new key, which wraps {done['records']} keys of people and months"
    )
    renewed = (
        f"{done['retired']} keys of people, months and the installation were too old: "
        f"{done['values']} values are sealed anew; {done['destroyed']} keys that were retired "
        "before are destroyed"
    )
    answer.tell(done, as_json=as_json, lines=[wrapped, renewed])


def _chunks(here: Installation, older_than: int, *, as_json: bool) -> Iterator[tuple[str, int]]:
    """Do chunk after chunk, each in a transaction, and show how far it is."""
    before = here.now - timedelta(days=older_than)
    with here.begin() as tx:
        label = seals.keychain_of(tx).master.label()
        left = rotation.left(tx, label=label, before=before) | resealing.left(tx, before=before)
    steps: list[tuple[str, Callable[[Transaction], int]]] = [
        ("roots", partial(rotation.wrap_roots, label=label)),
        ("projects", partial(rotation.renew_project, before=before)),
        ("records", rotation.wrap_records),
        ("retired", partial(resealing.retire, before=before)),
        *(("values", partial(resealing.reseal, table=table)) for table in resealing.TABLES),
        ("destroyed", partial(resealing.destroy, now=here.now)),
    ]
    with answer.counting(sum(left.values()), "rotating", quiet=as_json) as advance:
        for name, step in steps:
            while True:
                with here.begin() as tx:
                    count = step(tx)
                if not count:
                    break
                advance(count)
                yield name, count


@keys.command()
@click.option("--project", "project_id", type=click.IntRange(1), required=True)
@click.option("--reason", required=True)
@click.confirmation_option("--yes", prompt="Nobody can undo this. Delete the personal data?")
@as_option
@answer.json_option
def shred(*, project_id: int, reason: str, acting: str | None, as_json: bool) -> None:
    """Destroy a project's keys when retention is over; nothing personal can be read again."""
    with opened() as here, here.begin() as tx:
        done = destroy(
            tx, caller=actor(tx, acting), project_id=project_id, reason=reason, now=here.now
        )
    answer.tell(asdict(done), as_json=as_json)
