"""What a bank may say of a payment or of a whole file; every format's codes come down to these."""

from __future__ import annotations

from enum import StrEnum


class Result(StrEnum):
    """What the bank says of a payment or of a whole file."""

    PENDING = "pending"  # seen, nothing decided: changes no state
    ACCEPTED = "accepted"  # the bank has it and means to pay it
    PAID = "paid"
    REJECTED = "rejected"  # not paid, and will not be
    RETURNED = "returned"  # paid, then it came back
    CANCELLED = "cancelled"  # taken back on our request: not paid, and will not be
    DUPLICATE = "duplicate"  # the bank has this already; never a rejection
