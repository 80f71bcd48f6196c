"""Keep one line from being paid: the rest of the sheet goes on, the line stays owed."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.sheet import Action, State
from disburse.door import admit, by
from disburse.storage import lines, sheets
from disburse.storage.engine import Transaction
from disburse.storage.lines import LineFixed
from disburse.storage.sheets import Sheet


def set_aside(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    sheet_id: int,
    line: int,
    reason: str,
    now: datetime,
) -> Sheet:
    """Set `line` aside for `reason`. After funding, unfund first: held money is exact.

    Raises `LineFixed` for the last payable line of a reviewed sheet: it would wait for nothing.
    """
    admit(tx, caller, Act.SET_ASIDE, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    moved = sheets.advance(
        tx, sheet, Action.SET_ASIDE, by=by(caller, now), facts={"line": line, "reason": reason}
    )
    lines.set_aside(tx, sheet, line=line, aside=True)
    if sheet.state is State.REVIEWED and lines.payable(tx, sheet).count == 0:
        raise LineFixed("no other line of this sheet is left to be paid; reject the sheet instead")
    return moved
