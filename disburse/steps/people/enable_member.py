"""An account that was disabled lets its person in again."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.refusal import Refusal
from disburse.door import by, colleague, enter
from disburse.storage import acts, members
from disburse.storage.engine import Transaction


class NotDisabled(Refusal):
    """The account is not disabled."""

    code = "not-disabled"


def enable_member(
    tx: Transaction, *, caller: Caller, login: str, reason: str, now: datetime
) -> None:
    """Let it count again: password, passkeys and roles as before.

    No session, token or request key comes back; who needs one gets a new one.

    Raises `Forbidden`, `SamePerson` and `NotDisabled`.
    """
    enter(tx, caller, Act.ENABLE_MEMBER)
    member = colleague(tx, caller, login)
    why = particulars.reason(reason)
    if not members.enable(tx, member_id=member.id):
        raise NotDisabled(f"the account {login} is not disabled")
    acts.record(
        tx, Act.ENABLE_MEMBER, by=by(caller, now), subject="member", subject_id=member.id,
        facts={"reason": why},
    )  # fmt: skip
