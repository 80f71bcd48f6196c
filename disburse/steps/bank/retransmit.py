"""Send an unknown file's same bytes once more, where the bank executes one file once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from disburse import transports
from disburse.adapter import Adapter
from disburse.agreeing import agreed
from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.attempt import State
from disburse.domain.lifecycle.bank_file import Action
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import attempts, connections, files, keys, leases
from disburse.storage.attempts import FileKey
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile


class WouldPayTwice(Refusal):
    """The bank does not promise to recognise a file that it has already."""

    code = "would-pay-twice"


def retransmit(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    file_id: int,
    reason: str,
    banks: Mapping[str, Adapter],
    now: datetime,
) -> BankFile:
    """Let the file leave again: the same bytes, name and references; two people say so.

    After the first person's word nothing has changed. Raises `WouldPayTwice` unless the adapter
    declares that the bank de-duplicates, and the transport that a repetition does no harm.
    """
    admit(tx, caller, Act.RETRANSMIT, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    bank_file.move(file.state, Action.RETRANSMIT)
    keys.require_trusted(tx, project_id=project_id, sheet_id=file.sheet_id)
    _require_once(tx, file, banks)
    if not agreed(
        tx,
        by=by(caller, now),
        act=Act.RETRANSMIT,
        project_id=project_id,
        subject=("file", file_id),
        version=file.version,
        facts={"sha256": file.sha256, "reason": reason},
    ):
        return file
    again = files.advance(tx, file, Action.RETRANSMIT, by=by(caller, now), facts={"reason": reason})
    inside = FileKey(project_id, file.period, file_id)
    attempts.move_file(tx, inside, before=[State.UNKNOWN], after=State.DISPATCHING)
    leases.offer(tx, again, at=now)
    return again


def _require_once(tx: Transaction, file: BankFile, banks: Mapping[str, Adapter]) -> None:
    how = connections.one(tx, file.connection_id)
    if not banks[file.adapter].capabilities.deduplicates:
        raise WouldPayTwice(
            f"adapter {file.adapter} does not declare that its bank recognises a file sent twice; "
            "ask the bank, then take in its answer or use `never` with its document"
        )
    if how.kind is None or not transports.abilities(how.kind, how.settings).repeats:
        raise WouldPayTwice("no transport carries this file again without harm; ask the bank")
