"""Somebody shows a code, and is shown what the authenticator app needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from disburse.domain.access import Act
from disburse.door import by
from disburse.factors import totp
from disburse.storage import acts, at_rest, invitations, members
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Whom the code lets in, and the secret for the authenticator app."""

    login: str
    name: str
    purpose: str
    secret: str
    address: str  # otpauth://, for a QR code
    expires_at: datetime


def open_invitation(tx: Transaction, *, code: str, now: datetime) -> Opening:
    """Return the same secret each time, or raise `NoSuchInvitation`; nothing is used up."""
    found = invitations.by_code(tx, code, at=now)
    member = members.by_number(tx, found.member_id)
    if found.totp is None:
        secret = totp.new_secret()
        invitations.show(tx, found.id, at_rest.seal(tx, member.id, secret))
        who = members.caller_of_member(tx, member.id)
        acts.record(
            tx, Act.OPEN_INVITATION, by=by(who, now), subject="member", subject_id=member.id,
            facts={"invitation": found.id},
        )  # fmt: skip
    else:
        secret = at_rest.unseal(tx, member.id, found.totp)
    return Opening(
        login=member.login,
        name=member.name,
        purpose=found.purpose,
        secret=secret,
        address=totp.address(secret, member.login),
        expires_at=found.expires_at,
    )
