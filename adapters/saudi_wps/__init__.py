"""Saudi Arabia's Wages Protection System: the wages file, and the same file as the bank's answer.

Confirmed, by MHRSD's "WPS Wages File Specification" as a public product transcribed it: tabs, SAR
only, ten columns of a header, fourteen of a row, a last line with a hyphen, that the total is the
sum of the rows and net is basic + housing + other earnings - deductions, that a file reference
repeats never, and that the answer is the same file with the bank's columns filled in.

Unconfirmed, and switches of the profile: the specification is of 2012 to 2017 and banks take forms
of their own, too; the decimal mark; line ends; and the bank's words for what happened, because the
table of reasons is not public. The bank signs its answer; in which form is unknown, so it is not
checked here: take answers only by the bank's own channel.

Our reference goes as payment details (70-DET), which come back unchanged. MOL-ID is the worker's
national number or iqama: identity type foreign_card, 10 digits.
"""

from __future__ import annotations

from adapters._profiled import Answered, Answers, Format
from adapters.saudi_wps import answer, example
from adapters.saudi_wps.profile import Profile, load
from adapters.saudi_wps.reader import read_back
from adapters.saudi_wps.writer import Writer
from disburse.adapter import Batch

__all__ = ["SaudiWps"]

CODE_VERSION = "1"  # the profile's own version and digest follow it


class SaudiWps(Answered[Profile]):
    """The adapter for one establishment at one bank."""

    FORMAT = Format(load, Writer, read_back, CODE_VERSION)
    ANSWERS = Answers(answer.read_report, example.report)

    def file_name(self, batch: Batch) -> str:
        """Return a name that is unique because the batch's reference is."""
        return f"WPS_{batch.reference}.txt"
