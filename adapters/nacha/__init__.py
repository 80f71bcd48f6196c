"""NACHA: PPD payroll credits out; returns and notifications of change in.

The format's facts are public and confirmed; what one bank adds (identifiers, limits) is in its
profile. What NACHA cannot say, it does not: no receipt and no "paid" (the account's statement
says that), and no text for the worker besides PAYROLL and the company's name. A payment has no
account type, so the profile has one for all, and the bank corrects it by a change C05. A file is
known by origin, date, minute and modifier: 36 files a minute and connection, then names repeat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from adapters.nacha import reader, returns
from adapters.nacha.profile import load
from adapters.nacha.writer import Writer
from disburse.adapter import BadProfile, Batch, Capabilities, Fault, Head, Payment, Record

__all__ = ["Nacha"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Nacha:
    """The adapter for one company at one bank of the ACH network."""

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
        """Return what the format carries within the profile's limits."""
        return self._profile.capabilities

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"nacha_{batch.reference}.ach"

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        return self._writer.preflight(payment, currency)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`."""
        return self._writer.render(batch)

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Read a file that `render` wrote, or raise `UnreadableFile`."""
        return reader.read_back(self._profile, content)

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read a return file, or raise `UnreadableReport` before the first record."""
        return returns.read_report(content)
