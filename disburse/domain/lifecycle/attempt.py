"""The life of a payment attempt, and what a bank's answer does to it.

Time never makes money final, and nothing here does: `paid`, `rejected` and `returned` need the
bank's word. A late return after `paid` is normal life; `paid` after a return is for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from disburse.domain.ledger import Kind
from disburse.domain.result import Result


class State(StrEnum):
    """Where a payment attempt stands."""

    PREPARED = "prepared"  # in a written file that nobody has
    DISPATCHING = "dispatching"  # its file was handed out
    SENT = "sent"  # its file is said to be at the bank
    ACCEPTED = "accepted"  # the bank has it and means to pay
    UNKNOWN = "unknown"  # the bank may or may not have it
    PAID = "paid"  # the bank said so
    REJECTED = "rejected"  # the bank will not pay
    RETURNED = "returned"  # paid, and came back
    VOID = "void"  # its file or approval was taken back before it left


LIVE: Final = frozenset(
    {State.PREPARED, State.DISPATCHING, State.SENT, State.ACCEPTED, State.UNKNOWN}
)
IN_FLIGHT: Final = LIVE - {State.PREPARED}
OPEN_AGAIN: Final = frozenset({State.REJECTED, State.RETURNED})  # may be reissued or given up


@dataclass(frozen=True, slots=True)
class Decision:
    """What an answer does: a new state, transfers on the ledger, a sign for people."""

    state: State | None = None
    transfers: tuple[Kind, ...] = ()
    anomaly: str = ""


UNCHANGED: Final = Decision()

# One line per edge. What is missing here is decided by `answer` below.
EDGES: Final = {
    (State.DISPATCHING, Result.ACCEPTED): Decision(State.ACCEPTED),  # the bank has it
    (State.SENT, Result.ACCEPTED): Decision(State.ACCEPTED),
    (State.UNKNOWN, Result.ACCEPTED): Decision(State.ACCEPTED),
    (State.DISPATCHING, Result.PAID): Decision(State.PAID, (Kind.SETTLE,)),
    (State.SENT, Result.PAID): Decision(State.PAID, (Kind.SETTLE,)),
    (State.UNKNOWN, Result.PAID): Decision(State.PAID, (Kind.SETTLE,)),
    (State.ACCEPTED, Result.PAID): Decision(State.PAID, (Kind.SETTLE,)),
    (State.DISPATCHING, Result.REJECTED): Decision(State.REJECTED, (Kind.REJECT,)),
    (State.SENT, Result.REJECTED): Decision(State.REJECTED, (Kind.REJECT,)),
    (State.UNKNOWN, Result.REJECTED): Decision(State.REJECTED, (Kind.REJECT,)),
    (State.ACCEPTED, Result.REJECTED): Decision(State.REJECTED, (Kind.REJECT,)),
    (State.DISPATCHING, Result.CANCELLED): Decision(State.REJECTED, (Kind.REJECT,)),
    (State.SENT, Result.CANCELLED): Decision(State.REJECTED, (Kind.REJECT,)),
    (State.UNKNOWN, Result.CANCELLED): Decision(State.REJECTED, (Kind.REJECT,)),
    (State.ACCEPTED, Result.CANCELLED): Decision(State.REJECTED, (Kind.REJECT,)),
    # A return before "paid" proves the payment too: settle and return in one transaction.
    (State.DISPATCHING, Result.RETURNED): Decision(State.RETURNED, (Kind.SETTLE, Kind.RETURN)),
    (State.SENT, Result.RETURNED): Decision(State.RETURNED, (Kind.SETTLE, Kind.RETURN)),
    (State.UNKNOWN, Result.RETURNED): Decision(State.RETURNED, (Kind.SETTLE, Kind.RETURN)),
    (State.ACCEPTED, Result.RETURNED): Decision(State.RETURNED, (Kind.SETTLE, Kind.RETURN)),
    (State.PAID, Result.RETURNED): Decision(State.RETURNED, (Kind.RETURN,)),
    # "We have this already" is no rejection; for one payment it leaves open what becomes of it.
    (State.DISPATCHING, Result.DUPLICATE): Decision(State.UNKNOWN, anomaly="duplicate-payment"),
    (State.SENT, Result.DUPLICATE): Decision(State.UNKNOWN, anomaly="duplicate-payment"),
    (State.PAID, Result.REJECTED): Decision(anomaly="rejected-after-paid"),
    (State.PAID, Result.CANCELLED): Decision(anomaly="rejected-after-paid"),
    (State.REJECTED, Result.RETURNED): Decision(anomaly="returned-after-rejected"),
    # By new evidence the money went out after all: two people correct it, or it is a double pay.
    (State.REJECTED, Result.PAID): Decision(anomaly="paid-after-rejected"),
    (State.RETURNED, Result.PAID): Decision(anomaly="paid-after-returned"),
}

NEVER_SENT: Final = frozenset({State.PREPARED, State.VOID})


def answer(state: State, result: Result, *, newer: bool) -> Decision:
    """Decide what the bank's `result` does to an attempt in `state`.

    `newer`: a later attempt on the same entitlement exists, so that "paid" for this one may mean
    that the worker is paid twice. The same or an older record again changes nothing.
    """
    if state in NEVER_SENT:
        return UNCHANGED if result is Result.PENDING else Decision(anomaly="answer-to-unsent")
    decision = EDGES.get((state, result), UNCHANGED)
    if newer and result is Result.PAID and decision.anomaly:
        return Decision(anomaly="paid-while-newer-attempt")
    return decision
