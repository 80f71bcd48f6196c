"""Nobody knows whether the bank has a file: its sender died, or no answer came in time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.attempt import State
from disburse.domain.lifecycle.bank_file import Action
from disburse.door import admit, by
from disburse.storage import attempts, files, leases
from disburse.storage.attempts import FileKey
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile

UNSURE: Final = frozenset({bank_file.State.DISPATCHING, bank_file.State.SENT})


def lose(
    tx: Transaction,
    *,
    caller: Caller | None,
    project_id: int,
    file_id: int,
    fence: int | None = None,
    why: str,
    now: datetime,
) -> BankFile:
    """Make the file `unknown` for `why`; no money moves, only people and the bank lead out.

    `fence`: the sending that ended without word; raises `StaleFence` when it ended otherwise
    meanwhile. None: a sent file whose answer is overdue; raises `WrongState` when it is not sent.
    """
    admit(tx, caller, Act.LOSE, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    if fence is None:
        bank_file.move(file.state, Action.LOSE)
    else:
        leases.require_held(tx, file, fence)
        leases.end_transmission(tx, file, fence=fence, outcome="unknown", detail=why, at=now)
        leases.drop(tx, file)
        if file.state not in UNSURE:
            return file  # the bank answered meanwhile
    lost = files.advance(tx, file, Action.LOSE, by=by(caller, now), facts={"why": why})
    inside = FileKey(project_id, file.period, file_id)
    before = [State.DISPATCHING, State.SENT]
    attempts.move_file(tx, inside, before=before, after=State.UNKNOWN)
    return lost
