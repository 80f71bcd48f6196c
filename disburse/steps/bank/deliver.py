"""The worker that sent a file says so; only the holder of the present fence may."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.attempt import State
from disburse.domain.lifecycle.bank_file import Action
from disburse.door import admit, by
from disburse.storage import attempts, files, leases
from disburse.storage.attempts import FileKey
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile


def deliver(
    tx: Transaction,
    *,
    caller: Caller | None,
    project_id: int,
    file_id: int,
    fence: int,
    now: datetime,
) -> BankFile:
    """Note that the bank's side has all bytes, or raise `StaleFence`.

    The bank may have been quicker to answer: then the file stays where its answer put it.
    """
    admit(tx, caller, Act.DELIVER, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    leases.require_held(tx, file, fence)
    leases.end_transmission(tx, file, fence=fence, outcome="sent", at=now)
    leases.drop(tx, file)
    if file.state is not bank_file.State.DISPATCHING:
        return file
    sent = files.advance(
        tx, file, Action.HAND_OVER, by=by(caller, now), act=Act.DELIVER, facts={"sending": fence}
    )
    inside = FileKey(project_id, file.period, file_id)
    attempts.move_file(tx, inside, before=[State.DISPATCHING], after=State.SENT)
    return sent
