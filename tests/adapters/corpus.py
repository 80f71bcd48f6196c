"""Other people's bank files, where the environment says in which folder they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = os.environ.get("DISBURSE_CORPUS")
WHY = "DISBURSE_CORPUS names no folder with other people's bank files"


def corpus_files(kind: str) -> list[object]:
    """Return the names of one kind's files, for parametrize; one skip where there is no folder."""
    if not FOLDER:
        return [pytest.param("", marks=pytest.mark.skip(WHY))]
    return sorted(one.stem for one in (Path(FOLDER) / kind).iterdir() if one.is_file())


def corpus_file(kind: str, name: str) -> Path:
    if not FOLDER:
        pytest.skip(WHY)
    (found,) = (one for one in (Path(FOLDER) / kind).iterdir() if one.stem == name)
    return found
