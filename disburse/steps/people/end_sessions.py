"""An administrator ends every session of an account of the organisation."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller, Forbidden
from disburse.door import by, enter
from disburse.storage import acts, members, sessions
from disburse.storage.engine import Transaction


def end_sessions(tx: Transaction, *, caller: Caller, login: str, reason: str, now: datetime) -> int:
    """End them all and return how many; whoever can, signs in again."""
    enter(tx, caller, Act.END_SESSIONS)
    member = members.by_login(tx, login)
    if member.organisation_id != caller.organisation_id and not caller.may(Act.ADD_MEMBER):
        raise Forbidden("sessions are ended by an administrator of the own people")
    why = particulars.reason(reason)
    ended = sessions.end_all(tx, member_id=member.id, at=now)
    acts.record(
        tx, Act.END_SESSIONS, by=by(caller, now), subject="member", subject_id=member.id,
        facts={"sessions_ended": ended, "reason": why},
    )  # fmt: skip
    return ended
