"""A person leaves; the session is over on every screen."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.door import by, own_session
from disburse.storage import acts, sessions
from disburse.storage.engine import Transaction


def sign_out(tx: Transaction, *, caller: Caller, now: datetime) -> None:
    """End the session that the caller asks in, or raise `NoSession`."""
    number = own_session(caller).session_id
    sessions.end(tx, number, member_id=caller.member_id, at=now)
    acts.record(tx, Act.SIGN_OUT, by=by(caller, now), subject="session", subject_id=number)
