"""Lending: a colleague stands in for whoever is away, with one role, on one project, until a day.

The delegate acts under its own account and says for whom. Both are then counted as having acted, so
between the two of them there is always one person only: see `approval.require_other_person`.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Final

from disburse.domain.access import Caller
from disburse.domain.refusal import Refusal
from disburse.domain.roles import LENDABLE, Role

# A month covers a leave or an illness. Who is away for longer is replaced: somebody else is given
# the role, and another organisation confirms it.
LENT_FOR_MAX: Final = timedelta(days=31)


class NotLendable(Refusal):
    """The role cannot be lent like this."""

    code = "not-lendable"


class NotLent(Refusal):
    """Nobody by that login lent the caller a role here that is good today."""

    code = "not-lent"


def require_lendable(
    lender: Caller, role: Role, *, project_id: int, delegate: Caller | None, today: date, last: date
) -> None:
    """Raise `NotLendable` unless `lender` may lend `role` to `delegate` (None: disabled) to `last`.

    `last` is the last day, the end inclusive, as `today` where the project is.
    """
    if role not in LENDABLE:
        raise NotLendable(
            f"{role} cannot be lent: who signs, lets people in or administers is confirmed by name"
        )
    if role not in lender.roles_on(project_id):
        raise NotLendable(f"you are no {role} on this project; only an own role can be lent")
    if delegate is None or delegate.person_id is None:
        raise NotLendable("a role is lent to a person whose account is not disabled")
    if role in delegate.roles_on(project_id):
        raise NotLendable(f"that colleague is {role} on this project already, and acts as such")
    if not today <= last <= today + LENT_FOR_MAX:
        raise NotLendable(
            f"the last day is between today, {today}, and {today + LENT_FOR_MAX}: "
            f"at most {LENT_FOR_MAX.days} days ahead"
        )


def standing_for(roles: AbstractSet[Role], project_id: int) -> frozenset[tuple[Role, int | None]]:
    """Return what a delegate may be: the lent roles on that project, and nothing of its own."""
    return frozenset((role, project_id) for role in roles)
