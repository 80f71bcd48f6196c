"""`disburse status`, `prove` and `adapters`: how things stand."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

import click

from disburse import banks
from disburse.cli import answer
from disburse.cli.installation import opened, settings
from disburse.domain import money
from disburse.domain.refusal import Refusal
from disburse.queries.figures import Figure, figures
from disburse.queries.prove import prove as prove_books
from disburse.storage import embedded
from disburse.storage.engine import read_only

DIFFERENT: Final = 1  # exit status of books that do not prove


@click.command()
@answer.json_option
def status(*, as_json: bool) -> None:
    """Show everything that is open: how much stands where, and since when."""
    with opened() as here, read_only(here.begin)() as tx:
        found = figures(tx)
    if as_json:
        answer.tell(asdict(found), as_json=True)
        return
    for title, rows in (
        ("Sheets", found.sheets),
        ("Bank files", found.files),
        ("Payments with the bank", found.payments),
    ):
        answer.table(title, ("State", "Count", "Amount", "", "Oldest"), map(_figure, rows))
    answer.table(
        "Special accounts",
        ("Column", "Amount", ""),
        (
            (one.name, _amount(one.amount, one.currency), one.currency)
            for one in found.columns
            if one.amount
        ),
    )
    answer.table(
        "Anomalies that nobody resolved",
        ("", "Count", "Oldest"),
        (
            ("red" if one.red else "to look at", one.count, _day(one.oldest))
            for one in found.anomalies
        ),
    )


@click.command()
@click.option("--deep", is_flag=True, help="Digest all kept bytes again, too.")
@answer.json_option
@click.pass_context
def prove(ctx: click.Context, *, deep: bool, as_json: bool) -> None:
    """Check every invariant of the books; ends with status 1 when one does not hold."""
    with (
        answer.waiting("proving the books"),
        opened(embedded.WORK) as here,  # a proof over some projects' rows would be none
        read_only(here.begin)() as tx,
    ):
        proof = prove_books(tx, deep=deep)
    if as_json:
        answer.tell({"ok": proof.ok, **asdict(proof)}, as_json=True)
    else:
        answer.table("Looked at", ("Table", "Rows"), proof.looked_at.items())
        answer.table(
            "Differences",
            ("Invariant", "Where", "Parts"),
            ((one.invariant, _pairs(one.where), _pairs(one.parts)) for one in proof.differences),
        )
        answer.table(
            "Not booked yet by the bank",
            ("Project", "Account", "What", "Reported", "Booked", "Since"),
            (
                (one.project_id, one.account_id, one.what, one.reported, one.booked, one.since)
                for one in proof.unbooked
            ),
        )
        count = len(proof.checked)
        click.echo(f"{count} invariants hold" if proof.ok else "THE BOOKS DO NOT PROVE")
    if not proof.ok:
        ctx.exit(DIFFERENT)


@click.command()
@answer.json_option
def adapters(*, as_json: bool) -> None:
    """List the bank adapters that are installed, and those that are enabled."""
    chosen = settings()
    enabled = banks.load(chosen.adapters, chosen.profiles)
    installed = banks.announced()
    known = [_known(one, name) for one in installed for name in _names(one)]
    facts = {
        "adapters": known,
        "installed": [asdict(one) for one in installed],
        "enabled": {
            name: {
                "version": one.version,
                "format": one.capabilities.format,
                "capabilities": asdict(one.capabilities) | {"digits": one.capabilities.digits},
            }
            for name, one in enabled.items()
        },
    }
    if as_json:
        answer.tell(facts, as_json=True)
        return
    answer.table(
        "Installed",
        ("Adapter", "Format", "Version", "From", "Confidence"),
        (
            (one["name"], one["format"], one["version"], one["distribution"], one["confidence"])
            for one in known
        ),
    )
    answer.table(
        "Enabled by DISBURSE_ADAPTERS",
        ("Name", "Format", "Version", "Confidence"),
        (
            (name, one.capabilities.format, one.version, one.capabilities.confidence)
            for name, one in enabled.items()
        ),
    )


def _names(one: banks.Announced) -> list[str]:
    """Return the bare name, where it is something without a profile, and each shipped profile."""
    profiled = [f"{one.name}:{profile}" for profile in one.profiles]
    try:
        banks.load([one.name])
    except Refusal:
        return profiled or [one.name]
    return [one.name, *profiled]


def _known(one: banks.Announced, name: str) -> dict[str, object]:
    """Return what an installed adapter says of itself, enabled or not."""
    try:
        adapter = banks.load([name])[name]
    except Refusal as why:  # such as one that ships no profile: it is told, and hides no other
        return {"name": name, "distribution": one.distribution, "version": one.version,
                "format": f"unusable: {why.detail}", "confidence": ""}  # fmt: skip
    able = adapter.capabilities
    return {
        "name": name,
        "format": able.format,
        "version": adapter.version,
        "distribution": one.distribution,
        "distribution_version": one.version,
        "confidence": able.confidence,
        "capabilities": asdict(able) | {"digits": able.digits},
    }


def _figure(one: Figure) -> tuple[object, ...]:
    return one.state, one.count, _amount(one.amount, one.currency), one.currency, _day(one.oldest)


def _amount(minor: int, currency: str) -> str:
    return money.write(minor, currency)


def _day(instant: object) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant is not None else ""


def _pairs(facts: object) -> str:
    assert isinstance(facts, dict)  # noqa: S101  (as `Difference` says)
    return ", ".join(f"{name} {value}" for name, value in facts.items())
