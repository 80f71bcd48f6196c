"""Rows of a read as plain dictionaries, by column name."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult

AnyRow = dict[str, Any]


def as_dicts(result: CursorResult[Any]) -> list[AnyRow]:
    """Return every row."""
    return [row._asdict() for row in result]
