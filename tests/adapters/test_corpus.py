"""Every ISO 20022 and BAI2 file of the corpus is read, or refused with the reason that is listed.

`python -m tests.adapters.test_corpus` writes the list anew, after an intended change.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from disburse import banks
from disburse.adapter import Quarantined, Refusal
from tests.adapters.corpus import FOLDER, WHY

ISO = banks.load(["iso20022"])["iso20022"]
LIST = Path(__file__).with_name("corpus_outcomes.json")
# What each folder's files are read as; orders are nobody's answer, so they must be refused.
READERS = {
    "pain001": ISO.read_report,
    "pain002": ISO.read_report,
    "camt052_053": ISO.read_statement,
    "camt054": ISO.read_statement,
    "mockbank_answers": ISO.read_statement,
    "bai2": ISO.read_statement,
}


def outcome(path: Path) -> str:
    """Return what becomes of a file: its records by kind, or the refusal's code and reason."""
    try:
        records = list(READERS[path.parent.name](path.read_bytes()))
    except Refusal as why:
        return f"{why.code}: {why.detail.partition(' (')[0]}"
    counted = Counter(type(one).__name__ for one in records)
    told = [f"{count} {kind}" for kind, count in sorted(counted.items())]
    told += [one.reason for one in records if isinstance(one, Quarantined)]
    return ", ".join(told)


def outcomes() -> dict[str, str]:
    files = (one for kind in READERS for one in sorted((Path(FOLDER) / kind).iterdir()))
    return {f"{one.parent.name}/{one.name}": outcome(one) for one in files}


def test_every_file_comes_to_what_is_listed():
    if not FOLDER:
        pytest.skip(WHY)
    assert outcomes() == json.loads(LIST.read_text(encoding="utf-8"))


def test_no_order_is_ever_read_as_an_answer():
    listed = json.loads(LIST.read_text(encoding="utf-8"))
    orders = {name: what for name, what in listed.items() if name.startswith("pain001/")}
    assert len(orders) > 50
    assert all(what.startswith("unreadable-report") for what in orders.values())


if __name__ == "__main__":
    LIST.write_text(json.dumps(outcomes(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
