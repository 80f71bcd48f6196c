"""Spreads values out for JSON: money as decimal text, days and instants as ISO 8601."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import PurePath
from typing import Any

from marshmallow import fields as field

from disburse.domain import money


class Money(field.String):
    """Minor units of the object's own currency, told as decimal text such as "6500.00"."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str | None:  # noqa: ANN401, ARG002
        if value is None:
            return None
        return money.write(value, obj["currency"])


def spread(value: object, currency: str = "") -> Any:  # noqa: ANN401  (as deep as the value is)
    """Turn dataclasses into mappings; each learns the currency of what it is a part of."""
    if is_dataclass(value) and not isinstance(value, type):
        own = getattr(value, "currency", currency)
        parts = {one.name: getattr(value, one.name) for one in fields(value)}
        return {"currency": own} | {name: spread(part, own) for name, part in parts.items()}
    if isinstance(value, Mapping):
        return {name: spread(part, currency) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [spread(part, currency) for part in value]
    return value


def plain(value: object) -> Any:  # noqa: ANN401  (whatever JSON can carry)
    """Return `value` as JSON carries it; what it does not know is told by its name only."""
    simple = spread(value)
    if isinstance(simple, Mapping):
        return {str(name): plain(part) for name, part in simple.items() if part != ""}
    if isinstance(simple, (list, set, frozenset)):
        return [plain(part) for part in simple]
    if isinstance(simple, (datetime, date)):
        return simple.isoformat()
    if isinstance(simple, Enum):
        return simple.value
    if isinstance(simple, PurePath):
        return simple.name
    return simple if isinstance(simple, (str, int, bool, type(None))) else str(type(simple))
