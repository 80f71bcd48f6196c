"""What a bank's format can carry and what its bank promises; part of the contract with adapters.

Every default is the safe side: a bank that promises nothing is never asked for it. Limits that a
clerk sees (cut-offs, file names) are told to people; the others decide what the core does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from disburse.domain.money import DIGITS
from disburse.domain.promise import Answers, Confidence, Numbering, Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class CutOff:
    """Until when a file must be at the bank."""

    at: time  # in the bank's zone
    zone: str  # IANA name
    days_before: int  # bank working days before the pay date; 0 is the pay date itself
    applies_to: str = ""  # which files, in words, where not all


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the format can carry and what its bank promises; the core picks its path by these."""

    format: str  # such as "ISO 20022 pain.001.001.09"
    currencies: frozenset[str]
    charset: str  # a Python codec name, or a named ISO 20022 character set
    payments_max: int  # in one file
    bytes_max: int  # of one file
    amount_max: int  # minor units of one payment
    carries: frozenset[str]  # `Payment` fields in the file, also "wage.days": read back as proof
    states: frozenset[str]  # `Head` fields that the file holds, likewise
    needs: frozenset[str] = frozenset()  # `Payment` fields it cannot do without
    file_names: str = ""  # the form of its files' names, such as "pain001_REFERENCE.xml"
    reports: tuple[str, ...] = ()  # formats of answers that `read_report` reads
    statements: tuple[str, ...] = ()  # formats that `read_statement` reads; (): none
    answers: Answers = Answers.PER_PAYMENT
    silence: Silence = Silence.NOTHING
    numbering: Numbering = Numbering.INCREASING
    deduplicates: bool = False  # the bank recognises the same file sent twice, and executes it once
    answers_queries: bool = False  # the bank can be asked whether it has a file
    takes_cancellations: bool = False  # the bank can be asked to take a file or payment back
    # Hours without an answer after which nobody may assume that the bank has the file. It moves no
    # money: people are told. Three days hold a weekend.
    answer_hours: int = 72
    cut_offs: tuple[CutOff, ...] = ()  # (): not known here; the bank's agreement says
    confidence: Confidence = Confidence.UNCONFIRMED

    @property
    def digits(self) -> Mapping[str, int]:
        """Return how many decimal places each currency has."""
        return {currency: DIGITS[currency] for currency in sorted(self.currencies)}
