"""House rules that no linter knows, checked on the source itself."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(p for top in ("disburse", "adapters") for p in (ROOT / top).rglob("*.py"))
# Everything that is handed out, whatever its type.
TREE = [
    *(ROOT / name for name in ("README.md", "pyproject.toml", ".gitignore")),
    *sorted(
        path
        for top in (".ci", "adapters", "disburse", "fixtures", "tests")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    ),
]
FUNCTION_LINES_MAX = 40  # of what it does: signature and docstring are for the reader
MODULE_LINES_MAX = 300
CONFTEST_LINES_MAX = 100
POSITIONAL_MAX = 5

NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}
WORDS_WE_DO_NOT_USE = {
    "manager", "service", "helper", "helpers", "util", "utils", "processor", "handler", "payload",
}  # fmt: skip

# Who writes a state, table by table. Every other module asks these.
WRITERS_OF_STATE = {
    "sheet": {"sheets.py"},
    "attempt": {"attempts.py", "answered.py"},  # by an act of ours, and by a bank's answer
    "bank_file": {"files.py"},
    "declaration": {"funding.py"},
    "explanation": {"open_items.py"},
    "special_account": {"accounts.py"},
    "delivery": {"webhooks.py"},
}
STATE_WRITTEN = re.compile(
    r"UPDATE\s+(\w+)(?:\s+(?!SET\b)\w+)?\s+SET\s+(?:(?!\bWHERE\b)[^;])*?\bstate\s*=", re.DOTALL
)
SQL = re.compile(
    r"\b(SELECT\s[\s\S]*\sFROM\s|INSERT\s+INTO\s|UPDATE\s+\w+\s+(\w+\s+)?SET\s|DELETE\s+FROM\s)"
)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def lines_of_work(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines behind the docstring; functions inside it are counted by themselves."""
    documented = ast.get_docstring(function) is not None and len(function.body) > 1
    first = function.body[1 if documented else 0]
    inside = sum(
        inner.end_lineno - inner.lineno + 1
        for inner in function.body
        if isinstance(inner, ast.FunctionDef)
    )
    return function.end_lineno - first.lineno + 1 - inside


def faults(path: Path, node: ast.AST):
    """Tell what is wrong with one piece of the source."""
    ends_transactions = named(path).startswith("disburse/storage/") and (
        path.name in {"engine.py", "migrate.py"} or "migrations" in path.parts
    )
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            if (length := lines_of_work(node)) > FUNCTION_LINES_MAX:
                yield f"{node.name} has {length} lines of work, at most {FUNCTION_LINES_MAX}"
            positional = [a for a in node.args.posonlyargs + node.args.args if a.arg != "self"]
            if len(positional) > POSITIONAL_MAX:
                yield f"{node.name} takes {len(positional)} arguments by place: name them"
        case ast.Attribute(attr="commit" | "rollback") if not ends_transactions:
            yield "transactions end in storage.engine only"
        case ast.Constant(value=float()):
            yield "a float; money is whole minor units"
        case ast.Name(id="float") | ast.Attribute(attr="float"):
            yield "float(); money is whole minor units"
        case ast.Name(id="print") if not named(path).startswith("disburse/cli/"):
            yield "print(); only the command line talks to the terminal"
        case ast.Constant(value=str(text)) if SQL.search(text):
            if not named(path).startswith("disburse/storage/"):
                yield "SQL is spoken in storage only"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_keeps_the_house_rules(path):
    assert path.read_text(encoding="utf-8").count("\n") <= MODULE_LINES_MAX
    wrongs = [
        f"line {node.lineno}: {fault}"
        for node in ast.walk(tree_of(path))
        for fault in faults(path, node)
    ]
    assert not wrongs


def test_states_are_written_where_the_table_says_and_nowhere_else():
    found = defaultdict(set)
    for path in MODULES:
        for table in STATE_WRITTEN.findall(path.read_text(encoding="utf-8")):
            found[table].add(path.name)
            assert named(path).startswith("disburse/storage/")
    assert found == WRITERS_OF_STATE


def test_no_file_or_folder_is_called_after_nothing():
    assert [named(path) for path in TREE if NAMES_OF_NOTHING & set(stems(path))] == []


def stems(path: Path) -> list[str]:
    return [part.partition(".")[0].strip("_") for part in path.relative_to(ROOT).parts]


def test_names_are_words_of_the_trade():
    wrongs = []
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                continue
            words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", node.name)
            if {word.lower() for word in words} & WORDS_WE_DO_NOT_USE:
                wrongs.append((named(path), node.name))
            if node.name.startswith(("do_", "process_")):
                wrongs.append((named(path), node.name))
    assert wrongs == []


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("conftest.py")), ids=named)
def test_what_tests_share_stays_small(path):
    assert path.read_text(encoding="utf-8").count("\n") <= CONFTEST_LINES_MAX


# Put together here, so that this file may be looked at too.
SOMEBODYS_FOLDER = re.compile("|".join(f"/{top}/[A-Za-z0-9]" for top in ("root", "home", "Users")))
REGISTRIES = re.compile("|".join(("index" + "-url", "python" + "hosted", r"pypi\." + "org")))
ADDRESS = re.compile(r"https?://([^,;/\s\"'`<>)\]}]*)")
# Nobody's: documentation's own names, this machine, and names of XML namespaces.
NOBODYS_HOST = re.compile(
    r"|\W.*|(?:[\w.-]*[@.])?example(?:\.(?:org|com|net))?|localhost(?::\d+)?|HOST.*"
    r"|127\.0\.0\.1(?::\S*)?(?:@example\.org)?|localhost\.example\.org"
    r"|schemas\.openxmlformats\.org|www\.w3\.org|json-schema\.org|spec\.openapis\.org"
)


def test_no_file_names_a_machine_or_a_registry():
    wrongs = []
    for path in TREE:
        text = path.read_bytes().decode("utf-8", errors="replace")
        found = {*SOMEBODYS_FOLDER.findall(text), *REGISTRIES.findall(text)}
        found |= {host for host in ADDRESS.findall(text) if not NOBODYS_HOST.fullmatch(host)}
        wrongs += [(named(path), word) for word in sorted(found)]
    assert wrongs == []
