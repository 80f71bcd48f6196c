"""What a report states of its payments by status, held against what it lists."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

from adapters._amount import minor
from disburse.adapter import Refusal, UnreadableReport


class Stated(NamedTuple):
    """One count (and sum) by status, as `NbOfTxsPerSts` gives it."""

    status: str
    number: str
    total: str


class Tally:
    """Counts and sums by status of what a report or a block lists."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self._sum: dict[str, int] = defaultdict(int)
        self._without_amount: set[str] = set()
        self._currencies: set[str] = set()

    def add(self, status: str, amount: int | None, currency: str) -> None:
        """Count one listed payment."""
        self._count[status] += 1
        if amount is None:
            self._without_amount.add(status)
        else:
            self._sum[status] += amount
            self._currencies.add(currency)

    def take(self, other: Tally) -> None:
        """Count in what another tally has counted."""
        self._count += other._count
        for status, amount in other._sum.items():
            self._sum[status] += amount
        self._without_amount |= other._without_amount
        self._currencies |= other._currencies

    def require(self, stated: tuple[Stated, ...]) -> None:
        """Raise `UnreadableReport` where more is listed than stated, or fewer rejections.

        Banks that list their rejections only state the others' number, too; and who lists nothing
        speaks of the whole. But a rejection that is counted and not listed is one that got lost:
        its payment would pass for accepted.
        """
        if not self._count:
            return
        for one in stated:
            listed, count = self._count[one.status], one.number.lstrip("0") or "0"
            whole = count == str(listed)
            fewer = count.isascii() and count.isdigit() and listed < int(count[:16])
            if not whole and (one.status == "RJCT" or not fewer):
                raise UnreadableReport(
                    f"it states {one.number[:16]!r} payments as {one.status[:10]!r} and lists"
                    f" {listed}; fetch it from the bank again"
                )
            if whole and not self._adds_up(one):
                raise UnreadableReport(
                    f"its payments as {one.status[:10]!r} are not the sum that it states; "
                    "fetch it from the bank again"
                )

    def _adds_up(self, one: Stated) -> bool:
        """Say whether the stated sum is that of the listed amounts, where all are there."""
        if not one.total or one.status in self._without_amount or len(self._currencies) != 1:
            return True
        (currency,) = self._currencies
        try:
            return minor(one.total, currency) == self._sum[one.status]
        except Refusal:
            return False
