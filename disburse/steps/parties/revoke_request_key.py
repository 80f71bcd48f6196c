"""A key signs no more requests of its account."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller, require
from disburse.domain.request_key import RequestKey
from disburse.door import by, enter
from disburse.storage import acts, members, request_keys
from disburse.storage.engine import Transaction


def revoke_request_key(
    tx: Transaction, *, caller: Caller, login: str, kid: str, reason: str, now: datetime
) -> RequestKey:
    """Revoke the account's key and return it; or raise `NoSuchKey`.

    The administrator revokes everybody's, whoever else the own account's.
    """
    enter(tx, caller)
    if not members.owns_login(tx, member_id=caller.member_id, login=login):
        require(caller, Act.REVOKE_REQUEST_KEY)
    member = members.by_login(tx, login)
    request_keys.revoke(tx, kid=kid, member_id=member.id, at=now)
    acts.record(
        tx,
        Act.REVOKE_REQUEST_KEY,
        by=by(caller, now),
        subject="member",
        subject_id=member.id,
        facts={"kid": kid, "reason": particulars.reason(reason)},
    )
    [revoked] = [key for key in request_keys.of_member(tx, member.id) if key.kid == kid]
    return revoked
