"""NACHA: PPD payroll credits out; returns and notifications of change in.

The format's facts are public and confirmed; what one bank adds (identifiers, limits) is in its
profile. What NACHA cannot say, it does not: no receipt and no "paid" (the account's statement
says that), and no text for the worker besides PAYROLL and the company's name. A payment has no
account type, so the profile has one for all, and the bank corrects it by a change C05. A file is
known by origin, date, minute and modifier: 36 files a minute and connection, then names repeat.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters._profiled import Format, Formatted
from adapters.nacha import reader, returns
from adapters.nacha.profile import Profile, load
from adapters.nacha.writer import Writer
from disburse.adapter import Batch, Record

__all__ = ["Nacha"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Nacha(Formatted[Profile]):
    """The adapter for one company at one bank of the ACH network."""

    FORMAT = Format(load, Writer, reader.read_back, CODE_VERSION)

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"nacha_{batch.reference}.ach"

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read a return file, or raise `UnreadableReport` before the first record."""
        return returns.read_report(content)
