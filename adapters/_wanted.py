"""What a bank takes in one text field, said once: for the fault that a person reads, and for tests.

The writers have a quicker look at what is right; this is for what is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from adapters._text import charset, too_long, unsafe
from disburse.adapter import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One field: its characters, its length, and its form where it has one."""

    field: str  # of a `Payment` or a `Batch`, as faults name it
    characters: str  # of a regular expression's class, such as "0-9A-Z"
    longest: int  # characters, and bytes: for formats in ASCII
    form: str = ""  # a regular expression for the whole text
    says: str = ""  # what to do about another form
    code: str = "charset"  # of a text in another form
    missing: str = "the bank needs it"
    optional: bool = False

    def faults(self, text: str) -> Iterator[Fault]:
        """Yield why the bank would refuse `text`; nothing when it would not."""
        if not text:
            if not self.optional:
                yield Fault(self.field, "missing", self.missing)
        elif fault := unsafe(self.field, text):
            yield fault
        elif found := re.search(f"[^{self.characters}]", text):
            yield charset(self.field, text, found.start())
        elif len(text) > self.longest:
            yield too_long(self.field, len(text), self.longest, "characters")
        elif self.form and not re.fullmatch(self.form, text, re.ASCII):
            yield Fault(self.field, self.code, self.says)


def amount_faults(amount: int, most: int, unit: str) -> Iterator[Fault]:
    """Yield a fault where the bank takes no such amount in one payment."""
    if not 1 <= amount <= most:
        yield Fault("amount", "amount", f"pay between 1 and {most} {unit}")
