"""README's "Add a bank" with Python: another distribution, the contract, and one line of test."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from disburse.kit import trial
from disburse.kit.verdict import Verdict
from tests.kit import stranger

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
ABOUT = "Metadata-Version: 2.1\nName: mybank\nVersion: 1\n"


@pytest.fixture
def mybank(tmp_path, monkeypatch):
    """Somebody else's distribution is installed that announces `mybank`."""
    folder = tmp_path / "site" / "mybank-1.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(ABOUT, encoding="utf-8")
    entry = "[disburse.adapters]\nmybank = tests.kit.stranger:MyBank\n"
    (folder / "entry_points.txt").write_text(entry, encoding="utf-8")
    monkeypatch.syspath_prepend(folder.parent)
    monkeypatch.setenv("PYTHONPATH", f"{folder.parent}:{Path(__file__).parents[2]}")
    return "mybank"


def test_an_adapter_that_knows_the_contract_alone_is_certified(mybank):
    outcomes = trial.certify(mybank)
    failed = [(one.check, one.detail) for one in outcomes if one.verdict is Verdict.FAILED]
    assert failed == []
    assert sum(one.verdict is Verdict.PASSED for one in outcomes) > 20


def test_the_project_in_readme_can_be_installed_as_it_stands():
    [told] = re.findall(r"```toml\n(\[project\]\n.*?)```", README, re.DOTALL)
    found = tomllib.loads(told)
    [(name, value)] = found["project"]["entry-points"]["disburse.adapters"].items()
    module, _, kind = value.partition(":")
    assert {"name", "version"} <= found["project"].keys()  # without them no tool installs it
    # a test beside the module would be a second one, which setuptools refuses to choose from
    assert found["tool"]["setuptools"]["py-modules"] == [module]
    assert (name, kind) == ("mybank", stranger.MyBank.__name__)
