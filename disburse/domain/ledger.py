"""The ledger of a special account: nine columns that add up to zero, moved by named transfers.

One row stands for one project on one account. Amounts are whole minor units. A transfer takes its
amount from one column and adds it to another, so the sum stays zero whatever happens; a CHECK in
the database says so again. Signs: `bank` is minus the booked balance; what somebody owes us
(`awaited`, `missing`) is negative; what we owe or keep is positive.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Final

from disburse.domain.refusal import Refusal

COLUMNS: Final = (
    "bank", "drawn", "awaited", "missing", "suspense", "free", "held", "in_flight", "paid",
)  # fmt: skip
NOT_NEGATIVE: Final = ("suspense", "free", "held", "in_flight", "paid")
NOT_POSITIVE: Final = ("awaited", "missing")


class Kind(StrEnum):
    """What moves money between columns; unique with project and reference."""

    ALLOCATE = "allocate"
    DECLARE = "declare"
    CONFIRM = "confirm"
    REVOKE = "revoke"
    REVOKE_SHORT = "revoke_short"
    BOOK_PAYMENT = "book_payment"
    BOOK_RETURN = "book_return"
    BOOK_UNORDERED_DEBIT = "book_unordered_debit"
    ABSORB = "absorb"
    BOOK_UNKNOWN_CREDIT = "book_unknown_credit"
    ACCEPT_CREDIT = "accept_credit"
    MATCH_CREDIT = "match_credit"
    REPLENISH = "replenish"
    MATCH_DEBIT = "match_debit"
    ELSEWHERE = "elsewhere"
    UNABSORB = "unabsorb"
    FUND = "fund"
    RELEASE = "release"
    DISPATCH = "dispatch"
    SETTLE = "settle"
    REJECT = "reject"
    RETURN = "return"
    LEND = "lend"
    BORROW = "borrow"
    CORRECT = "correct"


# From and to. CORRECT is the reverse of the one transfer that its reference names.
EDGES: Final = {
    Kind.ALLOCATE: ("bank", "free"),  # the owner's money arrived: a statement entry
    Kind.DECLARE: ("awaited", "free"),  # two people say that it is on its way
    Kind.CONFIRM: ("bank", "awaited"),  # the declared money arrived
    Kind.REVOKE: ("free", "awaited"),  # it will not come; what is still free goes back
    Kind.REVOKE_SHORT: ("missing", "awaited"),  # and what was spent already is missing
    Kind.BOOK_PAYMENT: ("drawn", "bank"),  # the bank booked our payment
    Kind.BOOK_RETURN: ("bank", "drawn"),  # the bank booked a payment back
    Kind.BOOK_UNORDERED_DEBIT: ("missing", "bank"),  # a fee, a court, a recalled allocation
    Kind.ABSORB: ("free", "missing"),  # free money makes good what is missing
    Kind.BOOK_UNKNOWN_CREDIT: ("bank", "suspense"),  # money nobody can explain yet
    Kind.ACCEPT_CREDIT: ("suspense", "free"),  # explained: an allocation
    Kind.MATCH_CREDIT: ("suspense", "drawn"),  # explained: a payment came back
    Kind.REPLENISH: ("suspense", "missing"),  # explained: makes good what was missing
    Kind.MATCH_DEBIT: ("drawn", "missing"),  # the unordered debit was our payment after all
    Kind.ELSEWHERE: ("missing", "drawn"),  # a return never came to this account, or a fee was kept
    Kind.UNABSORB: ("missing", "free"),  # what was absorbed turned out to be our payment
    Kind.FUND: ("free", "held"),  # set aside for a sheet
    Kind.RELEASE: ("held", "free"),  # unfund, reject, withdraw, give up
    Kind.DISPATCH: ("held", "in_flight"),  # a file leaves for the bank
    Kind.SETTLE: ("in_flight", "paid"),  # the bank says: paid
    Kind.REJECT: ("in_flight", "held"),  # the bank says: not paid
    Kind.RETURN: ("paid", "held"),  # it came back; the worker is still owed
    Kind.LEND: ("free", "bank"),  # another project on the same account gets it: with BORROW,
    Kind.BORROW: ("bank", "free"),  # a pair in one transaction
}


class Short(Refusal):
    """A column does not hold what the transfer takes."""

    code = "insufficient-funds"


@dataclass(frozen=True, slots=True)
class Balance:
    """The nine columns of one project on one account, in minor units."""

    bank: int = 0
    drawn: int = 0
    awaited: int = 0
    missing: int = 0
    suspense: int = 0
    free: int = 0
    held: int = 0
    in_flight: int = 0
    paid: int = 0

    @property
    def booked(self) -> int:
        """Return the balance that the bank's books show for this row."""
        return -self.bank

    def backs(self, amount: int, *, statements: bool) -> bool:
        """Say whether there is money behind `amount` when it is to be dispatched.

        Where no statement source is connected, declared money counts; with one, `awaited`
        (negative) takes undelivered declarations off.
        """
        awaited = self.awaited if statements else 0
        return amount <= self.free + self.held + self.missing + awaited


@dataclass(frozen=True, slots=True)
class Transfer:
    """One movement between two columns; `reference` names its cause once and for all."""

    kind: Kind
    reference: str
    amount: int

    def __post_init__(self) -> None:
        if self.amount <= 0:
            raise ValueError(f"a transfer moves a positive amount, not {self.amount}")


def edge(transfer: Transfer) -> tuple[str, str]:
    """Return the columns that `transfer` takes from and gives to."""
    if transfer.kind is not Kind.CORRECT:
        return EDGES[transfer.kind]
    source, target = EDGES[Kind(transfer.reference.partition(":")[0])]
    return target, source


def post(balance: Balance, *transfers: Transfer) -> Balance:
    """Return `balance` after `transfers`, or raise `Short` when a column would change its sign.

    Only the end counts: transfers of one transaction are seen by others together.
    """
    change = deltas(transfers)
    after = replace(balance, **{name: getattr(balance, name) + by for name, by in change.items()})
    for name in NOT_NEGATIVE:
        if name in change and getattr(after, name) < 0:
            short = -getattr(after, name)
            raise Short(f"{name} lacks {short} minor units", column=name, lacking=short)
    for name in NOT_POSITIVE:
        if name in change and getattr(after, name) > 0:
            raise Short(f"{name} would be over-answered", column=name, lacking=getattr(after, name))
    return after


def deltas(transfers: Iterable[Transfer]) -> dict[str, int]:
    """Add up what `transfers` change, column by column; the values add up to zero."""
    change: dict[str, int] = {}
    for transfer in transfers:
        source, target = edge(transfer)
        change[source] = change.get(source, 0) - transfer.amount
        change[target] = change.get(target, 0) + transfer.amount
    return change


def total(balance: Balance) -> int:
    """Return the sum of the nine columns, which is zero."""
    return sum(asdict(balance).values())
