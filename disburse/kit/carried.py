"""What of a payment an adapter's format holds: the rest comes back empty."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, Final

from disburse.adapter import Payment, Wage
from disburse.domain.wage import NO_DAY

_EMPTY: Final[dict[str, Any]] = {
    "id_type": "", "id_number": "", "worked_from": NO_DAY, "worked_to": NO_DAY, "days": "",
    "items": (), "deductions": (),
}  # fmt: skip
_SUMS: Final = {"items": "gross", "deductions": "deducted"}  # carried added up, if not each


def reduced(payment: Payment, carries: frozenset[str]) -> Payment:
    """Return `payment` as it comes back from a file that holds `carries` only.

    Items that the format adds up come back as one, named "other".
    """
    absent = {one.name for one in fields(Payment)} - carries - {"wage"}
    texts: dict[str, Any] = dict.fromkeys(absent, "")
    return replace(payment, **texts, wage=_wage(payment.wage, carries))


def without(payment: Payment, field: str) -> Payment:
    """Return `payment` without the field that its bank needs."""
    lacking: dict[str, Any] = {field: None if field == "wage" else ""}
    return replace(payment, **lacking)


def _wage(wage: Wage | None, carries: frozenset[str]) -> Wage | None:
    parts = {name.partition(".")[2] for name in carries if "." in name}
    if wage is None or not parts:
        return None
    kept = {name: empty for name, empty in _EMPTY.items() if name not in parts}
    for name, total in _SUMS.items():
        if total in parts and (amount := getattr(wage, total)):
            kept[name] = (("other", amount),)
    return replace(wage, **kept)
