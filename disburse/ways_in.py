"""Every way into an account, so that one that is opened anew keeps none of the old ones."""

from __future__ import annotations

from datetime import datetime

from disburse.storage import company, credentials, passkeys, sessions
from disburse.storage.engine import Transaction


def end(tx: Transaction, *, member_id: int, at: datetime) -> int:
    """Forget password, codes, passkeys and the company's link; return how many sessions ended."""
    credentials.remove(tx, member_id=member_id)
    passkeys.remove_all(tx, member_id=member_id, at=at)
    company.unlink(tx, member_id=member_id)
    return sessions.end_all(tx, member_id=member_id, at=at)
