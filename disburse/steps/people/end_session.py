"""A person ends another session of the own account: a lost telephone, a screen left open."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.door import by
from disburse.storage import acts, sessions
from disburse.storage.engine import Transaction


def end_session(tx: Transaction, *, caller: Caller, session_id: int, now: datetime) -> None:
    """End one of the caller's own sessions, or raise `NoSuchSession`."""
    sessions.end(tx, session_id, member_id=caller.member_id, at=now)
    acts.record(tx, Act.END_SESSION, by=by(caller, now), subject="session", subject_id=session_id)
