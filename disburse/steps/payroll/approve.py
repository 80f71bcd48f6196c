"""A person attests exactly what is to be paid: to whom, how much, where, when."""

from __future__ import annotations

import secrets
from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import ApprovalBroken, Terms, require_other_person
from disburse.domain.lifecycle.sheet import Action
from disburse.domain.policy import Policy
from disburse.door import admit, by
from disburse.payables import root
from disburse.storage import approvals, keys, parties, sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


def approve(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    sheet_id: int,
    root_seen: str | None = None,
    now: datetime,
) -> Sheet:
    """Add this person's approval; the last one needed makes the sheet `approved`.

    `root_seen`: the root that the approver was shown, if a page or program showed one. Raises
    `SamePerson` for whoever submitted, cleared a finding, reviewed, or approved this round before,
    in the own name or for somebody; so a delegate and the lender never count as two approvers.
    """
    project = admit(tx, caller, Act.APPROVE, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    keys.require_trusted(tx, project_id=project_id, sheet_id=sheet_id)
    given = approvals.current(tx, sheet)
    makers = (sheet.reviewed_by, sheet.reviewed_for, *sheets.makers(tx, sheet))
    approved = (person for one in given for person in (one.approver, one.approver_for))
    require_other_person(caller.persons, *makers, *approved)
    who = by(caller, now)
    what = root(tx, sheet)
    if root_seen not in {None, what.digest} or any(one.root != what.digest for one in given):
        raise ApprovalBroken("the payments are not the ones that were shown; look at them again")
    policy = Policy.read(project.policy)
    needed = policy.approvers_needed(what.total)
    terms = Terms(
        sheet_digest=sheet.digest,
        root=what,
        currency=sheet.currency,
        special_account=parties.account(tx, sheet.account_id).number,
        pay_on=sheet.pay_on,
        policy_version=project.policy_version,
        needed=needed,
        approver=str(who.person_id),
        acting_for=who.for_person,
        nonce=secrets.token_hex(16),
        expires_at=now + policy.approval_holds_for(),
    )
    moved = sheets.advance(
        tx,
        sheet,
        Action.APPROVE,
        by=who,
        stay=len(given) + 1 < needed,
        facts={"root": what.digest, "count": what.count, "total": what.total, "of": needed},
    )
    approvals.add(tx, sheet, terms, by=who)
    return moved
