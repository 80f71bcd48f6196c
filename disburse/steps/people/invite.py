"""An organisation lets one of its people in, by a code that is good once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from disburse.domain import one_time_code
from disburse.domain.access import Act, Caller, Forbidden, Role
from disburse.domain.refusal import Refusal
from disburse.door import by, enter
from disburse.storage import acts, credentials, invitations, members
from disburse.storage.engine import Transaction
from disburse.storage.members import Member

VALID_FOR: Final = timedelta(hours=72)  # over a weekend; what lies around longer is found


class NotInvitable(Refusal):
    """The account needs no invitation: it is a machine's, or can sign in already."""

    code = "not-invitable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """A code to hand over, told this once, and until when it is good."""

    login: str
    code: str
    expires_at: datetime


def invite(tx: Transaction, *, caller: Caller, login: str, now: datetime) -> Invited:
    """Return a code for the account's person; earlier codes are worth nothing from now on.

    Each organisation invites its own people. The operator invites only the first administrator of
    an organisation's people, so that it cannot come in by its customers' doors later on.
    """
    enter(tx, caller, Act.INVITE)
    member = members.by_login(tx, login)
    if member.organisation_id != caller.organisation_id:
        _require_bootstrap(tx, caller, member)
    if member.person_id is None:
        raise NotInvitable(f"{login} is a machine's account; machines sign their requests")
    if credentials.lets_in(tx, member.id):
        raise NotInvitable(f"{login} can sign in already; whoever lost that is recovered by two")
    code = one_time_code.new()
    values = {
        "member": member.id, "person": member.person_id, "purpose": "join",
        "digest": one_time_code.digest(code), "by": caller.member_id,
        "by_person": caller.person_id, "at": now, "until": now + VALID_FOR,
    }  # fmt: skip
    number = invitations.add(tx, values)
    acts.record(
        tx, Act.INVITE, by=by(caller, now), subject="member", subject_id=member.id,
        facts={"invitation": number, "expires_at": str(now + VALID_FOR)},
    )  # fmt: skip
    return Invited(login=login, code=code, expires_at=now + VALID_FOR)


def _require_bootstrap(tx: Transaction, caller: Caller, member: Member) -> None:
    who = members.caller_of_member(tx, member.id)
    administers = who is not None and (Role.PEOPLE_ADMINISTRATOR, None) in who.grants
    if not caller.may(Act.ADD_MEMBER) or not administers:
        raise Forbidden("people are invited by the administrator of their own organisation")
    if credentials.administered(tx, member.organisation_id):
        raise Forbidden("this organisation has somebody who invites its people: ask them")
