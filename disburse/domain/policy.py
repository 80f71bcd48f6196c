"""What a project's people agreed on: how many approvers, how long an approval holds, and such."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

from disburse.domain.refusal import Refusal

APPROVERS_MAX: Final = 9
APPROVAL_DAYS_MAX: Final = 31  # a decision older than a pay month is no longer informed
COOLING_DAYS_MAX: Final = 31
STATEMENT_DAYS_MAX: Final = 31  # some banks state by the month


class PolicyRefused(Refusal):
    """The project's policy is not one that can be followed."""

    code = "policy-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A project's policy; amounts in minor units."""

    approvers: tuple[tuple[int, int], ...] = ((0, 1),)  # (from this total on, so many approvers)
    approval_days: int = 7
    cooling_days: int = 3  # between a changed account and its first payment
    # A day's statement comes the next morning, and somebody hands it in that day: of the so many
    # working days that are over, the first has one, or people are told.
    statement_days: int = 2
    release_apart: bool = False  # who releases a file is none of its approvers
    note: str = "wages {period}"  # what the worker reads on the own bank statement

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Policy:
        """Return the policy as it is stored, or raise `PolicyRefused`."""
        try:
            known = {name: stored[name] for name in cls.__slots__ if name in stored}
            if "approvers" in known:
                known["approvers"] = tuple((int(a), int(n)) for a, n in known["approvers"])
            policy = cls(**known)
        except (TypeError, ValueError) as error:
            raise PolicyRefused(f"the policy cannot be read: {error}") from None
        policy.require_sound(unknown=sorted(set(stored) - set(cls.__slots__)))
        return policy

    def require_sound(self, unknown: list[str]) -> None:
        """Raise `PolicyRefused` unless every number is within its bounds."""
        bounds = {
            "approvers": all(a >= 0 and 1 <= n <= APPROVERS_MAX for a, n in self.approvers),
            "approval_days": _is_whole(self.approval_days, 1, APPROVAL_DAYS_MAX),
            "cooling_days": _is_whole(self.cooling_days, 0, COOLING_DAYS_MAX),
            "statement_days": _is_whole(self.statement_days, 1, STATEMENT_DAYS_MAX),
            "release_apart": isinstance(self.release_apart, bool),
            "note": isinstance(self.note, str),
        }
        if wrong := sorted(name for name, sound in bounds.items() if not sound) + unknown:
            raise PolicyRefused(f"the policy's {', '.join(wrong)}: unknown or out of bounds")

    def stored(self) -> dict[str, Any]:
        """Return the policy as JSON keeps it."""
        return asdict(self)

    def approvers_needed(self, total: int) -> int:
        """Return how many different people have to approve `total` minor units."""
        return max((count for start, count in self.approvers if total >= start), default=1)

    def approval_holds_for(self) -> timedelta:
        """Return how long an approval counts."""
        return timedelta(days=self.approval_days)

    def cooling(self) -> timedelta:
        """Return how long a changed account waits for its first payment."""
        return timedelta(days=self.cooling_days)

    def note_for(self, period: date) -> str:
        """Return what the worker reads: the pay month in the project's own words."""
        return self.note.replace("{period}", f"{period:%Y-%m}")


def _is_whole(value: object, least: int, most: int) -> bool:
    """Say whether it is a whole number within the bounds; JSON has halves, texts and truths."""
    return type(value) is int and least <= value <= most
