"""`disburse read`: what a bank sent, an answer or account statements, without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from disburse import banks
from disburse.adapter import (
    Adapter,
    EntryPart,
    EntryStatus,
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Record,
    StatementClosed,
    StatementEntry,
    StatementOpened,
    StatementRecord,
    UnreadableReport,
    UnreadableStatement,
)
from disburse.cli import answer
from disburse.cli.installation import settings
from disburse.domain import money

UNREAD: Final = 1  # exit status of a file of which nothing could be read
REPORT_BYTES_MAX: Final = 1 << 28  # as large as the largest bank file
_READABLE: Final = click.Path(path_type=Path, dir_okay=False, exists=True, readable=True)


@click.command()
@click.argument("adapter")
@click.argument("file", type=_READABLE)
@answer.json_option
@click.pass_context
def read(ctx: click.Context, adapter: str, file: Path, *, as_json: bool) -> None:
    """Read what a bank sent: every record, what could not be read, and totals.

    FILE is the bank's answer to a file of ours, or account statements. Ends with status 1 when
    nothing could be read.
    """
    bank = banks.load([adapter], settings().profiles)[adapter]
    if file.stat().st_size > REPORT_BYTES_MAX:
        raise click.UsageError(f"{file} is larger than any answer, {REPORT_BYTES_MAX} bytes")
    content = file.read_bytes()
    try:
        facts, only_quarantined = _read(bank, content)
    except (UnreadableReport, UnreadableStatement) as refusal:
        answer.refuse(ctx, refusal)
        ctx.exit(UNREAD)
    if as_json:
        answer.tell(facts, as_json=True)
    else:
        _show(facts)
    if only_quarantined:
        ctx.exit(UNREAD)


def _read(bank: Adapter, content: bytes) -> tuple[dict[str, object], bool]:
    """Return what the file says, and whether nothing of it could be read; or raise a refusal.

    Of two refusals the statement's counts where something was read as one before it.
    """
    try:
        reports = list(bank.read_report(content))
    except UnreadableReport as refusal:
        statements: list[StatementRecord] = []
        try:
            statements.extend(bank.read_statement(content))
        except UnreadableStatement as other:
            raise (other if statements else refusal) from other
        return _statement_facts(bank, statements), False
    only_quarantined = all(isinstance(one, Quarantined) for one in reports)
    return _facts(bank, reports), bool(reports) and only_quarantined


def _facts(bank: Adapter, records: Iterable[Record]) -> dict[str, object]:
    found: dict[str, list[dict[str, object]]] = {"records": [], "files": [], "quarantine": []}
    totals: dict[str, list[PaymentAnswer]] = defaultdict(list)
    for one in records:
        match one:
            case PaymentAnswer():
                totals[one.result].append(one)
                found["records"].append(_payment(bank, one))
            case FileAnswer():
                found["files"].append(_named(one))
            case Quarantined():
                found["quarantine"].append(_named(one))
    return {
        "adapter": bank.name,
        "adapter_version": bank.version,
        **found,
        "totals": {result: _total(bank, of) for result, of in totals.items()},
        "count": sum(map(len, found.values())),
    }


def _named(one: Record | StatementRecord) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}


def _payment(bank: Adapter, one: PaymentAnswer) -> dict[str, object]:
    return _named(one) | {"amount": _decimal(bank, one), "currency": _currency(bank, one)}


def _decimal(bank: Adapter, one: PaymentAnswer) -> str | None:
    currency = _currency(bank, one)
    return None if one.amount is None or currency is None else money.write(one.amount, currency)


def _currency(bank: Adapter, one: PaymentAnswer) -> str | None:
    """Return the record's currency, or the only one that this bank has."""
    only = [*bank.capabilities.currencies] if len(bank.capabilities.currencies) == 1 else [None]
    return one.currency or only[0]


def _total(bank: Adapter, of: list[PaymentAnswer]) -> dict[str, object]:
    """Return count, and the sums by currency of those records that say their amount."""
    sums: dict[str, int] = defaultdict(int)
    for one in of:
        if one.amount is not None and (currency := _currency(bank, one)):
            sums[currency] += one.amount
    written = {currency: money.write(minor, currency) for currency, minor in sums.items()}
    return {"count": len(of), "amounts": written}


def _statement_facts(bank: Adapter, records: Iterable[StatementRecord]) -> dict[str, object]:
    """Return the statements with their entries, amounts as decimal text."""
    statements: list[dict[str, object]] = []
    entries: list[dict[str, object]] = []
    quarantine: list[dict[str, object]] = []
    currency, moved = "", 0
    for one in records:
        match one:
            case StatementOpened():
                currency, moved = one.currency, 0
                statements.append(_named(one) | {"opening": _written(one.opening, currency)})
            case StatementEntry() | EntryPart():
                if isinstance(one, StatementEntry) and one.status is EntryStatus.BOOKED:
                    moved += one.amount
                told = {"kind": "part" if isinstance(one, EntryPart) else "entry"} | _named(one)
                entries.append(told | {"amount": _written(one.amount, currency)})
            case StatementClosed():
                sums = {"closing": _written(one.closing, currency)}
                statements[-1] |= _named(one) | sums | {"booked": _written(moved, currency)}
            case Quarantined():
                quarantine.append(_named(one))
    return {
        "adapter": bank.name,
        "adapter_version": bank.version,
        "statements": statements,
        "entries": entries,
        "quarantine": quarantine,
        "count": len(statements) + len(entries) + len(quarantine),
    }


def _written(amount: int | None, currency: str) -> str | None:
    return None if amount is None else money.write(amount, currency)


def _show(facts: dict[str, object]) -> None:
    for title, names in (
        ("statements", ("reference", "account", "currency", "opening", "booked", "closing")),
        (
            "entries",
            (
                "position",
                "kind",
                "amount",
                "booked_on",
                "reference",
                "payment_reference",
                "file_reference",
                "return_reason",
            ),
        ),
        ("files", ("position", "reference", "result", "reason", "text", "on")),
        ("records", ("position", "reference", "result", "amount", "currency", "reason", "on")),
        ("quarantine", ("position", "reason")),
    ):
        rows = facts.get(title)
        if isinstance(rows, list):
            told = ([row.get(name) for name in names] for row in rows)
            answer.table(title.capitalize(), names, told)
