"""What a bank takes in one field: length, letters and form, checked before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from adapters._text import charset, too_long, unsafe
from disburse.adapter import Fault

CODES: Final = {"account": "bad-account", "bank_code": "bad-bank-code", "amount": "amount"}

# GB 18030-2022 writes these with the bytes that 2005 gave to private-use characters and the other
# way round (2005 did so with ḿ): without asking the bank nobody knows what it would read.
_MOVED: Final = re.compile("[\u1e3f\u9fb4-\u9fbb\ufe10-\ufe19]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One field's limits; a text is counted as the bank counts it."""

    field: str
    most: int
    encoding: str
    characters: bool = False  # counted by characters; else by bytes of `encoding`
    optional: bool = False
    pattern: re.Pattern[str] | None = None
    refused: str = ""  # characters that the encoding has and the format, or the bank, has not

    def fits(self, text: str) -> bool:
        """Return whether nothing is wrong with a text, where that is quickly seen.

        False means that `faults` has to look.
        """
        return (
            0 < len(text) <= self.most
            and text.isascii()
            and text.isprintable()
            and text[0] != " " != text[-1]
            and not (self.refused and any(one in text for one in self.refused))
            and (self.pattern is None or self.pattern.fullmatch(text) is not None)
        )

    def faults(self, text: str) -> Iterator[Fault]:
        """Yield what is wrong with one text; nothing when it can go as it is."""
        if not text:
            if not self.optional:
                yield Fault(self.field, "missing", "the bank needs it")
            return
        # Most texts: one byte a character in every encoding, nothing to look at more closely.
        plain = (
            text.isascii()
            and text.isprintable()
            and text == text.strip()
            and not (self.refused and any(one in text for one in self.refused))
        )
        if not plain and (fault := unsafe(self.field, text) or self._unwritable(text)):
            yield fault
            return
        length = len(text) if plain or self.characters else len(text.encode(self.encoding))
        if length > self.most:
            unit = "characters" if self.characters else f"bytes of {self.encoding}"
            yield too_long(self.field, length, self.most, unit)
        if self.pattern is not None and self.pattern.fullmatch(text) is None:
            want = f"the bank wants the form {self.pattern.pattern}"
            yield Fault(self.field, CODES.get(self.field, "charset"), want)

    def _unwritable(self, text: str) -> Fault | None:
        """Return the fault of the first character that is refused, or that has no bytes."""
        for at, one in enumerate(text):
            if one in self.refused:
                return charset(self.field, text, at)
        if text.isascii():  # every encoding that a profile may name contains ASCII
            return None
        if self.encoding == "gb18030" and (moved := _MOVED.search(text)):
            return charset(self.field, text, moved.start())
        try:
            text.encode(self.encoding, "strict")
        except UnicodeEncodeError as why:
            return charset(self.field, text, why.start)
        return None
