"""A person comes in because the company's provider vouches for them, having just asked them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.signed_in import Factor
from disburse.door import by
from disburse.factors.company import CompanyRefused, Vouched
from disburse.storage import acts, company, members, sessions
from disburse.storage.engine import Transaction
from disburse.storage.sessions import Opened


def sign_in_by_company(
    tx: Transaction, *, token: str, whom: Vouched, browser: str, now: datetime
) -> tuple[Opened, Caller]:
    """Prove the session behind `token`, or begin one; or raise `CompanyRefused`.

    Nobody gets an account by this: an invitation has linked them before.
    """
    member_id = company.member_of(tx, whom)
    who = members.caller_of_member(tx, member_id) if member_id is not None else None
    if who is None:
        raise CompanyRefused("you were not invited here, or your account is disabled")
    opened, shown = sessions.prove_or_begin(
        tx, token, member_id=who.member_id, browser=browser, factor=Factor.COMPANY, at=now
    )
    caller = replace(who, signed_in=shown)
    acts.record(
        tx, Act.SIGN_IN_BY_COMPANY, by=by(caller, now), subject="member", subject_id=who.member_id,
        facts={"issuer": whom.issuer},
    )  # fmt: skip
    return opened, caller
