"""The general contractor says no to a whole sheet."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.sheet import Action
from disburse.door import admit, by
from disburse.payables import let_go
from disburse.storage import sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


def reject(
    tx: Transaction, *, caller: Caller, project_id: int, sheet_id: int, reason: str, now: datetime
) -> Sheet:
    """Void the sheet's entitlements and approvals for `reason`, and free what is held for it."""
    admit(tx, caller, Act.REJECT, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    moved = sheets.advance(
        tx, sheet, Action.REJECT, by=by(caller, now), new_round=True, facts={"reason": reason}
    )
    let_go(tx, moved, at=now)
    return moved
