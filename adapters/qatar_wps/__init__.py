"""Qatar's Wages Protection System: the salary information file, version 01.

Confirmed, by the Central Bank's and a bank's guide: the file's name, the values of the first
record, exactly one of establishment and person as payer, and the columns that version 01 added,
with `/DRC/` and a reason behind every deduction.

Unconfirmed, and switches of the profile: the columns of a row before those (one good secondary
source), the titles, the word for the payment type, how long a name may be, and whether extra income
contains the allowances. Hours beyond the usual are written as 0: no sheet's line tells them.

The file has no reference of ours and no pay date, and the answers have no public layout: only the
account's statement says what was paid. The minute in name and header counts the connection's files,
so that no two files of an hour have one name. QID (11 digits) or visa number are the identity
number of the line, identity type foreign_card. The minimum wage is the ministry's check, not the
bank's, and is not repeated here.
"""

from __future__ import annotations

from datetime import timedelta

from adapters._profiled import Format, Formatted
from adapters.qatar_wps.profile import Profile, load
from adapters.qatar_wps.reader import read_back
from adapters.qatar_wps.writer import Writer
from disburse.adapter import Batch

__all__ = ["QatarWps"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class QatarWps(Formatted[Profile]):
    """The adapter for one payer at one bank."""

    FORMAT = Format(load, Writer, read_back, CODE_VERSION)
    NO_ANSWER = "Qatar's WPS publishes no layout of its answers"

    def file_name(self, batch: Batch) -> str:
        """Return establishment, bank, day, and the hour with the file's count."""
        made = batch.created + timedelta(hours=self._profile.hours_ahead_of_utc)
        bank, count = batch.debtor.bank_code, batch.sequence % 60
        return f"SIF_{batch.employer}_{bank}_{made:%Y%m%d}_{made:%H}{count:02d}.csv"
