"""Bacs Direct Credit: a Standard 18 file out, and returned credits (ARUCS) in.

Confirmed, by two independent writers after a bank's guide: labels of 80 and data of 100 columns,
dates as year and day of the year, the contra record that debits the payer, the totals, and that
credits come on the day after processing. The reasons of ARUCS are those of three banks.

Unconfirmed: line ends (a switch of the profile), and the elements of the ARUCS report. Its sister
report of direct debits has the attributes ref, returnCode, valueOf, currency and
originalProcessingDate on each item, and numberOf and valueOf on its totals; ARUCS is read by the
same attributes, whatever the elements are called. Input reports are not read.

Bacs says what came back and nothing else: no receipt here, and no "paid"; the account's statement
says that. A worker's account is sort code (6 digits) as bank code, and 8 digits. Our payment
reference is what the worker reads; the batch's is the contra record's narrative. The file's number
is its serial, which Bacs must not see twice within about three months.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters._profiled import Format, Formatted
from adapters.bacs import returns
from adapters.bacs.profile import Profile, load
from adapters.bacs.reader import read_back
from adapters.bacs.writer import Writer
from disburse.adapter import Batch, Record

__all__ = ["Bacs"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Bacs(Formatted[Profile]):
    """The adapter for one service user."""

    FORMAT = Format(load, Writer, read_back, CODE_VERSION)

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"bacs_{batch.reference}.txt"

    def read_report(self, content: bytes) -> Iterator[Record]:
        """Read returned credits, or raise `UnreadableReport`."""
        return returns.read_report(content)
