"""Whoever was invited lets the company's provider vouch for them from now on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from disburse import ways_in
from disburse.domain.access import Act, Caller
from disburse.domain.signed_in import Factor
from disburse.door import by
from disburse.factors.company import Vouched
from disburse.storage import acts, company, invitations, members, sessions
from disburse.storage.engine import Transaction
from disburse.storage.invitations import NoSuchInvitation
from disburse.storage.sessions import Opened


def link_company(
    tx: Transaction, *, invitation_id: int, whom: Vouched, browser: str, now: datetime
) -> tuple[Opened, Caller]:
    """Use the invitation up, end all old sessions and begin one; or raise.

    Raises `NoSuchInvitation` and `CompanyLinkTaken`.
    """
    found = invitations.by_number(tx, invitation_id, at=now)
    who = members.caller_of_member(tx, found.member_id)
    if who is None:
        raise NoSuchInvitation("a disabled account cannot be opened")
    ended = ways_in.end(tx, member_id=who.member_id, at=now)
    company.link(tx, whom, member_id=who.member_id, at=now)
    invitations.use(tx, found.id, at=now)
    opened, shown = sessions.begin(
        tx, member_id=who.member_id, browser=browser, factor=Factor.COMPANY, at=now
    )
    caller = replace(who, signed_in=shown)
    acts.record(
        tx, Act.LINK_COMPANY, by=by(caller, now), subject="member", subject_id=who.member_id,
        facts={"invitation": found.id, "issuer": whom.issuer, "sessions_ended": ended},
    )  # fmt: skip
    return opened, caller
