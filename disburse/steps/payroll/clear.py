"""Answer a finding on a line that a person may answer, with the reason that goes into history."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.lifecycle.sheet import Action
from disburse.door import admit, by
from disburse.storage import lines, sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


def clear(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    sheet_id: int,
    line: int,
    finding: str,
    reason: str,
    now: datetime,
) -> Sheet:
    """Clear `finding` (its code) on `line`; findings no person may overrule stay."""
    admit(tx, caller, Act.CLEAR, project_id)
    require_other_person(caller.persons)
    who = by(caller, now)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    moved = sheets.advance(
        tx,
        sheet,
        Action.CLEAR,
        by=who,
        facts={"line": line, "finding": finding, "reason": reason},
    )
    lines.clear(tx, sheet, line=line, code=finding, by=who, reason=reason)
    return moved
