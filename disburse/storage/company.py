"""Whom a company's OpenID provider may vouch for, and who is on the way there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.refusal import Refusal
from disburse.factors.company import Vouched
from disburse.storage.engine import Transaction
from disburse.storage.sessions import digest_of

BACK_WITHIN: Final = timedelta(minutes=10)  # time to sign in over there


class CompanyLinkTaken(Refusal):
    """The person at the company's provider comes in to another account already."""

    code = "company-link-taken"


def leave(tx: Transaction, secret: str, *, invitation_id: int | None, at: datetime) -> None:
    """Remember that somebody went to the provider, perhaps to accept an invitation with it."""
    values = {"digest": digest_of(secret), "invitation": invitation_id, "until": at + BACK_WITHIN}
    tx.execute(_LEAVE, values)


def back(tx: Transaction, secret: str, *, at: datetime) -> tuple[bool, int | None]:
    """Say whether somebody left under this secret and was not back before; and what for."""
    row = tx.execute(_BACK, {"digest": digest_of(secret), "at": at}).one_or_none()
    return (False, None) if row is None else (True, row.invitation_id)


def link(tx: Transaction, whom: Vouched, *, member_id: int, at: datetime) -> None:
    """Let the provider vouch for an account from now on, or raise `CompanyLinkTaken`."""
    values = {"issuer": whom.issuer, "subject": whom.subject, "member": member_id, "at": at}
    try:
        with tx.begin_nested():
            tx.execute(_LINK, values)
    except IntegrityError:
        raise CompanyLinkTaken(
            "your company's sign-in lets you in to another account already; each takes its own"
        ) from None


def unlink(tx: Transaction, *, member_id: int) -> None:
    """Let no provider vouch for an account any more."""
    tx.execute(text("DELETE FROM company_link WHERE member_id = :m"), {"m": member_id})


def member_of(tx: Transaction, whom: Vouched) -> int | None:
    """Return the account that somebody was linked to; None when nobody invited them."""
    values = {"issuer": whom.issuer, "subject": whom.subject}
    number = tx.scalar(_MEMBER_OF, values)
    return number if isinstance(number, int) else None


def forget_visits(tx: Transaction, *, at: datetime) -> int:
    """Forget who went to the provider and never came back; return how many."""
    done = tx.execute(text("DELETE FROM company_visit WHERE expires_at <= :at"), {"at": at})
    return done.rowcount


_LEAVE: Final = text("""
    INSERT INTO company_visit (digest, invitation_id, expires_at)
    VALUES (:digest, :invitation, :until)
""")
_BACK: Final = text("""
    DELETE FROM company_visit WHERE digest = :digest AND expires_at > :at RETURNING invitation_id
""")
_LINK: Final = text("""
    INSERT INTO company_link (issuer, subject, member_id, linked_at)
    VALUES (:issuer, :subject, :member, :at)
""")
_MEMBER_OF: Final = text("""
    SELECT member_id FROM company_link WHERE issuer = :issuer AND subject = :subject
""")
