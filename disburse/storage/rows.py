"""Rows of a read as plain dictionaries, and many values on their way to PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import CursorResult

AnyRow = dict[str, Any]


def as_dicts(result: CursorResult[Any]) -> list[AnyRow]:
    """Return every row."""
    return [row._asdict() for row in result]


def array(numbers: Iterable[int]) -> str:
    """Write numbers as PostgreSQL's array; the driver takes far longer over a list of 10,000."""
    return f"{{{','.join(map(str, numbers))}}}"


def array_of_bytes(values: Iterable[bytes]) -> str:
    """Write byte strings as PostgreSQL's array, likewise."""
    return "{" + ",".join([f'"\\\\x{value.hex()}"' for value in values]) + "}"
