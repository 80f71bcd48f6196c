"""The releaser confirms that the bank was given the file."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.lifecycle.attempt import State
from disburse.domain.lifecycle.bank_file import Action, WrongState
from disburse.door import admit, by
from disburse.storage import attempts, files, leases
from disburse.storage.attempts import FileKey
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile


def hand_over(
    tx: Transaction, *, caller: Caller, project_id: int, file_id: int, now: datetime
) -> BankFile:
    """Note that the file was sent. An answer of the bank may have come before this confirmation."""
    admit(tx, caller, Act.HAND_OVER, project_id)
    require_other_person(caller.persons)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    if leases.travels(tx, project_id=project_id, file_id=file_id):
        raise WrongState(f"bank file {file_id} travels by itself; nobody carries it to the bank")
    sent = files.advance(tx, file, Action.HAND_OVER, by=by(caller, now))
    attempts.move_file(
        tx,
        FileKey(project_id, file.period, file_id),
        before=[State.DISPATCHING],
        after=State.SENT,
    )
    return sent
