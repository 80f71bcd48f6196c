"""One written file of a sheet is taken back; the sheet's other files go their way."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.attempt import State
from disburse.domain.lifecycle.bank_file import Action
from disburse.door import admit, by
from disburse.storage import attempts, files
from disburse.storage.attempts import FileKey
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile


def cancel_file(
    tx: Transaction, *, caller: Caller, project_id: int, file_id: int, reason: str, now: datetime
) -> BankFile:
    """Void a file that nobody claimed, for `reason`; raises `WrongState` for any other.

    The money stays held for its payments: each can be reissued, with an approval of its own, or
    given up. A sheet none of whose files left is taken back as a whole by `cancel`.
    """
    admit(tx, caller, Act.CANCEL_FILE, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    void = files.advance(
        tx,
        file,
        Action.CANCEL,
        by=by(caller, now),
        act=Act.CANCEL_FILE,
        facts={"reason": reason, "sequence": file.sequence},
    )
    inside = FileKey(project_id, file.period, file_id)
    attempts.move_file(tx, inside, before=[State.PREPARED], after=State.VOID)
    attempts.release_live(tx, inside)
    return void
