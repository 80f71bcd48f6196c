"""What the three lifecycles share: a move that the table does not know is refused."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from disburse.domain.refusal import Refusal

State = TypeVar("State", bound=StrEnum)
Action = TypeVar("Action", bound=StrEnum)


class WrongState(Refusal):
    """The sheet, payment or file is not where this action starts."""

    code = "wrong-state"


def move(
    edges: Mapping[tuple[State, Action], State], state: State, action: Action, what: str
) -> State:
    """Return the state that `action` leads to, or raise `WrongState`."""
    try:
        return edges[state, action]
    except KeyError:
        starts = ", ".join(sorted(start for start, name in edges if name == action))
        raise WrongState(
            f"cannot {action} a {what} that is {state}; it must be {starts or 'elsewhere'}",
            state=str(state),
            action=str(action),
        ) from None
