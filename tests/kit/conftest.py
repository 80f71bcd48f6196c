import os
from pathlib import Path

import pytest

from tests.kit.broken import KINDS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def others(tmp_path, monkeypatch):
    """A distribution of somebody else's is installed that announces the broken adapters."""
    site = tmp_path / "site"
    folder = site / "other_banks-1.0.dist-info"
    folder.mkdir(parents=True)
    about = "Metadata-Version: 2.1\nName: other-banks\nVersion: 1.0\n"
    (folder / "METADATA").write_text(about, encoding="utf-8")
    lines = [f"{name} = tests.kit.broken:make" for name in (*KINDS, "onlywrites")]
    text = "\n".join(["[disburse.adapters]", *lines, ""])
    (folder / "entry_points.txt").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(ROOT)]))
    return site
