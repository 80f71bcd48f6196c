"""ISO 20022: pain.001 out (.03 and .09), pain.002 .03 to .12, pacs.004 and camt.052 to .054 in.

Without a profile: what the official schema takes, version .09, in the practice of most banks. A
profile says what a scheme or bank asks beyond that; `adapters/profiles/iso_*.toml` name their
sources, and say what of them is unconfirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adapters import _statements
from adapters.iso20022 import example, official, pacs004, pain002, rules
from adapters.iso20022.pain001 import Writer
from adapters.iso20022.pain001_reader import Reader
from disburse.adapter import (
    Batch,
    Capabilities,
    ExampleAnswer,
    Fault,
    Head,
    Payment,
    Record,
    StatementRecord,
)

__all__ = ["Iso20022"]


class Iso20022:
    """The adapter for banks that take ISO 20022 customer credit transfers."""

    def __init__(self, name: str = "iso20022", profile: Mapping[str, object] | None = None) -> None:
        """Check the whole profile, or raise `BadProfile`."""
        self.name = name
        self._rules = rules.load(name, profile)
        self._writer = Writer(self._rules)
        self._reader = Reader(self._rules, official.schema(self._rules.message))

    @property
    def version(self) -> str:
        """Return the profile's version, with its digest."""
        return self._rules.version

    @property
    def capabilities(self) -> Capabilities:
        """Return what the format carries within the profile's limits."""
        return self._rules.capabilities

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"pain001_{batch.reference}.xml"

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        return self._writer.preflight(payment, currency)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`."""
        return self._writer.render(batch)

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return self._reader.read_back(content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read a pain.002 or pacs.004, or raise `UnreadableReport`, perhaps after records."""
        if pacs004.is_one(content):
            return pacs004.read_report(content)
        return pain002.read_report(content)

    def read_statement(self, content: bytes) -> Iterator[StatementRecord]:
        """Read a statement, or raise `UnreadableStatement`, perhaps after records."""
        return _statements.read_statement(content, self._rules.statements)

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write a pain.002 as a bank would, for the certification kit."""
        return example.report(answer, self._rules.message)
