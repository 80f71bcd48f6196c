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
from tests.adapters.batches import REFERENCES
from tests.adapters.statements import (
    FAMILIES,
    a_balance,
    a_movement,
    a_statement,
    an_entry,
    bai2,
    camt,
    mt940,
)

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


def once_per_code() -> tuple[str, ...]:
    """Return the readers without those that are the code of another, with another profile."""
    found: dict[tuple[str, str], str] = {}
    for name in READERS:
        kind, adapter, *_ = name.split(":")
        found.setdefault((kind, "" if kind == "statement" else adapter), name)
    return tuple(found.values())


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
    if kind == "statement":
        yield from _statements()
    for path in sorted(CRASHERS.glob(f"{kind}-{folder}-*")):
        yield path.read_bytes()
    adapter = banks.load([adapter_name])[adapter_name]
    if kind == "statement":
        return
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


def _statements() -> Iterator[bytes]:
    """Yield a statement in each of the formats that banks share."""
    one, two = REFERENCES[:2]
    both = a_balance("OPBD", "1000.00") + a_balance("CLBD", "344.99")
    back = a_movement(two, "5.00", back="AC04")
    entries = an_entry("-650.01", a_movement(one)), an_entry("5.00", back, back, reference="B")
    for family in FAMILIES:
        yield camt(a_statement(both, *entries), family=family)
    yield mt940(":61:2610101010D650,01NTRF1//B1", ":86:Wage", closing="C261010CNY349,99")
    yield bai2(f"16,475,65001,,BANK1,{one},WAGES", "16,142,500,Z,BANK2,,")
