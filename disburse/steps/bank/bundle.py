"""Write the bank files of a sheet's countersigned reissues."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller
from disburse.domain.approval import Payable, root_of
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.lifecycle.sheet import State
from disburse.door import admit, by
from disburse.filing import Paying, write_files
from disburse.paydays import pay_day
from disburse.storage import approvals, keys, parties, sheets
from disburse.storage.attempts import NewAttempt, Place
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile


def bundle(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    sheet_id: int,
    banks: Mapping[str, Adapter],
    now: datetime,
) -> list[BankFile]:
    """Put every countersigned payment that is in no file yet into files, as it was approved."""
    project = admit(tx, caller, Act.BUNDLE, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    keys.require_trusted(tx, project_id=project_id, sheet_id=sheet_id)
    ready = approvals.countersigned(tx, project_id=project_id, sheet_id=sheet_id, at=now)
    if sheet.state is not State.EXPORTED or not ready:
        raise WrongState(f"no countersigned reissue of sheet {sheet_id} waits for a bank file")
    account = parties.account(tx, sheet.account_id)
    adapter = banks[account.adapter]
    new = [NewAttempt(one.line, one.attempt, one.amount, one.payee) for one in ready]
    payable = (
        Payable(one.line, one.payee["name"], one.payee["account"], one.amount) for one in ready
    )
    paying = Paying(
        place=Place(project_id, sheet.period, sheet.id),
        account=account,
        pay_on=pay_day(tx, project, sheet.pay_on, adapter=adapter, now=now),
        salt=sheet.salt,
        approved=root_of(sheet.salt, payable),
        employer=sheets.employer(tx, sheet),
    )
    return write_files(tx, paying, new, adapter=adapter, by=by(caller, now))
