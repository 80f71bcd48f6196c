"""Whoever was invited, or recovered, sets password and second factor, and is signed in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from disburse import ways_in
from disburse.domain.access import Act, Caller
from disburse.domain.password import require_strong
from disburse.domain.refusal import Refusal
from disburse.domain.signed_in import Factor
from disburse.door import by
from disburse.factors import totp
from disburse.factors.password import Passwords
from disburse.storage import (
    acts,
    at_rest,
    credentials,
    invitations,
    members,
    request_keys,
    sessions,
    tenancy,
)
from disburse.storage.engine import Transaction
from disburse.storage.invitations import NoSuchInvitation
from disburse.storage.sessions import Opened


class CodeRefused(Refusal):
    """The authenticator's code does not belong to the secret that was shown."""

    code = "code-refused"


def accept_invitation(
    tx: Transaction,
    *,
    code: str,
    password: str,
    totp_code: str,
    browser: str,
    passwords: Passwords,
    now: datetime,
) -> tuple[Opened, Caller]:
    """Store both, end all old sessions and begin one; or change nothing and raise.

    A recovery ends tokens and request keys of the account, too: its owner gets new ones.
    Raises `NoSuchInvitation`, `WeakPassword` and `CodeRefused`. The code shows that the secret has
    arrived in the authenticator; it is taken once, like every other.
    """
    found = invitations.by_code(tx, code, at=now)
    who = members.caller_of_member(tx, found.member_id)
    if found.totp is None or who is None:
        raise NoSuchInvitation("open the invitation first; a disabled account cannot be opened")
    member = members.by_number(tx, found.member_id)
    require_strong(password, (member.login, member.name))
    step = totp.step_of(at_rest.unseal(tx, member.id, found.totp), totp_code, now)
    if step is None:
        raise CodeRefused(
            "the code is not the one that belongs to this secret now: wait for the next one, and "
            "see that the telephone's clock is right"
        )
    ended = {"sessions_ended": ways_in.end(tx, member_id=member.id, at=now)}
    if found.purpose == "recovery":
        ended |= _end_machines(tx, who, now)
    credentials.put(
        tx, member_id=member.id, password=passwords.hash(password), totp=found.totp, at=now
    )
    credentials.take_step(tx, member_id=member.id, step=step)
    invitations.use(tx, found.id, at=now)
    opened, shown = sessions.begin(
        tx, member_id=member.id, browser=browser, factor=Factor.TOTP, at=now
    )
    caller = replace(who, signed_in=shown)
    acts.record(
        tx, Act.ACCEPT_INVITATION, by=by(caller, now), subject="member", subject_id=member.id,
        facts={"invitation": found.id, "purpose": found.purpose, **ended},
    )  # fmt: skip
    return opened, caller


def _end_machines(tx: Transaction, who: Caller, now: datetime) -> dict[str, int]:
    """End what programs come in by: whoever had the account may have left a key of their own."""
    tenancy.stand(tx, who)
    return {
        "tokens_ended": members.end_tokens(tx, member_id=who.member_id, at=now),
        "request_keys_ended": request_keys.end_all(tx, member_id=who.member_id, at=now),
    }
