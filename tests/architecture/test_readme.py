"""README stays true: the two commands, and every path, command and setting that it names."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from disburse.cli.program import program
from disburse.settings import PREFIX, Settings
from tests.architecture.test_access import ROUTES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO = "python3 -m venv .venv && .venv/bin/pip install -q -e . && .venv/bin/disburse demo"
TESTS = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest"

BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PROSE = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
# A span may run over the end of a line; blanks are one blank.
SPANS = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", PROSE)]
SHELL = [
    line.partition(" #")[0].strip()
    for language, text in BLOCKS
    for line in text.splitlines()
    if language == "sh"
]
TOPS = {"disburse", "adapters", "fixtures", "tests", ".ci", "pyproject.toml", ".gitignore"}


@pytest.mark.parametrize("command", [DEMO, TESTS])
def test_the_two_commands_stand_there_exactly_so(command):
    assert f"```sh\n{command}\n```" in README, f"README.md needs a block of its own with: {command}"


def paths_in_the_map():
    """Read the drawing of the tree: two blanks per level, names first, then what they are for."""
    for _, text in BLOCKS:
        if not text.startswith("disburse/\n"):
            continue
        folders: list[str] = []
        for line in text.splitlines():
            level = (len(line) - len(line.lstrip())) // 2
            names = re.match(r"(?:[\w.-]+(?:/|\.py)(?:\s+|$))*", line.strip())[0].split()
            for name in names:
                yield "/".join([*folders[:level], name.rstrip("/")])
            if len(names) == 1 and names[0].endswith("/"):
                folders[level:] = [names[0].rstrip("/")]


def paths_in_the_text():
    """Return what looks like a path of ours, in a span or at the end of a link."""
    for text in [*SPANS, *re.findall(r"\]\(([^)#:]+)\)", PROSE)]:
        for word in text.split():
            path = word.removeprefix("./").rstrip("/,;")
            if path.partition("/")[0] in TOPS and "…" not in path:
                yield path


def test_every_path_exists():
    drawn = set(paths_in_the_map())
    assert len(drawn) > 10, "the map of the house should begin with a line disburse/"
    named = drawn | set(paths_in_the_text())
    # "disburse" alone is the command, and `disburse.adapters` a group of entry points.
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def commands():
    """Return the arguments of every `disburse …`, as far as they are words of the program."""
    for text in [*SHELL, *SPANS]:
        if found := re.search(r"(?:^|&& |\.venv/bin/)disburse (\S.*)", text):
            yield found[1].split()


def unknown_in(arguments):
    """Follow the arguments down the program; return the first that it does not know, or None."""
    command, names = program, []
    for argument in arguments:
        word = argument.rstrip(",;.").partition("=")[0]
        if word.startswith("-"):
            options = {"--help", *(opt for param in command.params for opt in param.opts)}
            options |= {opt for param in command.params for opt in param.secondary_opts}
            if word not in options:
                return " ".join(["disburse", *names, word])
        elif isinstance(command, click.Group) and word != "…":
            command = command.get_command(click.Context(command), word)
            names.append(word)
            if command is None:
                return " ".join(["disburse", *names])
    return None


def test_every_command_and_option_exists():
    found = list(commands())
    assert ["demo"] in found
    assert [wrong for arguments in found if (wrong := unknown_in(arguments))] == []


def test_every_request_has_a_route():
    rules = {(method, re.sub(r"<[^>]+>", "[^/]+", rule)) for method, rule in ROUTES}
    asked = [(words[1], words[2].partition("?")[0]) for words in commands() if words[0] == "api"]
    assert [
        (method, path)
        for method, path in asked
        if not any(method == known and re.fullmatch(rule, path) for known, rule in rules)
    ] == []


def test_every_module_that_is_to_be_run_exists():
    modules = {
        name for text in [*SHELL, *SPANS] for name in re.findall(r"python -m ([\w.]+)", text)
    }
    assert sorted(name for name in modules if find_spec(name) is None) == []


def test_every_setting_is_explained_and_no_other_is_invented():
    ours = {f"{PREFIX}{field.name.upper()}" for field in fields(Settings)}
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", README))
    assert ours - named == set(), "README.md has a table of settings"
    # The others are read by single commands, or by the tests.
    sources = "".join(
        path.read_text(encoding="utf-8")
        for top in ("disburse/cli", "tests")
        for path in (ROOT / top).rglob("*.py")
    )
    assert sorted(name for name in named - ours if f'"{name}"' not in sources) == []


def test_nothing_is_left_to_be_filled_in():
    assert re.findall(r"TODO|TBD|FIXME|XXX|^[A-Z]+_[A-Z]+$", README, re.MULTILINE) == []
