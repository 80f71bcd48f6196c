"""Take the approval of a sheet back before its files are written."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.sheet import Action
from disburse.door import admit, by
from disburse.storage import sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


def revoke(
    tx: Transaction, *, caller: Caller, project_id: int, sheet_id: int, reason: str, now: datetime
) -> Sheet:
    """Void every approval for `reason`; the money stays held."""
    admit(tx, caller, Act.REVOKE, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    return sheets.advance(
        tx, sheet, Action.REVOKE, by=by(caller, now), new_round=True, facts={"reason": reason}
    )
