"""Finds and reads the tables of a set-up: a folder of files, or the sheets of one workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from disburse.cli import answer
from disburse.cli.setup.forms import ALL, Blank
from disburse.cli.setup.rows import READERS
from disburse.domain.refusal import Refusal
from disburse.sheetfile.draft import Findings, UnreadableSheet
from disburse.sheetfile.reading import media_type_of
from disburse.sheetfile.table import Row
from disburse.sheetfile.tables import entries, tables

SUFFIXES: Final = (".csv", ".xlsx")
ROWS_MAX: Final = 100_000  # of one table


class SetupRefused(Refusal):
    """The set-up has faults; `facts["findings"]` has every one. Nothing of it was done."""

    code = "setup-refused"


@dataclass(slots=True)
class Setup:
    """What was read: of each table its rows by number, and everything that is wrong."""

    rows: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    wrong: list[Mapping[str, Any]] = field(default_factory=list)


def read(place: Path) -> Setup:
    """Read every table that is there, or raise `UnreadableSheet`."""
    setup = Setup()
    found = _folder(place) if place.is_dir() else _workbook(place)
    if not found:
        names = ", ".join(f"{form.name}.csv" for form in ALL)
        raise UnreadableSheet(f"{place} has no table of a set-up; it may have: {names}")
    for form, rows in found:
        _read(form, rows, setup)
    return setup


def named(form: str, finding: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the finding with its table's name in front of the field."""
    return {**finding, "table": form, "column": f"{form}: {finding['column']}"}


def _folder(place: Path) -> list[tuple[Blank, list[Row]]]:
    found = []
    for form in ALL:
        files = [one for suffix in SUFFIXES if (one := place / f"{form.name}{suffix}").is_file()]
        if len(files) > 1:
            raise UnreadableSheet(f"{form.name} is there as CSV and as XLSX; keep one of them")
        for file in files:
            read_tables = tables(file.read_bytes(), media_type_of(file.name), [form.titles])
            if len(read_tables) != 1:
                raise UnreadableSheet(f"{file.name} needs one worksheet “{form.titles['en']}”")
            found.append((form, next(iter(read_tables.values()))))
    return found


def _workbook(place: Path) -> list[tuple[Blank, list[Row]]]:
    wanted = [form.titles for form in ALL]
    read_tables = tables(place.read_bytes(), media_type_of(place.name), wanted)
    return [
        (form, read_tables[form.titles["en"]]) for form in ALL if form.titles["en"] in read_tables
    ]


def _read(form: Blank, rows: list[Row], setup: Setup) -> None:
    findings = Findings()
    kept = setup.rows.setdefault(form.name, [])
    for entry, fields in entries(rows, form.columns, findings, most=ROWS_MAX):
        before = findings.total
        row = READERS[form.name](entry.members, fields)
        if row is not None and findings.total == before and not fields.told:
            kept.append((entry.row, row))
    setup.wrong += [named(form.name, one) for one in answer.findings_of(findings.kept)]
