"""What adapters share that are made of a checked profile, a writer and readers of their own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from adapters import _statements
from disburse.adapter import (
    BadProfile,
    Batch,
    Capabilities,
    ExampleAnswer,
    Fault,
    Head,
    Payment,
    Record,
    StatementRecord,
    UnreadableReport,
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


class Format(NamedTuple):
    """The parts of an adapter whose profile says everything that its files differ in."""

    load: Callable[[str, Mapping[str, object]], Any]  # checks the whole profile
    writer: Callable[[Any], Writing]
    read_back: Callable[[Any, Iterable[bytes]], Iterator[Head | Payment]]
    code_version: str


class Formatted(Profiled[Its]):
    """An adapter that is its format's parts; an answer it reads only where it says how."""

    FORMAT: ClassVar[Format]
    NO_ANSWER: ClassVar[str] = ""  # why none can be read

    def __init__(self, name: str, profile: Mapping[str, object] | None = None) -> None:
        """Check the whole profile, or raise `BadProfile`."""
        parts = self.FORMAT
        loaded = parts.load(name, given(name, profile))
        super().__init__(name, loaded, parts.writer(loaded), parts.code_version)

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return self.FORMAT.read_back(self._profile, content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Raise `UnreadableReport`: no layout of an answer is public."""
        raise UnreadableReport(
            f"{len(content)} bytes are no answer that can be read: {self.NO_ANSWER}; look at the"
            " account's statement"
        )


class Answers(NamedTuple):
    """How a bank's answer is read, and written for the certification kit."""

    read: Callable[[Any, bytes], Iterator[Record]]
    play: Callable[[Any, ExampleAnswer], bytes]


class Answered(Formatted[Its]):
    """An adapter that reads its bank's answer, and plays that bank."""

    ANSWERS: ClassVar[Answers]

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read the bank's answer, or raise `UnreadableReport` before the first record."""
        return self.ANSWERS.read(self._profile, content)

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write an answer as the bank would, for the certification kit."""
        return self.ANSWERS.play(self._profile, answer)


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
