"""Write the bank files of a sheet's countersigned reissues."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.lifecycle.sheet import State
from disburse.door import admit, by, day
from disburse.filing import Paying, write_files
from disburse.storage import attempts, parties, sheets
from disburse.storage.attempts import Place
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
    """Put every prepared payment of an exported sheet that is in no file yet into files."""
    project = admit(tx, caller, Act.BUNDLE, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    account = parties.account(tx, sheet.account_id)
    adapter = banks[account.adapter]
    place = Place(project_id, sheet.period, sheet.id)
    parts = attempts.slices(tx, place, payments_max=adapter.capabilities.payments_max)
    if sheet.state is not State.EXPORTED or not parts:
        raise WrongState(f"no countersigned reissue of sheet {sheet_id} waits for a bank file")
    paying = Paying(
        project_id=project_id,
        period=sheet.period,
        sheet_id=sheet.id,
        account=account,
        pay_on=max(sheet.pay_on, day(project, now)),
    )
    return write_files(tx, paying, parts, adapter=adapter, by=by(caller, now))
