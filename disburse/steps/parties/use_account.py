"""A project gets the special account that its wages are paid from, or another one."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.lifecycle.sheet import Action
from disburse.domain.particulars import BadParticulars
from disburse.door import by, enter
from disburse.storage import accounts, acts, ledger, parties, sheets
from disburse.storage.engine import Transaction
from disburse.storage.parties import Project, SpecialAccount
from disburse.storage.sheets import Sheet


def use_account(
    tx: Transaction, *, caller: Caller, project_id: int, account_id: int, now: datetime
) -> list[Sheet]:
    """Pay the project's wages from this account on; return the sheets whose approval is void now.

    The approvers attested the old account, so each approved sheet goes back to `funded`. Money
    stays where it is held. Raises `BadParticulars`, `NoSuchParty`, or `WrongState` for an account
    that is not open.
    """
    enter(tx, caller, Act.USE_ACCOUNT)
    project = parties.project(tx, project_id)
    if project.account_id == account_id:
        return []
    revoked = _revoke(tx, project, caller, now) if project.account_id else []
    account = parties.account(tx, account_id)
    _require_fits(tx, project, account)
    parties.use_account(tx, project_id=project.id, account_id=account.id)
    parties.add_party(tx, project_id=project.id, organisation_id=account.bank_id, capacity="bank")
    ledger.open_row(tx, project_id=project.id, account_id=account.id)
    acts.record(
        tx,
        Act.USE_ACCOUNT,
        by=by(caller, now),
        subject="project",
        subject_id=project.id,
        project_id=project.id,
        facts={"account": account.id, "before": project.account_id, "revoked": len(revoked)},
    )
    return revoked


def _revoke(tx: Transaction, project: Project, caller: Caller, now: datetime) -> list[Sheet]:
    revoked = []
    for sheet_id in accounts.sheets_under_approval(tx, project.id):
        sheet = sheets.take(tx, project_id=project.id, sheet_id=sheet_id)
        facts: dict[str, object] = {"reason": "the project's special account changed"}
        moved = sheets.advance(
            tx, sheet, Action.REVOKE, by=by(caller, now), new_round=True, facts=facts
        )
        revoked.append(moved)
    return revoked


def _require_fits(tx: Transaction, project: Project, account: SpecialAccount) -> None:
    if account.state != "open":
        raise WrongState(f"account {account.id} is {account.state}; reopen it or choose another")
    if account.currency != project.currency:
        raise BadParticulars(
            f"the account is in {account.currency}, the project in {project.currency}",
            field="account",
        )
    others = {
        parties.project(tx, number).general_contractor_id
        for number in parties.sharing(tx, account.id)
    }
    if others - {project.general_contractor_id}:
        raise BadParticulars(
            "another general contractor's project is paid from this account", field="account"
        )
