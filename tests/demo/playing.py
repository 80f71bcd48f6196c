"""Runs the demo as a user does, in its own process, and reads what it leaves by other means."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from openpyxl import load_workbook

DISBURSE = (sys.executable, "-m", "disburse")
# No database there: whoever asked for it would fail.
NOT_THERE = {"DISBURSE_DATABASE_URL": "postgresql://nobody@nowhere.invalid/none"}


def play(folder, *options, program=(*DISBURSE, "demo")):
    """Run the demo to its end."""
    return subprocess.run(
        [*program, "--out", str(folder), *options],
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | NOT_THERE | {"PYTHONIOENCODING": "utf-8"},
        timeout=120,
    )


@dataclass(frozen=True)
class Row:
    """One line of a sheet as it stands in the file; the amount in fen."""

    number: int
    name: str
    id_number: str
    account: str
    net: int


def sheet_rows(path: Path) -> list[Row]:
    """Read a sheet without the program that is to be tested."""
    read = {".json": _json, ".csv": _csv, ".xlsx": _xlsx}[path.suffix]
    return [
        Row(int(one["number"]), one["name"], one["id_number"], one["account"], fen(one["net"]))
        for one in read(path)
    ]


def fen(text: str) -> int:
    """Return an amount in fen."""
    return int(Decimal(text) * 100)


def bank_rows(content: bytes) -> list[list[str]]:
    """Return the fields of every row of a bank file."""
    return [row.split("|") for row in content.decode("gb18030").splitlines()]


def _json(path):
    return json.loads(path.read_bytes())["lines"]


def _csv(path):
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    at = next(place for place, row in enumerate(rows) if row[:2] == ["number", "name"])
    return [dict(zip(rows[at], row, strict=True)) for row in rows[at + 1 :]]


def _xlsx(path):
    sheet = load_workbook(path).worksheets[2]
    titles, *rows = sheet.iter_rows(values_only=True)
    wanted = {"No.": "number", "ID number": "id_number", "Account": "account", "Net": "net"}
    names = {}
    for place, title in enumerate(titles):
        names |= {name: place for english, name in wanted.items() if title.endswith(f" {english}")}
    names["name"] = names["number"] + 1
    return [{name: row[place] for name, place in names.items()} for row in rows]
