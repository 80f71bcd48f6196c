"""A bank's account statement, and what each of its entries means for the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from disburse.domain.ledger import Kind
from disburse.domain.refusal import Refusal

BOOKED: Final = "entry:"  # how evidence begins that is an entry of the bank's books


class StatementBroken(Refusal):
    """The statement does not add up, or does not follow the one before."""

    code = "statement-broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One booked entry; amounts in minor units, credits positive."""

    reference: str  # the bank's own, unique on the account
    amount: int
    booked_on: date
    names: str  # a reference of ours that the bank repeats, or ""
    counterparty: str  # the other side's account number, or ""
    text: str
    corrects: bool = False  # the bank takes an earlier entry of its own back
    count: int | None = None  # how many payments the bank says it booked at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement: opening + entries = closing."""

    reference: str
    closes_on: date
    opening: int
    closing: int
    entries: Sequence[Entry]

    def require_sound(self, *, after: int) -> None:
        """Raise `StatementBroken` unless it adds up and opens with the balance `after` the last."""
        moved = sum(entry.amount for entry in self.entries)
        if self.opening + moved != self.closing:
            raise StatementBroken(
                f"opening {self.opening} and entries of {moved} do not make closing {self.closing}"
            )
        if self.opening != after:
            raise StatementBroken(
                f"it opens with {self.opening}, the last statement closed with {after}; "
                "book the statements in between first"
            )
        references = [entry.reference for entry in self.entries]
        if len(set(references)) != len(references) or 0 in {e.amount for e in self.entries}:
            raise StatementBroken("an entry stands in it twice, or has no amount")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an entry does to the ledger, and what people must look at."""

    kind: Kind
    anomaly: str = ""


def meaning(
    entry: Entry,
    *,
    ours: bool,
    payers: int,
    declared: int,
    alike: int = 0,
    again: bool = False,
) -> Meaning:
    """Decide what `entry` is, by reference before anything else, and never by guessing.

    `ours`: it is a file or payment of ours, by its reference or as the only one of that amount.
    `payers`: how many projects are allocated to from the account that it came from. `declared`: how
    many vouched declarations of theirs wait for exactly this amount. `alike`: how many files and
    payments it could be otherwise.
    `again`: the bank booked more for that file or payment than was ordered.
    """
    if entry.amount < 0:
        if ours and not again:
            return Meaning(Kind.BOOK_PAYMENT)
        why = "booked-twice" if again else "ambiguous-debit" if alike else "unordered-debit"
        return Meaning(Kind.BOOK_UNORDERED_DEBIT, why)
    if ours:
        return Meaning(Kind.BOOK_RETURN)
    if payers and declared == 1:
        return Meaning(Kind.CONFIRM)
    if payers == 1:
        return Meaning(Kind.ALLOCATE)
    return Meaning(Kind.BOOK_UNKNOWN_CREDIT, "unknown-credit")
