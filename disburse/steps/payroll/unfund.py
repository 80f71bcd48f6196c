"""Give a funded sheet's money back to the free part of the account."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.lifecycle.sheet import Action
from disburse.door import admit, by
from disburse.storage import ledger, lines, sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


def unfund(
    tx: Transaction, *, caller: Caller, project_id: int, sheet_id: int, reason: str, now: datetime
) -> Sheet:
    """Release the hold for `reason`; approvals given so far are void. Only a person does this."""
    admit(tx, caller, Act.UNFUND, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    moved = sheets.advance(
        tx, sheet, Action.UNFUND, by=by(caller, now), new_round=True, facts={"reason": reason}
    )
    freed = lines.unfund(tx, sheet)
    ledger.post(
        tx,
        project_id=project_id,
        account_id=sheet.account_id,
        transfers=[Transfer(Kind.RELEASE, f"sheet:{sheet.id}.{moved.version}", freed.amount)],
        at=now,
    )
    return moved
