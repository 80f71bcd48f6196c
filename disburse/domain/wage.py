"""What a wage is made of, told to a bank only where an authority wants it in the bank's file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Wage:
    """What one payment is made of, for authorities that want it in the bank's file.

    Amounts are minor units; Σ `items` - Σ `deductions` is the payment's amount.
    """

    id_type: str  # a value of `domain.sheet.IdType`
    id_number: str  # the worker's, as the paper shows it
    worked_from: date
    worked_to: date
    days: str  # decimal text, at most two places; "" when not paid by the day
    items: tuple[tuple[str, int], ...]  # (name from `domain.sheet.GROSS_ITEMS`, amount)
    deductions: tuple[tuple[str, int], ...]  # (name from `domain.sheet.DEDUCTION_ITEMS`, amount)
