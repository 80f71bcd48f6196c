"""A person takes another password; every other session ends."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller, require_proof
from disburse.domain.password import require_strong
from disburse.door import by, own_session
from disburse.factors.password import Passwords
from disburse.storage import acts, credentials, sessions
from disburse.storage.engine import Transaction


def change_password(
    tx: Transaction, *, caller: Caller, password: str, passwords: Passwords, now: datetime
) -> int:
    """Store the new password and return how many other sessions ended.

    It takes a fresh second factor, so a screen left open is not enough. Raises `NoSession`,
    `ProofNeeded` and `WeakPassword`.
    """
    here = own_session(caller)
    require_proof(caller, Act.CHANGE_PASSWORD)
    known = credentials.of_member(tx, caller.member_id)
    require_strong(password, (known.login, known.name) if known else ())
    kept = passwords.hash(password)
    credentials.set_password(tx, member_id=caller.member_id, password=kept, at=now)
    ended = sessions.end_all(tx, member_id=caller.member_id, but=here.session_id, at=now)
    acts.record(
        tx, Act.CHANGE_PASSWORD, by=by(caller, now), subject="member", subject_id=caller.member_id,
        facts={"sessions_ended": ended},
    )  # fmt: skip
    return ended
