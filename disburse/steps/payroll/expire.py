"""Approvals that are too old are void; the hold stands, and only a person gives it back."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.lifecycle.sheet import Action
from disburse.door import admit, by
from disburse.storage import approvals, sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


def expire(
    tx: Transaction, *, caller: Caller | None, project_id: int, sheet_id: int, now: datetime
) -> Sheet:
    """Void the current round of approvals when one of them is past its time at `now`."""
    admit(tx, caller, Act.EXPIRE, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    if not any(one.expires_at <= now for one in approvals.current(tx, sheet)):
        raise WrongState(f"no approval of sheet {sheet.id} is past its time")
    return sheets.advance(tx, sheet, Action.EXPIRE, by=by(caller, now), new_round=True)
