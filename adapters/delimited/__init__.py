"""Delimited text files, as small Chinese banks take them: the layout is a profile, not code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adapters.delimited import answer, example
from adapters.delimited.profile import load
from adapters.delimited.reader import read_back
from adapters.delimited.writer import Writer
from disburse.adapter import (
    BadProfile,
    Batch,
    Capabilities,
    ExampleAnswer,
    Fault,
    Head,
    Payment,
    Record,
)

__all__ = ["Delimited"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Delimited:
    """The adapter for one profile. What it writes is as sure as the profile's source."""

    def __init__(self, name: str, profile: Mapping[str, object] | None = None) -> None:
        """Check the whole profile, or raise `BadProfile`."""
        if profile is None:
            raise BadProfile(f"{name} needs a profile: enable it as {name}:PROFILE")
        self.name = name
        self._profile = load(name, profile)
        self._writer = Writer(self._profile)

    @property
    def version(self) -> str:
        """Return the code's version, the profile's, and eight digits of the profile's digest."""
        return f"{CODE_VERSION}-{self._profile.version}"

    @property
    def capabilities(self) -> Capabilities:
        """Return what the profile says of its bank."""
        return self._profile.capabilities

    def file_name(self, batch: Batch) -> str:
        """Return the profile's pattern, filled with the batch's own facts."""
        return self._profile.file_name.format(
            reference=batch.reference, sequence=batch.sequence, pay_on=batch.pay_on
        )

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        return self._writer.preflight(payment, currency)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`."""
        return self._writer.render(batch)

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return read_back(self._profile, content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read the bank's return file, or raise `UnreadableReport` before the first record."""
        return answer.read_report(self._profile, content)

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write the profile's return file as its bank would, for the certification kit."""
        return example.report(self._profile, answer)
