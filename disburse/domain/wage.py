"""What a wage is made of, told to a bank only where an authority wants it in the bank's file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Wage:
    """What one payment is made of, for authorities that want it in the bank's file.

    Amounts are minor units; Σ `items` - Σ `deductions` is the payment's amount, except where an
    earlier attempt paid a part.
    """

    id_type: str  # a value of `domain.sheet.IdType`
    id_number: str  # the worker's, as the paper shows it
    worked_from: date
    worked_to: date
    days: str  # decimal text, at most two places; "" when not paid by the day
    items: tuple[tuple[str, int], ...]  # (name from `domain.sheet.GROSS_ITEMS`, amount)
    deductions: tuple[tuple[str, int], ...]  # (name from `domain.sheet.DEDUCTION_ITEMS`, amount)

    @property
    def gross(self) -> int:
        """Return Σ `items`."""
        total = 0
        for _, amount in self.items:
            total += amount
        return total

    @property
    def deducted(self) -> int:
        """Return Σ `deductions`; formats that add them up carry this instead of each."""
        total = 0
        for _, amount in self.deductions:
            total += amount
        return total


# What a bank's file may hold of a wage; an adapter names them as "wage.days" and so on.
PARTS: Final = frozenset({*Wage.__dataclass_fields__, "gross", "deducted"})
NO_DAY: Final = date.min  # read back from a format that does not say which days were worked


def from_record(record: Mapping[str, Any]) -> Wage:
    """Return a wage from what JSON holds of it; items as pairs, because jsonb forgets order."""
    return Wage(
        id_type=record["id_type"],
        id_number=record["id_number"],
        worked_from=date.fromisoformat(record["worked_from"]),
        worked_to=date.fromisoformat(record["worked_to"]),
        days=record["days"],
        items=tuple((name, amount) for name, amount in record["items"]),
        deductions=tuple((name, amount) for name, amount in record["deductions"]),
    )
