"""The one door to every step: the caller's role must allow it, on a project of the caller's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from disburse.domain.access import (
    AUTHORITIES,
    CONFIRMED_BY,
    Act,
    Caller,
    Forbidden,
    Role,
    require,
)
from disburse.domain.approval import require_other_person
from disburse.domain.lending import NotLent, standing_for
from disburse.domain.refusal import Refusal
from disburse.domain.signed_in import SignedIn
from disburse.storage import confirmations, lendings, members, parties, tenancy
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.members import Member
from disburse.storage.parties import NoSuchParty, Project

# What happens by itself, through the worker loop; everything else takes a caller.
CLOCK: Final = frozenset(
    {
        Act.FUND,
        Act.EXPIRE,
        Act.DISPATCH,
        Act.DELIVER,
        Act.LOSE,
        Act.MISS,
        Act.MISS_STATEMENT,
        Act.INGEST,
        Act.BOOK,
        Act.ACKNOWLEDGE,
    }
)


class NoSession(Refusal):
    """It takes a session: a person who signed in, not a token or a key."""

    code = "no-session"


def admit(tx: Transaction, caller: Caller | None, act: Act, project_id: int) -> Project:
    """Return the project, or raise.

    A project of somebody else is `NoSuchParty`, as one that does not exist; a role that does not
    suffice is `Forbidden`. `caller` None is the clock, whose database role sees every project.
    """
    if caller is None:
        if act not in CLOCK:
            raise Forbidden(f"{act} takes a signed-in caller")
        return parties.project(tx, project_id)
    tenancy.stand(tx, caller)
    if project_id not in parties.projects_of(tx, caller):
        raise NoSuchParty(f"there is no project {project_id}")
    require(caller, act, project_id)
    return parties.project(tx, project_id)


def confirmable(tx: Transaction, caller: Caller, act: Act) -> set[int] | None:
    """Return whose people and keys the caller has a word on by `act`; None: everybody's.

    The own organisation's, and those of other kinds on projects of the caller's own. Raises
    `Forbidden` where no role suffices.
    """
    tenancy.stand(tx, caller)
    if Role.ADMINISTRATOR in caller.roles_on(None):
        require(caller, act)
        return None
    sites = [site for site in parties.projects_of(tx, caller) if caller.may(act, site)]
    if not sites:
        require(caller, act)
    kinds = {kind for kind, others in CONFIRMED_BY.items() if caller.organisation_kind in others}
    found = confirmations.fellows(tx, kinds=kinds, projects=sites)
    if caller.organisation_kind in AUTHORITIES:  # which take part in no project
        found |= confirmations.of_kinds(tx, AUTHORITIES)
    return found | {caller.organisation_id}


def enter(tx: Transaction, caller: Caller, act: Act | None = None) -> None:
    """Let the caller in to do `act`, which is on no project; None: to look at what is the own.

    Raises `Forbidden`. From here on `tx` sees what the caller may see.
    """
    tenancy.stand(tx, caller)
    if act is not None:
        require(caller, act)


def by(caller: Caller | None, now: datetime) -> By:
    """Return who acts, as the history wants it."""
    if caller is None:
        return By(member_id=None, person_id=None, at=now)
    return By(
        member_id=caller.member_id,
        person_id=caller.person_id,
        at=now,
        stands_for=caller.stands_for,
        signed_in=caller.signed_in,
    )


def acting_for(
    tx: Transaction, caller: Caller, login: str, *, project_id: int, now: datetime
) -> Caller:
    """Return the caller as the delegate of `login` on the project, or raise `NotLent`.

    It then may what was lent and is good now, and nothing of its own; see `domain.lending`.
    """
    tenancy.stand(tx, caller)
    if project_id not in parties.projects_of(tx, caller):
        raise NoSuchParty(f"there is no project {project_id}")
    found = lendings.lent(
        tx, delegate_id=caller.member_id, lender=login, project_id=project_id, at=now
    )
    if found is None:
        raise NotLent("nobody by that login lent you a role on this project that is good today")
    who, roles = found
    return replace(
        caller,
        grants=standing_for(roles, project_id),
        waiting=frozenset(),
        stands_for=who,
    )


def colleague(tx: Transaction, caller: Caller, login: str) -> Member:
    """Return another person's account in the caller's organisation.

    Raises `NoSuchParty`, `Forbidden` for people of others and `SamePerson` for the own person.
    """
    member = members.by_login(tx, login)
    if member.organisation_id != caller.organisation_id:
        raise Forbidden("only people of the account's own organisation may do this")
    require_other_person(caller.persons, member.person_id)
    return member


def own_session(caller: Caller) -> SignedIn:
    """Return the session that the caller asks in, or raise `NoSession`."""
    if caller.signed_in is None:
        raise NoSession("this is done in a session; sign in with your password first")
    return caller.signed_in


def day(project: Project, now: datetime) -> date:
    """Return what day it is where the project and its bank are."""
    return now.astimezone(ZoneInfo(project.time_zone)).date()
