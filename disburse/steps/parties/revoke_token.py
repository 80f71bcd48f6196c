"""An account's tokens are made worthless."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.refusal import Refusal
from disburse.door import by, enter
from disburse.storage import acts, members
from disburse.storage.engine import Transaction


class NoSuchToken(Refusal):
    """The account has no such token that is still good."""

    code = "no-such-token"


def revoke_token(tx: Transaction, *, caller: Caller, login: str, label: str, now: datetime) -> int:
    """Revoke every token of the account with this label and return how many; or raise."""
    enter(tx, caller, Act.REVOKE_TOKEN)
    member = members.by_login(tx, login)
    digests = members.tokens_of(tx, member_id=member.id, label=label, at=now)
    if not digests:
        raise NoSuchToken(f"{login} has no token {label!r} that is still good")
    for digest in digests:
        members.revoke_token(tx, digest=digest, at=now)
    acts.record(
        tx,
        Act.REVOKE_TOKEN,
        by=by(caller, now),
        subject="member",
        subject_id=member.id,
        facts={"label": label, "tokens": len(digests)},
    )
    return len(digests)
