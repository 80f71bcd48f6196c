"""The life of a bank file. `answered` is no state: it is a view over the file's payments.

A file has one set of bytes for ever. Nothing leads from `dispatching` back to `written`: what may
have reached the bank is never sent again by a clock or an exception.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from disburse.domain.lifecycle import edges
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.result import Result

__all__ = ["TRANSITIONS", "Action", "State", "WrongState", "answer", "move"]


class State(StrEnum):
    """Where a bank file stands."""

    WRITTEN = "written"  # bytes kept and proven; nobody has them
    DISPATCHING = "dispatching"  # handed out; from here on it may reach the bank
    SENT = "sent"  # somebody confirmed that the bank was given it
    ACKNOWLEDGED = "acknowledged"  # the bank has it
    UNKNOWN = "unknown"  # it may or may not be at the bank
    REFUSED = "refused"  # the bank said no to all of it
    VOID = "void"  # cancelled before anybody had it


class Action(StrEnum):
    """What happens to a bank file."""

    CLAIM = "claim"  # a releaser takes the bytes
    HAND_OVER = "hand_over"  # and confirms that the bank was given them
    CANCEL = "cancel"
    ACKNOWLEDGE = "acknowledge"
    REFUSE = "refuse"
    LOSE = "lose"  # overdue, or the lease of the sender is over
    RETRANSMIT = "retransmit"
    NEVER = "never"


TRANSITIONS: Final = {
    (State.WRITTEN, Action.CLAIM): State.DISPATCHING,  # held → in flight; one of claim and
    (State.WRITTEN, Action.CANCEL): State.VOID,  # cancel wins, by compare-and-set
    (State.DISPATCHING, Action.HAND_OVER): State.SENT,
    (State.ACKNOWLEDGED, Action.HAND_OVER): State.ACKNOWLEDGED,  # the bank was quicker to answer
    (State.DISPATCHING, Action.LOSE): State.UNKNOWN,
    (State.SENT, Action.LOSE): State.UNKNOWN,  # overdue: moves no money, opens exits
    (State.DISPATCHING, Action.ACKNOWLEDGE): State.ACKNOWLEDGED,  # an answer, or "duplicate"
    (State.SENT, Action.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.UNKNOWN, Action.ACKNOWLEDGE): State.ACKNOWLEDGED,
    (State.DISPATCHING, Action.REFUSE): State.REFUSED,  # whole file, no payment accepted or paid
    (State.SENT, Action.REFUSE): State.REFUSED,
    (State.UNKNOWN, Action.REFUSE): State.REFUSED,
    (State.ACKNOWLEDGED, Action.REFUSE): State.REFUSED,
    (State.UNKNOWN, Action.RETRANSMIT): State.DISPATCHING,  # same bytes, bank de-duplicates
    (State.UNKNOWN, Action.NEVER): State.REFUSED,  # a bank's document, two people
}


def move(state: State, action: Action) -> State:
    """Return the state that `action` leads to, or raise `WrongState`."""
    return edges.move(TRANSITIONS, state, action, "bank file")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the bank's word about a whole file does."""

    action: Action | None = None
    contradiction: str = ""


def answer(state: State, result: Result, *, bank_took_some: bool) -> Decision:
    """Decide what `result` about the whole file means.

    `bank_took_some`: a payment of it was accepted or paid before. Anything but a rejection proves
    that the bank has the file; a rejection after that is a contradiction for people.
    """
    if state in {State.WRITTEN, State.VOID}:
        return Decision(contradiction="the bank answers a file that was never handed out")
    refused = result in {Result.REJECTED, Result.CANCELLED}
    if (refused and state is State.REFUSED) or (not refused and state is State.ACKNOWLEDGED):
        return Decision()
    if refused and bank_took_some:
        return Decision(contradiction="the whole file is refused after a payment was accepted")
    if not refused and state is State.REFUSED:
        return Decision(contradiction="the bank has a file that it refused before")
    return Decision(Action.REFUSE if refused else Action.ACKNOWLEDGE)
