"""One row of a bank's answer as a record; what cannot be believed is quarantined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters._bodies.body import CURRENCY
from disburse.adapter import (
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Record,
    Refusal,
    Result,
    parse_money,
)

RECORDS_MAX: Final = 200_000  # twice the longest sheet; a longer answer is another bank's
_LOST: Final = "\ufffd"  # what decoding leaves of bytes that are none of the encoding's
_FILE_RESULTS: Final = frozenset(
    {Result.ACCEPTED, Result.REJECTED, Result.DUPLICATE, Result.PENDING}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the bank says of one payment or file, as texts; "" for what it does not say."""

    reference: str
    code: str
    amount: str = ""
    reason: str = ""
    text: str = ""
    evidence: str = ""
    on: str = ""
    file_reference: str = ""


def payment_record(
    position: int, said: Said, results: Mapping[str, Result], *, major: bool = True
) -> Record:
    """Return the answer about one payment, or the reason why it is none."""
    if _LOST in said.reference + said.code + said.amount + said.on:
        return Quarantined(position=position, reason="it has bytes of another encoding")
    result = results.get(said.code)
    if result is None:
        return Quarantined(position=position, reason=f"the bank's code {said.code[:20]!r} is none")
    if not said.reference:
        return Quarantined(position=position, reason="it does not say which payment it answers")
    amount = None
    if said.amount:
        try:
            amount = parse_money(said.amount, CURRENCY if major else "JPY")  # fen: whole units
        except Refusal as why:
            return Quarantined(position=position, reason=f"its amount is unreadable: {why.detail}")
    return PaymentAnswer(
        position=position,
        reference=said.reference,
        result=result,
        amount=amount,
        currency=None if amount is None else CURRENCY,
        reason=said.reason or said.code,
        text=said.text,
        evidence=said.evidence,
        on=day(said.on),
        file_reference=said.file_reference,
    )


def file_record(position: int, said: Said, results: Mapping[str, Result]) -> Record:
    """Return the answer about the whole file, or the reason why it is none."""
    result = results.get(said.code)
    if _LOST in said.reference + said.code or result not in _FILE_RESULTS or result is None:
        return Quarantined(
            position=position, reason=f"the bank's code {said.code[:20]!r} is none of a file"
        )
    if not said.reference:
        return Quarantined(
            position=position,
            reason=f"it does not say which file it answers (the bank's number: {said.evidence})",
        )
    return FileAnswer(
        position=position,
        reference=said.reference,
        result=result,
        reason=said.reason or said.code,
        text=said.text,
        evidence=said.evidence,
        on=day(said.on),
    )


def day(text: str) -> date | None:
    """Return the date of 20261010 or 2026-10-10; None for anything else."""
    try:
        return date.fromisoformat(text[:10] if "-" in text else text[:8])
    except ValueError:
        return None
