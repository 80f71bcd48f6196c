"""Take an exported sheet back, as long as nobody was handed any of its files."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.attempt import State
from disburse.domain.lifecycle.sheet import Action
from disburse.door import admit, by
from disburse.storage import attempts, files, sheets
from disburse.storage.attempts import FileKey
from disburse.storage.engine import Transaction
from disburse.storage.sheets import Sheet


def cancel(
    tx: Transaction, *, caller: Caller, project_id: int, sheet_id: int, reason: str, now: datetime
) -> Sheet:
    """Void every file of the sheet for `reason`; raises `WrongState` when one was claimed.

    The void files keep their numbers at the bank: the act notes which are never to arrive.
    """
    admit(tx, caller, Act.CANCEL, project_id)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    written = files.take_of_sheet(tx, project_id=project_id, sheet_id=sheet_id)
    moved = sheets.advance(
        tx,
        sheet,
        Action.CANCEL,
        by=by(caller, now),
        facts={"reason": reason, "sequences": [file.sequence for file in written]},
    )
    for file in written:
        files.advance(tx, file, bank_file.Action.CANCEL, by=by(caller, now))
        inside = FileKey(project_id, file.period, file.id)
        attempts.move_file(tx, inside, before=[State.PREPARED], after=State.VOID)
        attempts.release_live(tx, inside)
    return moved
