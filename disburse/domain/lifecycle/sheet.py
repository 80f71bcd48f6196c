"""The life of a payroll sheet. `settled` is no state: it is a view over the sheet's payments."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from disburse.domain.lifecycle import edges
from disburse.domain.lifecycle.edges import WrongState

__all__ = ["ENDED", "TRANSITIONS", "Action", "State", "WrongState", "move"]


class State(StrEnum):
    """Where a sheet stands."""

    RECEIVED = "received"  # signature good, content whole, entitlements claimed
    REVIEWED = "reviewed"  # the labour officer looked at every line; waits for money
    FUNDED = "funded"  # its payable total is held on the special account
    APPROVED = "approved"  # enough people attested the canonical approval
    EXPORTED = "exported"  # bank files are written
    REJECTED = "rejected"  # the general contractor said no
    WITHDRAWN = "withdrawn"  # the subcontractor took it back


class Action(StrEnum):
    """What can be done to a sheet; also the module in `steps`, the route and the audit word."""

    SET_ASIDE = "set_aside"
    CLEAR = "clear"
    REINSTATE = "reinstate"
    REVIEW = "review"
    FUND = "fund"
    UNFUND = "unfund"
    APPROVE = "approve"
    EXPIRE = "expire"
    REVOKE = "revoke"
    EXPORT = "export"
    CANCEL = "cancel"
    REJECT = "reject"
    WITHDRAW = "withdraw"


ENDED: Final = frozenset({State.REJECTED, State.WITHDRAWN})

TRANSITIONS: Final = {
    (State.RECEIVED, Action.SET_ASIDE): State.RECEIVED,  # one line is not paid; it stays owed
    (State.REVIEWED, Action.SET_ASIDE): State.REVIEWED,  # likewise, before money is held
    (State.RECEIVED, Action.CLEAR): State.RECEIVED,  # the officer answers a finding, with a reason
    (State.RECEIVED, Action.REINSTATE): State.RECEIVED,  # a line set aside by mistake comes back
    (State.RECEIVED, Action.REVIEW): State.REVIEWED,  # every line looked at
    (State.REVIEWED, Action.FUND): State.FUNDED,  # free → held
    (State.FUNDED, Action.UNFUND): State.REVIEWED,  # held → free, approvals void
    (State.FUNDED, Action.APPROVE): State.APPROVED,  # the last of N approvers; earlier ones stay
    (State.FUNDED, Action.EXPIRE): State.FUNDED,  # approvals too old: void; the hold stands
    (State.APPROVED, Action.EXPIRE): State.FUNDED,  # likewise
    (State.APPROVED, Action.REVOKE): State.FUNDED,  # an approver, or a change of what was approved
    (State.APPROVED, Action.EXPORT): State.EXPORTED,  # bank files written
    (State.EXPORTED, Action.CANCEL): State.APPROVED,  # only while every file is still `written`
    (State.RECEIVED, Action.REJECT): State.REJECTED,  # entitlements void
    (State.REVIEWED, Action.REJECT): State.REJECTED,
    (State.FUNDED, Action.REJECT): State.REJECTED,  # and held → free
    (State.APPROVED, Action.REJECT): State.REJECTED,
    (State.RECEIVED, Action.WITHDRAW): State.WITHDRAWN,  # signed by the subcontractor
    (State.REVIEWED, Action.WITHDRAW): State.WITHDRAWN,  # leaves the queue for money
    (State.FUNDED, Action.WITHDRAW): State.WITHDRAWN,
    (State.APPROVED, Action.WITHDRAW): State.WITHDRAWN,
}


def move(state: State, action: Action) -> State:
    """Return the state that `action` leads to, or raise `WrongState`."""
    return edges.move(TRANSITIONS, state, action, "sheet")
