"""A person says login and password; the second factor comes next."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act
from disburse.domain.refusal import Refusal
from disburse.door import by
from disburse.factors.password import Passwords
from disburse.storage import acts, credentials, members, sessions
from disburse.storage.engine import Transaction
from disburse.storage.sessions import Opened


class SignInRefused(Refusal):
    """Login and password do not belong together; which of them is wrong, nobody is told."""

    code = "sign-in-refused"


def sign_in(
    tx: Transaction, *, login: str, password: str, browser: str, passwords: Passwords, now: datetime
) -> Opened:
    """Begin half a session, or raise `SignInRefused`: alike in words and work for every reason.

    Attempts are counted by whoever calls this, in a transaction that stays.
    """
    found = credentials.of_login(tx, login)
    if not passwords.matches(password, found.password if found else None) or found is None:
        raise SignInRefused(
            "login and password do not belong together, or the account cannot sign in; an "
            "administrator of your organisation's people can help"
        )
    if passwords.outdated(found.password):
        credentials.rehash(tx, member_id=found.member_id, password=passwords.hash(password))
    opened = sessions.begin_half(tx, member_id=found.member_id, browser=browser, at=now)
    who = members.caller_of_member(tx, found.member_id)
    acts.record(
        tx, Act.SIGN_IN, by=by(who, now), subject="member", subject_id=found.member_id,
        facts={"stage": "password"},
    )  # fmt: skip
    return opened
