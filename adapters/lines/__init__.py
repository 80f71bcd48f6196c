"""Files of lines, as small Chinese banks take them: the layout is a profile, not code.

A clerk writes it down without Python: delimited, or with columns of fixed widths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from adapters._profiled import Profiled, given
from adapters.lines import answer, example
from adapters.lines.layout import explained
from adapters.lines.profile import Profile, load
from adapters.lines.reader import read_back
from adapters.lines.writer import Writer
from disburse.adapter import Batch, ExampleAnswer, Head, Payment, Record

__all__ = ["Delimited", "FixedWidth"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Lines(Profiled[Profile]):
    """The adapter for one profile. What it writes is as sure as the profile's source."""

    KIND: ClassVar[str]

    def __init__(self, name: str, profile: Mapping[str, object] | None = None) -> None:
        """Check the whole profile, or raise `BadProfile` with everything that is wrong in it."""
        loaded = load(name, given(name, profile), self.KIND)
        super().__init__(name, loaded, Writer(loaded), CODE_VERSION)

    def file_name(self, batch: Batch) -> str:
        """Return the profile's pattern, filled with the batch's own facts."""
        return self._profile.file_name.format(
            reference=batch.reference, sequence=batch.sequence, pay_on=batch.pay_on
        )

    def layout(self) -> Iterator[tuple[str, ...]]:
        """Yield line, number, what stands there, where, and form of each column."""
        return explained(self._profile)

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return read_back(self._profile, content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read the bank's return file, or raise `UnreadableReport` before the first record."""
        return answer.read_report(self._profile, content)

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write the profile's return file as its bank would, for the certification kit."""
        return example.report(self._profile, answer)


class Delimited(Lines):
    """Texts with a delimiter between them."""

    KIND = "delimited"


class FixedWidth(Lines):
    """Texts in columns of fixed widths, counted in bytes or in characters."""

    KIND = "fixed_width"
