"""Reads the columns of a profile: what stands where in a line, and how wide it is."""

from __future__ import annotations

import re
from typing import Final

from adapters._keys import Keys
from adapters.lines.spelling import BLANK, Column, Delimited, Fixed, Spelling

DELIMITERS: Final = ("|", ",", ";", "\t", "^", "~", "#")
# Only what is a number may have zeros before it: of a card number they would be digits.
NUMBERS: Final = frozenset(
    {"amount", "number", "count", "total", "sequence", "paid_count", "paid_total"}
)
LEFT, RIGHT = "left", "right"
_SAFE_LITERAL: Final = re.compile(r"[\x20-\x7e\u4e00-\u9fff]+")


def spelt(keys: Keys, kind: str, encoding: str) -> Spelling:
    """Read what makes texts a line: the delimiter, or what widths count."""
    if kind == "delimited":
        return Delimited(encoding=encoding, delimiter=keys.one_of("delimiter", DELIMITERS))
    counted = keys.one_of("widths", ("bytes", "characters"))
    return Fixed(encoding=encoding, characters=counted == "characters")


def columns(keys: Keys, key: str, known: frozenset[str], spelling: Spelling) -> tuple[Column, ...]:
    """Read one line's columns; every field of `known` at most once, every constant harmless."""
    found, before = [], keys.noted
    for inside in keys.tables(key):
        found.append(_column(inside, known, spelling))
        inside.none_left()
    named = [column.field for column in found if column.field]
    if len(set(named)) != len(named) and keys.noted == before:
        keys.note(key, "each field at most once")
    if not named and (key == "row" or (key == "header" and isinstance(spelling, Delimited))):
        keys.note(key, "a list of columns")
    return tuple(found)


def answer_columns(
    keys: Keys, key: str, known: frozenset[str], spelling: Spelling
) -> tuple[Column, ...]:
    """Read one line of the return file: names in order, or columns with their widths."""
    if isinstance(spelling, Delimited):
        names = keys.names(key, known)
        if any(spelling.delimiter in name for name in names):
            keys.note(key, "constants without the delimiter")
        return tuple(
            Column(field="", constant=one[1:]) if one.startswith("=") else Column(field=one)
            for one in names
        )
    found = []
    for inside in keys.tables(key):
        found.append(_fixed(inside, known, spelling))
        inside.none_left()
    named = [column.field for column in found if column.field not in {"", "skip"}]
    if len(set(named)) != len(named):
        keys.note(key, "each field at most once")
    return tuple(found)


def _column(keys: Keys, known: frozenset[str], spelling: Spelling) -> Column:
    if not isinstance(spelling, Delimited):
        return _fixed(keys, known, spelling)
    if keys.holds("constant"):
        return Column(field="", constant=_constant(keys, spelling))
    return Column(
        field=keys.one_of("field", tuple(sorted(known))),
        width=keys.number("bytes"),
        optional=keys.holds("optional") and keys.switch("optional"),
        pattern=_pattern(keys),
    )


def _fixed(keys: Keys, known: frozenset[str], spelling: Spelling) -> Column:
    if keys.holds("blank"):
        return Column(field="", width=keys.number("blank"))
    width = keys.number("width")
    if keys.holds("constant"):
        constant = _constant(keys, spelling)
        length = len(constant) if spelling.characters else len(constant.encode("gb18030"))
        if length > width:
            keys.note("constant", f"no wider than its width, {width}")
        return Column(field="", constant=constant, width=width)
    field = keys.one_of("field", tuple(sorted(known)))
    align = keys.one_of("align", (LEFT, RIGHT)) if keys.holds("align") else LEFT
    fill = keys.one_of("fill", (BLANK, "0")) if keys.holds("fill") else BLANK
    if fill == "0" and (align == LEFT or field not in NUMBERS):
        keys.note("fill", f"' ', or '0' with align = 'right' for {', '.join(sorted(NUMBERS))}")
    return Column(
        field=field,
        width=width,
        optional=keys.holds("optional") and keys.switch("optional"),
        pattern=_pattern(keys),
        right=align == RIGHT,
        fill=fill,
    )


def _pattern(keys: Keys) -> re.Pattern[str] | None:
    pattern = keys.text("pattern") if keys.holds("pattern") else ""
    return keys.regex("pattern", pattern) if pattern else None


def _constant(keys: Keys, spelling: Spelling) -> str:
    constant = keys.text("constant")
    bad = any(one in constant for one in spelling.refused) or constant != constant.strip()
    if bad or _SAFE_LITERAL.fullmatch(constant) is None:
        keys.note("constant", "printable text without the delimiter, and no blank at its ends")
    return constant
