"""Take a line back in that was set aside by mistake."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.sheet import Action
from disburse.door import admit, by
from disburse.storage import lines, sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


def reinstate(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    sheet_id: int,
    line: int,
    reason: str,
    now: datetime,
) -> Sheet:
    """Let `line` be paid with its sheet again; its findings must still be answered at review."""
    admit(tx, caller, Act.REINSTATE, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    moved = sheets.advance(
        tx, sheet, Action.REINSTATE, by=by(caller, now), facts={"line": line, "reason": reason}
    )
    lines.set_aside(tx, sheet, line=line, aside=False)
    return moved
