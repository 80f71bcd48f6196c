"""SECURITY.md stays true: every row names a test, and every test that it names is there."""

from __future__ import annotations

import ast
import re
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
# The rows of the first table, without its head and the line under it.
BELOW = LINES[LINES.index("|---|---|---|---|") + 1 :]
ROWS = [*takewhile(lambda line: line.startswith("|"), BELOW)]


def named(row):
    """Return file and test of each span in the last cell; `::test` alone is of the file before."""
    found, path = [], ""
    for span in re.findall(r"`([^`]+)`", row.strip("| ").split(" | ")[-1]):
        before, _, test = span.partition("::")
        path = before or path
        if path.startswith("tests/"):
            found.append((path, test))
    return found


def definitions(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def test_every_attacker_has_a_test():
    assert ROWS
    assert [row for row in ROWS if not named(row)] == []


def test_every_test_that_an_attacker_is_said_to_meet_is_there():
    missing = [
        f"{path}::{test}"
        for row in ROWS
        for path, test in named(row)
        if not (ROOT / path).is_file() or (test and test not in definitions(path))
    ]
    assert missing == []
