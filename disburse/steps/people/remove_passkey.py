"""A person removes a passkey of the own: it was lost, or is not needed."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.door import by, own_session
from disburse.storage import acts, passkeys
from disburse.storage.engine import Transaction


def remove_passkey(tx: Transaction, *, caller: Caller, passkey_id: int, now: datetime) -> None:
    """Make it worthless, or raise `NoSuchPasskey`. The authenticator's code always remains."""
    own_session(caller)
    passkeys.remove(tx, passkey_id, member_id=caller.member_id, at=now)
    acts.record(
        tx, Act.REMOVE_PASSKEY, by=by(caller, now), subject="passkey", subject_id=passkey_id
    )
