"""The kit as tests of your own distribution; only this module needs pytest.

    from disburse.kit.suite import certified

    test_mybank = certified("mybank")

Each check is a test; what the format has no place for is skipped, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from disburse.kit import trial
from disburse.kit.installed import every
from disburse.kit.verdict import Subject, Verdict


def installed() -> tuple[str, ...]:
    """Return every announced adapter, once with each profile that it ships."""
    return every()


def certified(
    *names: str, profiles: Path | None = None, like: Path | None = None
) -> Callable[[str, str], None]:
    """Return a test that tries each adapter on each check of the kit.

    `profiles` is a folder of your own profiles; `like` a BATCH.json in whose form the payments are
    invented, for a bank that takes no invented account.
    """

    @cache
    def subject(name: str) -> Subject:
        return trial.subject_of(name, profiles, like)

    @pytest.mark.parametrize("check", trial.CHECKS)
    @pytest.mark.parametrize("name", names)
    def test(name: str, check: str) -> None:
        found = trial.outcome(subject(name), check)
        if found.verdict is Verdict.SKIPPED:
            pytest.skip(found.detail)
        assert found.verdict is Verdict.PASSED, f"{name}: {found.detail}"  # noqa: S101  (a test)

    return test
