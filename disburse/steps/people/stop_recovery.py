"""A person stops a recovery of the own account that others began: it was not lost."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller, require_proof
from disburse.door import by, own_session
from disburse.storage import acts, invitations
from disburse.storage.engine import Transaction


def stop_recovery(tx: Transaction, *, caller: Caller, now: datetime) -> None:
    """Make both halves of the code worthless, or raise `NoSuchInvitation` when none is open.

    It takes a fresh second factor: whoever has it has not lost it, and a stolen session stops
    nothing.
    """
    own_session(caller)
    require_proof(caller, Act.STOP_RECOVERY)
    number = invitations.stop_recovery(tx, member_id=caller.member_id, at=now)
    acts.record(
        tx, Act.STOP_RECOVERY, by=by(caller, now), subject="member", subject_id=caller.member_id,
        facts={"invitation": number},
    )  # fmt: skip
