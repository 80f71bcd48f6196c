"""UAE Wages Protection System: the salary information file (SIF) with EDR, EVP and SCR records.

Confirmed, by the Central Bank's format guide 1.1 and guides of Dubai Islamic Bank, Mashreq and
Emirates NBD: the columns of the three records, AED only, CRLF, one establishment a file, an EVP
right behind each EDR with variable income, the name of 13 digits and a time stamp, and that one
fault refuses the whole file and a second file by the same name is refused, too.

Unconfirmed, and a switch of the profile: the control record as last line (these banks; a writer on
payroll software says first), which days are unpaid leave (a sheet has no such column), the order of
bank digits in routing number and IBAN (seen to agree in printed samples), limits.

The file has no name, no reference of ours and no pay date: the bank pays whose account it is. The
answers (ACK, NAK, RTC) have no public layout, so none is read: only the account's statement says
what was paid, and what came back. Our batch reference goes as the employer's.
The seconds of the file's name count the connection's files: 60 a minute, then names repeat.
"""

from __future__ import annotations

from datetime import timedelta

from adapters._profiled import Format, Formatted
from adapters.uae_wps.profile import Profile, load
from adapters.uae_wps.reader import read_back
from adapters.uae_wps.writer import Writer
from disburse.adapter import Batch

__all__ = ["UaeWps"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class UaeWps(Formatted[Profile]):
    """The adapter for one agent bank."""

    FORMAT = Format(load, Writer, read_back, CODE_VERSION)
    NO_ANSWER = "the WPS publishes no layout of its answers"

    def file_name(self, batch: Batch) -> str:
        """Return the establishment, the minute in which the file was made, and its count."""
        made = batch.created + timedelta(hours=self._profile.hours_ahead_of_utc)
        return f"{batch.employer}{made:%y%m%d%H%M}{batch.sequence % 60:02d}.SIF"
