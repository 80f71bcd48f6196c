"""`disburse certify`, `render` and `batch-schema`: a bank's format, without a database."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import click

from disburse import banks
from disburse.adapter import (
    Adapter,
    Batch,
    Unrenderable,
)
from disburse.cli import answer
from disburse.cli.installation import settings
from disburse.domain import money
from disburse.kit import batch_json, synthetic, trial
from disburse.kit.verdict import Broken, Verdict

NOT_KEPT: Final = 1  # exit status of an adapter that fails a check
_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_READABLE: Final = click.Path(path_type=Path, dir_okay=False, exists=True, readable=True)


@click.command()
@click.argument("adapter")
@click.option("--like", type=_READABLE, help="Invent payments in the form of this BATCH.json.")
@answer.json_option
@click.pass_context
def certify(ctx: click.Context, adapter: str, like: Path | None, *, as_json: bool) -> None:
    """Try every promise that ADAPTER makes; ends with status 1 when one is not kept."""
    with answer.waiting(f"trying {adapter}"):
        outcomes = trial.certify(adapter, settings().profiles, like)
    failed = sum(one.verdict is Verdict.FAILED for one in outcomes)
    if as_json:
        answer.tell({"adapter": adapter, "ok": not failed, "checks": outcomes}, as_json=True)
    else:
        rows = ((one.check, one.verdict, one.detail) for one in outcomes)
        answer.table(adapter, ("Check", "", "What was tried or found"), rows)
        passed = sum(one.verdict is Verdict.PASSED for one in outcomes)
        click.echo(f"{passed} passed, {failed} failed, {len(outcomes) - passed - failed} skipped")
    if failed:
        ctx.exit(NOT_KEPT)


@click.command()
@click.argument("adapter")
@click.argument("batch", type=_READABLE, required=False)
@click.option("--example", type=click.IntRange(1, synthetic.COUNT_MAX), metavar="N",
              help="Write N invented payments, the same ones every time.")  # fmt: skip
@click.option("-o", "--out", type=_FILE, required=True, help="The bank file.")
@answer.json_option
def render(
    adapter: str, batch: Path | None, example: int | None, out: Path, *, as_json: bool
) -> None:
    """Write the file that ADAPTER's bank takes, from BATCH.json or from invented payments.

    The file is read back and proven first; FILE is there whole, or not at all.
    """
    if (batch is None) == (example is None):
        raise click.UsageError("give either BATCH.json or --example N")
    bank = banks.load([adapter], settings().profiles)[adapter]
    paying = _example(bank, example) if batch is None else batch_json.read(batch)
    with _aside(out) as file:
        digest, size = _write(bank, paying, file)
    answer.tell(
        {
            "file": str(out),
            "bank_file_name": bank.file_name(paying),
            "sha256": digest,
            "bytes": size,
            "count": paying.count,
            "total": money.write(paying.total, paying.currency),
            "currency": paying.currency,
            "adapter": bank.name,
            "adapter_version": bank.version,
        },
        as_json=as_json,
    )


@click.command(name="batch-schema")
def batch_schema() -> None:
    """Print the JSON Schema of the BATCH.json that `render` reads."""
    answer.tell(batch_json.schema(), as_json=True)


def _example(bank: Adapter, count: int | None) -> Batch:
    try:
        return synthetic.example(bank, count or 1)
    except Broken as why:
        raise Unrenderable(str(why), faults=()) from why


@contextmanager
def _aside(out: Path) -> Iterator[BinaryIO]:
    """Give a file beside `out` that takes its place once the block has ended well."""
    descriptor, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(out)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _write(bank: Adapter, batch: Batch, file: BinaryIO) -> tuple[str, int]:
    """Write and prove in pieces; return SHA-256 and size. Refuses as `banks.write` does."""
    digest, size, most = hashlib.sha256(), 0, bank.capabilities.bytes_max
    for piece in bank.render(batch):
        digest.update(piece)
        size += file.write(piece)
        if size > most:
            raise banks.FileTooLarge(f"the bank takes {most} bytes at once", bytes_max=most)
    file.flush()
    if not size:
        raise banks.Unproven("the adapter wrote nothing", where="file")
    banks.prove(bank, batch, file)
    return digest.hexdigest(), size
