"""ABA (Cemtex): wages by Australia's direct entry, 120 columns a line.

Confirmed against another writer's output: the columns of the three records, BSB with its hyphen,
amounts in cents, code 53 for pay, the batch as "999-999".

Unconfirmed, and a switch of the profile: line ends. The file is not balanced by a debit of its own:
the bank takes the sum from the account that stands in every record as trace. A worker's account is
BSB (6 digits) as bank code, and up to 9 digits. The batch's reference goes as the description.

Direct entry sends no answer of a public layout: what comes back stands on the account's statement.
"""

from __future__ import annotations

from adapters._profiled import Format, Formatted
from adapters.aba.profile import Profile, load
from adapters.aba.reader import read_back
from adapters.aba.writer import Writer
from disburse.adapter import Batch

__all__ = ["Aba"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class Aba(Formatted[Profile]):
    """The adapter for one direct entry user."""

    FORMAT = Format(load, Writer, read_back, CODE_VERSION)
    NO_ANSWER = "direct entry has none of a public layout"

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"{batch.reference}.aba"
