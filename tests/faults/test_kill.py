"""A short slice of `python -m tests.faults.kill`: no payment twice, no answer lost."""

from __future__ import annotations

import pytest

from tests.faults import kill

pytestmark = pytest.mark.enable_socket  # the processes are real, and so are their sockets


def test_whatever_is_killed_pays_nobody_twice_and_loses_no_answer(tmp_path):
    found = kill.run(tmp_path, kills=6, files=8, seed=7)
    assert kill.is_sound(found), found
    assert found["payments"] == 16
    assert sum(found["killed"].values()) == 6
