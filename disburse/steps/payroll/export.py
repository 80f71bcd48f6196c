"""Write an approved sheet's bank files, and prove each before anybody can have it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller
from disburse.domain.approval import ApprovalBroken
from disburse.domain.lifecycle.sheet import Action
from disburse.domain.policy import Policy
from disburse.door import admit, by
from disburse.filing import Paying, write_files
from disburse.payables import prepare
from disburse.paydays import pay_day
from disburse.storage import approvals, keys, parties, sheets
from disburse.storage.attempts import Place
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile
from disburse.storage.sheets import Sheet


def export(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    sheet_id: int,
    banks: Mapping[str, Adapter],
    now: datetime,
) -> tuple[Sheet, list[BankFile]]:
    """Write as many files as the bank's limits take.

    Raises `ApprovalBroken` when what would be paid is not what was approved, or too long ago.
    """
    project = admit(tx, caller, Act.EXPORT, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    keys.require_trusted(tx, project_id=project_id, sheet_id=sheet_id)
    moved = sheets.advance(tx, sheet, Action.EXPORT, by=by(caller, now))
    note = Policy.read(project.policy).note_for(sheet.period)
    account = parties.account(tx, sheet.account_id)
    adapter = banks[account.adapter]
    new, what = prepare(tx, sheet, note=note, needs=adapter.capabilities.needs)
    given = approvals.current(tx, sheet)
    if any(one.root != what.digest or one.expires_at <= now for one in given) or not given:
        raise ApprovalBroken("the approval is too old, or not of these payments; approve again")
    paying = Paying(
        place=Place(project_id, sheet.period, sheet.id),
        account=account,
        pay_on=pay_day(tx, project, sheet.pay_on, adapter=adapter, now=now),
        salt=sheet.salt,
        approved=what,
        employer=sheets.employer(tx, sheet),
    )
    return moved, write_files(tx, paying, new, adapter=adapter, by=by(caller, now))
