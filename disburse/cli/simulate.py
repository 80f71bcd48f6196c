"""`disburse simulate`: paydays with a bank that errs and processes that die."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import click

from disburse.cli import answer
from disburse.cli.signals import stopped_in_order
from disburse.simulator.abreast import live_all
from disburse.simulator.account import Account
from disburse.simulator.find import Found
from disburse.simulator.lives import STEPS_OF_A_LIFE, parts

FOUND: Final = 1  # exit status
STEPS: Final = 1_000
STEPS_MAX: Final = 1_000_000_000  # a year's work of one processor


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True,
              help="Of the first life; each further one counts up.")  # fmt: skip
@click.option("--steps", type=click.IntRange(1, STEPS_MAX), default=STEPS, show_default=True,
              help=f"In all; a life has {STEPS_OF_A_LIFE}.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1, os.cpu_count() or 1), default=1, show_default=True,
              help="Lives at once, each on a server of its own.")  # fmt: skip
@answer.json_option
@click.pass_context
def simulate(ctx: click.Context, *, seed: int, steps: int, jobs: int, as_json: bool) -> None:
    """Simulate paydays: the real steps, worker and database, with everything that breaks.

    Processes die at random commits, the line to the bank breaks, and the bank loses, doubles,
    garbles, reorders and forgets. After every step the books are held against the bank's own
    memory; in the end everybody must have the money, once. One seed is one run, here and anywhere.

    It makes a database of its own and removes it; a configured one is never touched. Ends with
    status 1 and what repeats it when something does not hold.
    """
    account, chosen = Account(), parts(seed, steps)
    with (
        stopped_in_order(),
        answer.counting(steps, "simulating", quiet=as_json) as advance,
    ):
        for lived in live_all(chosen, jobs=min(jobs, len(chosen)), tell=advance):
            account.add(lived)
    seeds = {"first": seed, "last": seed + len(chosen) - 1}
    if as_json:
        answer.tell({"seeds": seeds, **account.told()}, as_json=True)
    else:
        _show(account, seeds)
    if account.found:
        ctx.exit(FOUND)


def _show(account: Account, seeds: Mapping[str, int]) -> None:
    for title, counted in (
        ("What happened", account.acts),
        ("What was refused", account.refused),
        ("What broke", account.faults),
        ("What was checked", account.checks),
    ):
        answer.table(title, ("", "Count"), sorted(counted.items()))
    if account.found:
        _show_find(account.found)
        return
    click.echo(
        f"{account.steps} steps in {account.lives} lives (seeds {seeds['first']} to "
        f"{seeds['last']}), {account.payments} payments at the bank: nobody was paid twice, "
        "nobody was forgotten, the books prove"
    )


def _show_find(found: Found) -> None:
    where = "while the bank got healthy, after" if found.healing else "at"
    click.echo(f"FOUND {where} step {found.step} of seed {found.seed}: {found.what}")
    click.echo(f"the last acts: {', '.join(found.acts)}")
    click.echo(f"where: {found.trace}")
    click.echo(f"it comes again with: disburse simulate --seed {found.seed} --steps {found.step}")
