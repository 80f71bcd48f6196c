"""Every reader of every installed adapter, with what it may raise and real files to start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from disburse import banks
from disburse.adapter import (
    BankDouble,
    ExampleAnswer,
    Refusal,
    Result,
    UnreadableFile,
    UnreadableReport,
    UnreadableStatement,
)
from disburse.kit import installed, synthetic
from disburse.kit.verdict import Broken

FIXTURES = Path(__file__).parents[2] / "fixtures"
CRASHERS = Path(__file__).parent / "crashers"  # found once; each is a seed, and a test
KINDS = ("report", "file", "statement")
REFUSALS = {
    "report": UnreadableReport, "file": UnreadableFile, "statement": UnreadableStatement,
}  # fmt: skip


def names() -> Iterator[str]:
    """Yield kind and adapter of each reader; statements only of who reads any."""
    for name in installed.every():
        able = banks.load([name])[name].capabilities
        yield f"file:{name}"
        if able.reports:
            yield f"report:{name}"
        if able.statements:
            yield f"statement:{name}"


READERS = tuple(names())


def reader(name: str) -> Callable[[bytes], None]:
    """Return what reads one input to its end; it raises only what is no refusal of the contract."""
    kind, _, adapter_name = name.partition(":")
    adapter = banks.load([adapter_name])[adapter_name]
    refusal = REFUSALS[kind]

    def read(content: bytes) -> None:
        try:
            if kind == "file":
                records = list(adapter.read_back([content]))
            elif kind == "report":
                records = list(adapter.read_report(content))
            else:
                records = list(adapter.read_statement(content))
        except refusal:
            return
        assert all(repr(one) for one in records)

    return read


def seeds(name: str) -> Iterator[bytes]:
    """Yield files that are right, or nearly so: the shortest way into a reader's depths."""
    kind, _, adapter_name = name.partition(":")
    folder = adapter_name.replace(":", "-")
    places = {"file": ["bank_files"], "report": ["reports"], "statement": ["statements"]}[kind]
    for place in places:
        for path in sorted((FIXTURES / place / folder).glob("*")):
            yield path.read_bytes()
    for path in sorted(CRASHERS.glob(f"{kind}-{folder}-*")):
        yield path.read_bytes()
    adapter = banks.load([adapter_name])[adapter_name]
    try:
        batch = synthetic.example(adapter, 3)
        yield b"".join(adapter.render(batch))
        if kind == "report" and isinstance(adapter, BankDouble):
            results = (Result.PAID, Result.REJECTED, Result.PENDING)
            rows = tuple(zip(batch.payments, results, strict=True))
            told = ExampleAnswer(batch=batch, rows=rows, count=3, total=batch.total)
            yield adapter.example_report(told)
    except (Broken, Refusal):
        return
