"""The bank has a file whole: its client says so after fetching, or its server when asked."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller, Forbidden
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.attempt import State
from disburse.domain.lifecycle.bank_file import Action
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import attempts, connections, files, leases
from disburse.storage.attempts import FileKey
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile


class OtherBytes(Refusal):
    """What the bank has is not what was released: it must not execute it."""

    code = "other-bytes"


def acknowledge(
    tx: Transaction,
    *,
    caller: Caller | None,
    project_id: int,
    file_id: int,
    sha256: str,
    now: datetime,
) -> BankFile:
    """Note that the bank has the file with this digest; what it will pay is another question.

    Saying so again changes nothing. Raises `OtherBytes` for another digest, `Forbidden` for
    another bank.
    """
    admit(tx, caller, Act.ACKNOWLEDGE, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    if caller and connections.one(tx, file.connection_id).bank_id != caller.organisation_id:
        raise Forbidden("another bank's file")
    if sha256 != file.sha256:
        raise OtherBytes(f"bank file {file_id} has another SHA-256; do not execute what you have")
    if file.state is bank_file.State.ACKNOWLEDGED:
        return file
    taken = files.advance(tx, file, Action.ACKNOWLEDGE, by=by(caller, now))
    if (fence := leases.held(tx, file)) is not None:
        leases.end_transmission(tx, file, fence=fence, outcome="sent", at=now)
    leases.drop(tx, file)
    inside = FileKey(project_id, file.period, file_id)
    attempts.move_file(tx, inside, before=[State.DISPATCHING], after=State.SENT)
    return taken
