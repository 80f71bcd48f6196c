"""How fast bank files are written, proven and read: `python -m tests.benchmarks.adapters`.

A payment counts as written once the file was read back and every field, count and sum compared
(`banks.prove`), and where the row says so, by the official schema, too. Other
people's libraries stand beside, on fewer payments since they are slower; each validates what it
writes by the same schema. Each row is done several times; the best counts, and the median stands
beside it. Time is the process's own (`process_time`), so that a busy machine does
no harm; memory is that of a process of its own that does nothing else.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import achkit
from pain001 import generate_xml_string
from pain001.corpus.rules.projection import rows_from_xml
from pycamt.parser import Camt053Parser
from rich.console import Console
from rich.table import Table
from sepaxml import SepaTransfer

from adapters.iso20022 import Iso20022, official
from adapters.iso20022.pain001_reader import Reader
from disburse import banks
from disburse.adapter import Adapter, Batch, ExampleAnswer, Payment, Result, write_money
from disburse.kit import synthetic
from disburse.kit.installed import every

PAYMENTS = 100_000
ROUNDS = 3
LINES = 20_000  # payments of a format that takes fewer in a file: in as many files as that needs
OTHERS = 2_000  # payments for libraries that hold the whole document
MILLION = 1_000_000
MESSAGE = "pain.001.001.09"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one row took."""

    name: str
    count: int
    seconds: float  # of the processor
    wall: float
    wanted: int = 0  # a second; 0: a yardstick
    memory: str = ""
    median: float = 0  # a second, over all rounds; 0: done once

    @property
    def rate(self) -> float:
        return self.count / self.seconds


def timed(name: str, count: int, work: Callable[[], object], wanted: int = 0) -> Measured:
    """Run `work` a few times; each must have handled `count` payments or records."""
    took: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        wall, processor = perf_counter(), process_time()
        done = work()
        took.append((process_time() - processor, perf_counter() - wall))
        if done != count:
            raise SystemExit(f"{name}: handled {done!r} instead of {count}")
    best, its_wall = min(took)
    return Measured(name, count, best, its_wall, wanted, median=count / median(took)[0])


def a_batch(adapter: Adapter, count: int) -> Batch:
    """Return invented payments, held in memory so that inventing them is not measured."""
    batch = synthetic.example(adapter, count)
    return replace(batch, payments=list(batch.payments))


def write_and_prove(adapter: Adapter, batch: Batch) -> int:
    """Write as the service does."""
    return banks.write(adapter, batch).count


def without_schema() -> Iso20022:
    """Return the adapter as it is where no package brings the official schema."""
    iso = Iso20022()
    iso._reader = Reader(iso._rules, None)
    return iso


def by_sepaxml(batch: Batch) -> int:
    iban = "DE89370400440532013000"
    told = {"name": "TEST BUILDERS", "IBAN": iban, "BIC": "BANKDEFFXXX", "batch": True,
            "currency": "EUR"}  # fmt: skip
    transfer = SepaTransfer(told, schema=MESSAGE, clean=False)
    for one in batch.payments:
        transfer.add_payment(
            {
                "name": one.latin_name, "IBAN": one.account, "BIC": "BANKDEFFXXX",
                "amount": one.amount, "execution_date": date(2026, 10, 12),
                "description": one.note, "endtoend_id": one.reference,
            }
        )  # fmt: skip
    return transfer.export(validate=True).count(b"<CdtTrfTxInf>")


def by_pain001(rows: list[dict[str, str]]) -> int:
    template = Path(find_spec("pain001").submodule_search_locations[0]) / "templates" / MESSAGE
    text = generate_xml_string(
        rows, MESSAGE, str(template / "template.xml"), str(template / f"{MESSAGE}.xsd")
    )
    return text.count("<CdtTrfTxInf>")


def a_report(adapter: Iso20022, batch: Batch) -> bytes:
    rows = tuple((one, Result.PAID if one.amount % 20 else Result.REJECTED)
                 for one in batch.payments)  # fmt: skip
    told = ExampleAnswer(batch=batch, rows=rows, count=batch.count, total=batch.total)
    return adapter.example_report(told)


def a_statement(batch: Batch) -> bytes:
    """Return a camt.053 with one entry per payment, as a bank writes that books each alone."""
    currency = batch.currency
    closing = write_money(10**12 - batch.total, currency)
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>',
        "<GrpHdr><MsgId>M</MsgId><CreDtTm>2026-10-12T20:00:00Z</CreDtTm></GrpHdr><Stmt><Id>S</Id>",
        f"<Acct><Id><Othr><Id>62</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>",
    ]
    for code, amount in (("OPBD", write_money(10**12, currency)), ("CLBD", closing)):
        parts.append(
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='{currency}'>{amount}"
            "</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-10-12</Dt></Dt></Bal>"
        )
    parts += [_entry(one, currency) for one in batch.payments]
    parts.append("</Stmt></BkToCstmrStmt></Document>")
    return "".join(parts).encode()


def _entry(one: Payment, currency: str) -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{write_money(one.amount, currency)}</Amt>'
        "<CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>"
        "<BookgDt><Dt>2026-10-12</Dt></BookgDt><ValDt><Dt>2026-10-12</Dt></ValDt>"
        f"<AcctSvcrRef>B{one.reference}</AcctSvcrRef>"
        "<BkTxCd><Prtry><Cd>SALA</Cd></Prtry></BkTxCd><NtryDtls><TxDtls><Refs>"
        f"<EndToEndId>{one.reference}</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>"
    )


