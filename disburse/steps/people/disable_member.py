"""An account of the organisation lets nobody in any more: who left, or is not trusted."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.refusal import Refusal
from disburse.door import by, colleague, enter
from disburse.storage import acts, invitations, lendings, members, request_keys, sessions
from disburse.storage.engine import Transaction


class AlreadyDisabled(Refusal):
    """The account lets nobody in already."""

    code = "already-disabled"


def disable_member(
    tx: Transaction, *, caller: Caller, login: str, reason: str, now: datetime
) -> int:
    """Shut the account at once and return how many sessions ended.

    Its passkeys and password admit nobody while it is disabled. Its tokens and request keys, what
    invitations or recoveries were begun for it, and roles that it lent or was lent, are worth
    nothing for good: a copy that somebody took along must not count again one day. Its own roles
    and acts stay.
    Raises `Forbidden` for people of others, the operator's administrator included, `SamePerson`
    for the own account and `AlreadyDisabled`.
    """
    enter(tx, caller, Act.DISABLE_MEMBER)
    member = colleague(tx, caller, login)
    why = particulars.reason(reason)
    if not members.disable(tx, member_id=member.id, at=now):
        raise AlreadyDisabled(f"the account {login} is disabled already; nobody comes in by it")
    invitations.withdraw(tx, member_id=member.id, at=now)
    who = by(caller, now)
    lent = lendings.end_all(tx, member_id=member.id, by=who)
    ended = sessions.end_all(tx, member_id=member.id, at=now)
    tokens = members.end_tokens(tx, member_id=member.id, at=now)
    keys = request_keys.end_all(tx, member_id=member.id, at=now)
    acts.record(
        tx, Act.DISABLE_MEMBER, by=who, subject="member", subject_id=member.id,
        facts={"sessions_ended": ended, "tokens_ended": tokens, "request_keys_ended": keys,
               "lendings_ended": lent, "reason": why},
    )  # fmt: skip
    return ended
