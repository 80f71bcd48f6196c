"""Tells people where everything stands in a profile's lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.lines.profile import Profile
from adapters.lines.spelling import BLANK, Column, Delimited


def explained(profile: Profile) -> Iterator[tuple[str, ...]]:
    """Yield line, number, what stands there, where, and form of each column."""
    unit = "characters" if profile.spelling.characters else f"bytes of {profile.encoding}"
    fixed = not isinstance(profile.spelling, Delimited)
    for line in ("header", "row", "trailer"):
        columns: Sequence[Column] = getattr(profile, line)
        start = 1
        for number, column in enumerate(columns, start=1):
            end = start + column.width - 1
            place = f"{start}-{end} ({unit})" if fixed else _most(column, unit)
            yield line, str(number), _what(column), place, _form(column, profile)
            start = end + 1


def _most(column: Column, unit: str) -> str:
    return f"at most {column.width} {unit}" if column.field else ""


def _what(column: Column) -> str:
    if column.field:
        return column.field + (" (may be empty)" if column.optional else "")
    return f"always {column.constant!r}" if column.constant else "always blank"


def _form(column: Column, profile: Profile) -> str:
    parts = []
    if column.field in {"amount", "total"}:
        parts.append(f"{profile.currency} {'with a point' if profile.major else 'in minor units'}")
    if column.field == "pay_on":
        parts.append("YYYYMMDD" if profile.basic_dates else "YYYY-MM-DD")
    if column.right:
        parts.append("at the right end" + (f", {column.fill!r} before it" * (column.fill != BLANK)))
    if column.pattern is not None:
        parts.append(column.pattern.pattern)
    return ", ".join(parts)
