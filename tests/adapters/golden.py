"""The golden files of the adapters, as `python -m tests.regenerate` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from disburse import banks
from disburse.adapter import BankDouble, ExampleAnswer, Result
from tests.adapters.batches import (
    REFERENCES,
    a_batch_by,
    every_adapter,
    pain002,
    rare_names,
    return_ach,
    return_file,
)

BATCHES = {"two_lines": a_batch_by, "rare_names": rare_names}


def files() -> Iterator[tuple[str, bytes]]:
    """Yield the path under fixtures/ and the bytes of each golden file."""
    for adapter in every_adapter():
        folder = adapter.name.replace(":", "-")
        for case, made in BATCHES.items():
            batch = made(adapter)
            suffix = PurePosixPath(adapter.file_name(batch)).suffix
            written = banks.write(adapter, batch)
            yield f"bank_files/{folder}/{case}{suffix}", written.content
    yield from _status_reports()
    yield from _return_files()
    yield from _ach_returns()
    yield from _chinese_answers()


def _status_reports() -> Iterator[tuple[str, bytes]]:
    one, two = REFERENCES[:2]
    part = pain002([(one, "ACSC", ""), (two, "RJCT", "AC04")])
    laughs = b'<!DOCTYPE Document [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>\n<Document '
    reports = {
        "part": part,
        "file_rejected": pain002([], group="RJCT"),
        "file_accepted": pain002([], group="ACCP"),
        "duplicate": pain002([(one, "RJCT", "DU04"), (two, "RJCT", "AM05")]),
        "damaged_cut_short": part[: len(part) * 2 // 3],
        "damaged_document_type": part.replace(b"<Document ", laughs, 1),
        "damaged_unknown_status": pain002([(one, "ACSC", ""), (two, "WHAT", "")]),
    }
    for case, content in reports.items():
        yield f"reports/iso20022/{case}.xml", content


def _return_files() -> Iterator[tuple[str, bytes]]:
    one, two = REFERENCES[:2]
    part = [(one, 650_001, "成功", "0000"), (two, 650_002, "失败", "E102")]
    reports = {
        "part": return_file(part),
        "returned": return_file([(one, 650_001, "退票", "R001"), (two, 650_002, "成功", "0000")]),
        "damaged_count": return_file(part, count=3),
        "damaged_sum": return_file(part, total="13000.00"),
        "damaged_row": return_file(part).replace("|失败|".encode("gb18030"), b"|?|"),
    }
    for case, content in reports.items():
        yield f"reports/delimited-small_chinese_bank/{case}.txt", content


def _ach_returns() -> Iterator[tuple[str, bytes]]:
    one, two = REFERENCES[:2]
    both = [(one, 650_001, "R03"), (two, 650_002, "C01")]
    reports = {
        "returned_and_changed": return_ach(both),
        "no_reference": return_ach([("", 650_001, "R03"), (two, 650_002, "R02")]),
        "dispute": return_ach([(one, 650_001, "R68")]),
        "nothing": return_ach([]),
        "damaged_count": return_ach(both, count=3),
        "damaged_hash": return_ach(both, entry_hash=9_990_001),
        "damaged_sum": return_ach(both, credit=650_002),
        "damaged_entry": return_ach(both).replace(b"TEST WORKER 1", b"TEST WORKER\xff1"),
        "damaged_cut_short": return_ach(both)[:500],
    }
    for case, content in reports.items():
        yield f"reports/nacha-example_us_bank/{case}.ach", content


def _chinese_answers() -> Iterator[tuple[str, bytes]]:
    for adapter in every_adapter():
        if adapter.name.partition(":")[0] in {"icbc", "cmb_xml", "cmb_json"}:
            assert isinstance(adapter, BankDouble)
            batch = a_batch_by(adapter)
            rows = tuple(zip(batch.payments, (Result.PAID, Result.REJECTED), strict=True))
            told = ExampleAnswer(batch=batch, rows=rows, count=2, total=batch.total)
            suffix = PurePosixPath(adapter.file_name(batch)).suffix
            folder = adapter.name.replace(":", "-")
            yield f"reports/{folder}/part{suffix}", adapter.example_report(told)
