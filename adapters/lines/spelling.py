"""How texts become a line, and a line texts: with a delimiter between them, or by widths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

BLANK: Final = " "


class NotALine(Exception):  # noqa: N818  (what a line is, not a defect of ours)
    """The bytes are no line of these columns; the message says why, and repeats no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a line: a constant, or a field with its greatest or fixed width."""

    field: str  # "" for a constant
    constant: str = ""
    width: int = 0  # bytes of the encoding, or characters where the profile says so
    optional: bool = False
    pattern: re.Pattern[str] | None = None
    right: bool = False  # fixed widths: the text stands at the right end
    fill: str = BLANK  # fixed widths: "0" before numbers, else blanks


class Spelling(Protocol):
    """What differs between the two kinds of lines."""

    @property
    def refused(self) -> str:
        """Return the characters that no text may have."""
        ...

    @property
    def characters(self) -> bool:
        """Return whether widths count characters; else they count bytes."""
        ...

    def join(self, columns: Sequence[Column], texts: Iterable[str]) -> bytes:
        """Return the line without its end; each text was checked to fit."""
        ...

    def split(self, columns: Sequence[Column], line: bytes, *, more: bool = False) -> list[str]:
        """Return the texts, without what fills up their columns; or raise `NotALine`.

        With `more`, columns behind the last one that is known are let be.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimited:
    """Texts with a delimiter between them; there is no escape and no quotation mark."""

    encoding: str
    delimiter: str
    characters: bool = False

    @property
    def refused(self) -> str:
        """Return the delimiter."""
        return self.delimiter

    def join(self, columns: Sequence[Column], texts: Iterable[str]) -> bytes:  # noqa: ARG002
        """Return the line without its end."""
        return self.delimiter.join(texts).encode(self.encoding, "strict")

    def split(self, columns: Sequence[Column], line: bytes, *, more: bool = False) -> list[str]:
        """Return the texts, or raise `NotALine`.

        Decoded first: in GBK and GB 18030 the delimiter's byte may be half of a character.
        """
        texts = _decoded(line, self.encoding).split(self.delimiter)
        if len(texts) < len(columns) or (len(texts) > len(columns) and not more):
            raise NotALine(f"it has {len(texts)} columns instead of {len(columns)}")
        return texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """Texts that fill up their columns' widths, counted in bytes or in characters."""

    encoding: str
    characters: bool
    refused: str = ""

    def join(self, columns: Sequence[Column], texts: Iterable[str]) -> bytes:
        """Return the line without its end."""
        parts: list[str] = []
        for column, text in zip(columns, texts, strict=True):
            plain = self.characters or text.isascii()  # one place for each character
            length = len(text) if plain else len(text.encode(self.encoding, "strict"))
            filling = column.fill * (column.width - length)
            parts.append(filling + text if column.right else text + filling)
        return "".join(parts).encode(self.encoding, "strict")

    def split(self, columns: Sequence[Column], line: bytes, *, more: bool = False) -> list[str]:
        """Return the texts, or raise `NotALine` for another length or a character cut in two."""
        whole: str | bytes = _decoded(line, self.encoding) if self.characters else line
        width = sum(column.width for column in columns)
        if len(whole) < width or (len(whole) > width and not more):
            unit = "characters" if self.characters else "bytes"
            raise NotALine(f"it has {len(whole)} {unit} instead of {width}")
        texts, start = [], 0
        for column in columns:
            part = whole[start : start + column.width]
            start += column.width
            text = part if isinstance(part, str) else _decoded(part, self.encoding)
            texts.append(_unfilled(column, text))
        return texts


def _decoded(part: bytes, encoding: str) -> str:
    try:
        return part.decode(encoding, "strict")
    except UnicodeDecodeError as why:
        raise NotALine(f"there are bytes of another encoding than {encoding}") from why


def _unfilled(column: Column, text: str) -> str:
    if not column.right:
        return text.rstrip(BLANK)
    bare = text.lstrip(column.fill)
    # of "000.50" and "000" the last zero before the point is a digit
    return bare if column.fill == BLANK or bare[:1].isdecimal() else f"0{bare}"
