"""What a check of the kit looks at, and how it says what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from disburse import banks
from disburse.adapter import Adapter, Batch


class Verdict(StrEnum):
    """What came of one check."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"  # the format has no place for it; the detail says what


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One check's name, verdict, and what was looked at or found."""

    check: str
    verdict: Verdict
    detail: str


class Broken(Exception):  # noqa: N818  (a finding about the adapter, not a defect of the kit)
    """The adapter does not keep a promise."""


class NothingToTry(Exception):  # noqa: N818  (an answer)
    """The format has no place for what the check would try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The adapter on trial, with a batch that it takes."""

    name: str
    profiles: Path | None  # the operator's folder
    like: Path | None = None  # a BATCH.json whose form the batch has
    adapter: Adapter
    batch: Batch

    def made_anew(self) -> Adapter:
        """Return the same adapter, made a second time."""
        return banks.load([self.name], self.profiles)[self.name]


Check = Callable[[Subject], str]  # returns what it looked at, or raises `Broken`, `NothingToTry`
