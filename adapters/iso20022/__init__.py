"""ISO 20022: pain.001.001.09 out, pain.002.001.03 to .12 in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from adapters import _statements
from adapters.iso20022 import example, pain001, pain001_reader, pain002
from disburse.adapter import (
    BadProfile,
    Batch,
    Capabilities,
    Confidence,
    ExampleAnswer,
    Fault,
    Head,
    Payment,
    Record,
    StatementRecord,
)

__all__ = ["Iso20022"]

CAPABILITIES: Final = Capabilities(
    format="ISO 20022 pain.001.001.09",
    currencies=pain001.CURRENCIES,
    charset="utf-8",
    payments_max=100_000,  # the longest sheet; no bank's guide that was read takes more at once
    bytes_max=1 << 28,  # 100,000 payments with every field full of four-byte characters
    amount_max=pain001.AMOUNT_MAX,
    carries=frozenset(
        {"reference", "name", "account", "bank_code", "bank_name", "amount", "note"}
    ),
    states=frozenset(
        {
            "reference", "pay_on", "currency", "count", "total",
            "debtor_number", "debtor_holder", "debtor_bank_code",
        }
    ),
    needs=frozenset({"reference", "name", "account", "amount"}),
    file_names="pain001_REFERENCE.xml",
    reports=("ISO 20022 pain.002.001.03 to .12",),
    statements=_statements.titles(_statements.FORMATS),
    confidence=Confidence.CONFIRMED,  # by the official schema; what a bank adds is in its own guide
)  # fmt: skip


class Iso20022:
    """The adapter for banks that take ISO 20022 customer credit transfers."""

    version = "1"
    capabilities = CAPABILITIES

    def __init__(self, name: str = "iso20022", profile: Mapping[str, object] | None = None) -> None:
        """Take no profile: the format is the same for every bank."""
        if profile is not None:
            raise BadProfile(f"{name}: iso20022 takes no profile; enable it as iso20022")
        self.name = name

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"pain001_{batch.reference}.xml"

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the format cannot carry `payment`."""
        return pain001.preflight(payment, currency)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`."""
        return pain001.render(batch, CAPABILITIES)

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return pain001_reader.read_back(content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read a pain.002, or raise `UnreadableReport`, perhaps after records."""
        return pain002.read_report(content)

    def read_statement(self, content: bytes) -> Iterator[StatementRecord]:
        """Read a statement, or raise `UnreadableStatement`, perhaps after records."""
        return _statements.read_statement(content, _statements.FORMATS)

    def example_report(self, answer: ExampleAnswer) -> bytes:
        """Write a pain.002 as a bank would, for the certification kit."""
        return example.report(answer)
