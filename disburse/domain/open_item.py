"""What is on a special account and not explained yet, and what two people may say it was.

A credit that nobody can explain waits in `suspense`, money that went or stayed away without our
order in `missing`: each such amount is an open item. An explanation moves it on, at most for what
is still open. Nothing is ever explained by time, and nothing by one person alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from disburse.domain.ledger import Kind, Transfer
from disburse.domain.refusal import Refusal


class ExplanationRefused(Refusal):
    """The explanation does not fit the open item, or says more than is open."""

    code = "explanation-refused"


class Side(StrEnum):
    """Which column of the ledger an open item stands in."""

    CREDIT = "credit"  # in `suspense`
    DEBIT = "debit"  # in `missing`


class Explained(StrEnum):
    """What an open item turned out to be."""

    ALLOCATION = "allocation"  # a credit: the owner's money after all
    PAYMENT_RETURN = "payment_return"  # a credit: a payment of ours that came back
    REPLENISHMENT = "replenishment"  # a credit: makes good what an open debit took
    OWN_PAYMENT = "own_payment"  # a debit: a payment or file of ours after all
    ABSORBED = "absorbed"  # a debit: a fee, a court's order; free money makes it good
    ELSEWHERE = "elsewhere"  # a return that never came to this account; opens a debit


ALLOWED: Final = {
    Explained.ALLOCATION: Side.CREDIT,
    Explained.PAYMENT_RETURN: Side.CREDIT,
    Explained.REPLENISHMENT: Side.CREDIT,
    Explained.OWN_PAYMENT: Side.DEBIT,
    Explained.ABSORBED: Side.DEBIT,
    Explained.ELSEWHERE: None,  # begins without an open item
}
# What has to name a payment or file of ours.
NAMES_OURS: Final = frozenset(
    {Explained.PAYMENT_RETURN, Explained.OWN_PAYMENT, Explained.ELSEWHERE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """One amount that waits to be explained; amounts in minor units, never negative."""

    id: int
    project_id: int
    account_id: int
    side: Side
    cause: str  # such as "entry:5:B1-0"
    amount: int
    remaining: int  # not explained yet
    absorbed: int  # of a debit: made good meanwhile, to be given back if it was our payment


@dataclass(frozen=True, slots=True)
class Change:
    """What an explanation does to one open item."""

    remaining: int
    absorbed: int


def require_fitting(
    kind: Explained, item: OpenItem | None, *, names: str, other: OpenItem | None
) -> None:
    """Raise `ExplanationRefused` unless the explanation is of a form that can be true."""
    side = item.side if item else None
    if side is not ALLOWED[kind]:
        wanted = f"an open {ALLOWED[kind]}" if ALLOWED[kind] else "no open item"
        raise ExplanationRefused(f"{kind} explains {wanted}; choose another word or item")
    if (kind in NAMES_OURS) != bool(names):
        raise ExplanationRefused(
            f"{kind} has to name the payment or file that it was"
            if kind in NAMES_OURS
            else f"{kind} names no payment; leave `names` out"
        )
    replenished = other is not None and other.side is Side.DEBIT
    if (kind is Explained.REPLENISHMENT) != replenished:
        raise ExplanationRefused("a replenishment, and nothing else, names the open debit it fills")


def open_part(kind: Explained, item: OpenItem) -> int:
    """Return how much of the item an explanation of this kind may still take."""
    return item.remaining + (item.absorbed if kind is Explained.OWN_PAYMENT else 0)


def change(kind: Explained, item: OpenItem, amount: int) -> Change:
    """Return what explaining `amount` takes off the item, or raise `ExplanationRefused`."""
    if not 0 < amount <= open_part(kind, item):
        raise ExplanationRefused(
            f"open item {item.id} has {open_part(kind, item)} minor units open, not {amount}",
            open=open_part(kind, item),
        )
    if kind is Explained.ABSORBED or (kind is Explained.REPLENISHMENT and item.side is Side.DEBIT):
        return Change(remaining=-amount, absorbed=amount)
    from_absorbed = max(0, amount - item.remaining)
    return Change(remaining=from_absorbed - amount, absorbed=-from_absorbed)


def undone(kind: Explained, item: OpenItem, amount: int, *, unabsorbed: int) -> Change:
    """Return what taking an explanation back gives the item back; the reverse of `change`.

    `unabsorbed`: what the explanation took of the absorbed part. Raises `ExplanationRefused` where
    what free money made good was counted otherwise since.
    """
    absorbed = unabsorbed
    if kind is Explained.ABSORBED or (kind is Explained.REPLENISHMENT and item.side is Side.DEBIT):
        absorbed = -amount
    if item.absorbed + absorbed < 0:
        raise ExplanationRefused(
            f"of open item {item.id} only {item.absorbed} minor units are made good still; "
            "retract the later explanation first",
            open=item.absorbed,
        )
    return Change(remaining=amount - unabsorbed, absorbed=absorbed)


def transfers(kind: Explained, done: Change, *, amount: int, reference: str) -> list[Transfer]:
    """Return what an explanation posts; `done` is its change of the item it is about.

    A debit that was absorbed and then turns out to be our payment gives the free money back first.
    """
    posted = [Transfer(_POSTS[kind], reference, amount)]
    if kind is Explained.OWN_PAYMENT and done.absorbed:
        posted.insert(0, Transfer(Kind.UNABSORB, reference, -done.absorbed))
    return posted


_POSTS: Final = {
    Explained.ALLOCATION: Kind.ACCEPT_CREDIT,
    Explained.PAYMENT_RETURN: Kind.MATCH_CREDIT,
    Explained.REPLENISHMENT: Kind.REPLENISH,
    Explained.OWN_PAYMENT: Kind.MATCH_DEBIT,
    Explained.ABSORBED: Kind.ABSORB,
    Explained.ELSEWHERE: Kind.ELSEWHERE,
}
