"""What adapters share that are made of a checked profile, a writer and readers of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Generic, Protocol, TypeVar

from adapters import _statements
from disburse.adapter import (
    BadProfile,
    Batch,
    Capabilities,
    Fault,
    Payment,
    StatementRecord,
)


class Loaded(Protocol):
    """A profile whose every key was checked."""

    @property
    def version(self) -> str:
        """Return the profile's own version with its digest."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """Return what the format carries within the profile's limits."""
        ...


class Writing(Protocol):
    """What checks payments and writes files by a profile."""

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        ...

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`."""
        ...


Its = TypeVar("Its", bound=Loaded)


class Profiled(Generic[Its]):
    """The half of an adapter that looks the same whatever the format; the readers are its own."""

    def __init__(self, name: str, profile: Its, writer: Writing, code_version: str) -> None:
        """Remember the parts; `code_version` changes when the same profile gives other bytes."""
        self.name = name
        self._profile = profile
        self._writer = writer
        self._code_version = code_version
        self._capabilities = replace(
            profile.capabilities, statements=_statements.titles(_statements.FORMATS)
        )

    @property
    def version(self) -> str:
        """Return the code's version, the profile's, and eight digits of the profile's digest."""
        return f"{self._code_version}-{self._profile.version}"

    @property
    def capabilities(self) -> Capabilities:
        """Return what the format carries within the profile's limits."""
        return self._capabilities

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        return self._writer.preflight(payment, currency)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`."""
        return self._writer.render(batch)

    def read_statement(self, content: bytes) -> Iterator[StatementRecord]:
        """Read a statement, or raise `UnreadableStatement`, perhaps after records.

        How a bank tells what it booked has nothing to do with how it takes payments: it sends one
        of the formats that banks share, and the bytes say which.
        """
        return _statements.read_statement(content, _statements.FORMATS)


def given(name: str, profile: Mapping[str, object] | None) -> Mapping[str, object]:
    """Return the profile of an adapter that is nothing without one, or raise `BadProfile`."""
    if profile is None:
        raise BadProfile(f"{name} needs a profile: enable it as {name}:PROFILE")
    return profile


def digest(mapping: Mapping[str, object]) -> str:
    """Return eight digits that change whenever the profile does, so that the version does."""
    try:
        written = json.dumps(mapping, sort_keys=True, ensure_ascii=True)
    except (TypeError, ValueError) as why:
        raise BadProfile(f"a value of the profile is of a kind that no key takes: {why}") from why
    return hashlib.sha256(written.encode()).hexdigest()[:8]