def rows(count: int) -> Iterator[Measured]:
    """Measure ISO 20022: written and proven, and read; others add their formats here."""
    iso = Iso20022()
    assert official.schema(MESSAGE) is not None
    batch = a_batch(iso, count)
    yield timed(
        f"{MESSAGE} written and proven",
        count,
        partial(write_and_prove, without_schema(), batch),
        40_000,
    )
    yield timed(
        f"{MESSAGE} written, proven, seen by the schema",
        count,
        partial(write_and_prove, iso, batch),
        40_000,
    )
    yield from _others()
    report, statement = a_report(iso, batch), a_statement(batch)
    yield timed("pain.002 read", count + 1, lambda: sum(1 for _ in iso.read_report(report)), 60_000)
    yield timed(
        "camt.053 read", count + 2, lambda: sum(1 for _ in iso.read_statement(statement)), 60_000
    )
    yield from lines_of_others()
    few = a_statement(a_batch(iso, OTHERS))
    yield timed(
        "camt.053 read by pycamt", OTHERS, lambda: len(Camt053Parser(few).get_transactions())
    )


def lines_of_others(part: str = "") -> Iterator[Measured]:
    """Measure every format that is not ISO 20022: written and proven, in files of its own size.

    Only those whose name has `part` in it.
    """
    for name, adapter in banks.load(every()).items():
        if name.startswith("iso20022") or part not in name:
            continue
        batch = a_batch(adapter, min(LINES, adapter.capabilities.payments_max))
        files = -(-LINES // batch.count)
        work = partial(_several, adapter, batch, files)
        fixed = name.partition(":")[0] not in {"boc", "cmb_json", "cmb_xml", "icbc"}
        yield timed(f"{name} written and proven", batch.count * files, work, 150_000 * fixed)
        if name.startswith("nacha"):
            yield timed(f"{name} by achkit, validated", batch.count, partial(by_achkit, batch))


def _several(adapter: Adapter, batch: Batch, files: int) -> int:
    return sum(banks.write(adapter, batch).count for _ in range(files))


def by_achkit(batch: Batch) -> int:
    file = achkit.AchFile.create("099900014", "1234567890", creation_date=batch.created)
    wages = file.batch("PPD", "PAYROLL", batch.pay_on.isoformat())
    for one in batch.payments:
        wages.credit(one.latin_name, one.bank_code, one.account, one.amount,
                     id_number=one.reference)  # fmt: skip
    text = file.render()
    if not achkit.validate(text)["ok"]:
        raise SystemExit("achkit finds its own file wrong")
    return len(achkit.parse(text)["batches"][0]["entries"])


def _others() -> Iterator[Measured]:
    sepa = banks.load(["iso20022:iso_sepa"])["iso20022:iso_sepa"]
    batch = a_batch(sepa, OTHERS)
    batch = replace(batch, payments=[replace(one, bank_code="BANKDEFFXXX")
                                     for one in batch.payments])  # fmt: skip
    yield timed("by sepaxml, validated", OTHERS, partial(by_sepaxml, batch))
    text = b"".join(sepa.render(batch)).decode()
    yield timed("by pain001, validated", OTHERS, partial(by_pain001, rows_from_xml(text)))


def a_million(count: int) -> None:
    """Write and prove so many payments to a disk, in this process; print what it took."""
    bank = Iso20022("iso20022:many", {"title": "many", "payments_max": count})
    batch = synthetic.example(bank, count)
    processor = process_time()
    with tempfile.TemporaryFile() as file:
        for piece in bank.render(batch):
            file.write(piece)
        banks.prove(bank, batch, file)
        size = file.tell()
    took = process_time() - processor
    print(f"{took} {_peak()} {size}")


def _peak() -> int:
    """Return this process's own peak memory in MiB; `getrusage` may tell its parent's."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (told,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(told.split()[1]) // 1024


def memory_row(count: int) -> Measured:
    """Measure the memory of writing and proving `count` payments, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.adapters", "--alone", str(count)]
    wall = perf_counter()
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    name = f"{MESSAGE}, invented, written and proven on disk ({int(told[2]) >> 20} MiB)"
    return Measured(name, count, float(told[0]), perf_counter() - wall, 0, f"{told[1]} MiB")


def show(measured: Sequence[Measured]) -> None:
    table = Table(title="Bank files", title_justify="left")
    for name in (
        "What",
        "Payments",
        "CPU seconds",
        "Wall",
        "A second",
        "Median",
        "Wanted",
        "Peak memory",
    ):
        table.add_column(name, justify="left" if name == "What" else "right")
    for one in measured:
        wanted = f"{one.wanted:,}" if one.wanted else ""
        table.add_row(one.name, f"{one.count:,}", f"{one.seconds:.2f}", f"{one.wall:.2f}",
                      f"{one.rate:,.0f}", f"{one.median:,.0f}" if one.median else "", wanted,
                      one.memory)  # fmt: skip
    console = Console()
    console.width = max(console.width, 130)
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=PAYMENTS)
    parser.add_argument("--million", type=int, default=MILLION, help="of the row on memory")
    parser.add_argument("--only", help="formats of lines and bodies with this in their name")
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.alone:
        a_million(asked.alone)
        return
    if asked.only is not None:
        show(list(lines_of_others(asked.only)))
        return
    measured = list(rows(asked.payments))
    if asked.million:
        measured.append(memory_row(asked.million))
    show(measured)


if __name__ == "__main__":
    main()
