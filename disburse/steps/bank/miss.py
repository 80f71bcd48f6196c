"""The bank has a file, its time is over, and not every payment of it has its outcome: an alarm."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.bank_file import State
from disburse.door import admit, by
from disburse.storage import files
from disburse.storage.engine import Transaction


def miss(
    tx: Transaction, *, caller: Caller | None, project_id: int, file_id: int, now: datetime
) -> bool:
    """Tell people once, as an anomaly and an event; say whether it was now.

    Nothing else changes: the bank has the file, so it is never `unknown` again.
    """
    admit(tx, caller, Act.MISS, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    if file.state is not State.ACKNOWLEDGED:
        return False
    return files.note_missing(tx, file, by=by(caller, now))
