"""Is there money for a sheet? What everybody is told, in the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from disburse.domain.ledger import Balance


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a special account has and what a sheet needs, in minor units."""

    free: int
    held: int
    missing: int  # spent without order, or declared and not delivered
    declared: int  # of `free`: money that two people say is on its way
    needed: int
    shortage: int
    due_on: date
    payer: str  # who must pay: the owner, by name
    days_late: int

    @property
    def covered(self) -> bool:
        """Say whether the free money is enough."""
        return self.shortage == 0


def cover(balance: Balance, *, needed: int, due_on: date, payer: str, today: date) -> Coverage:
    """Compare what is free with what is needed, as of `today` in the bank's zone."""
    return Coverage(
        free=balance.free,
        held=balance.held,
        missing=-balance.missing,
        declared=-balance.awaited,
        needed=needed,
        shortage=max(0, needed - balance.free),
        due_on=due_on,
        payer=payer,
        days_late=max(0, (today - due_on).days),
    )
