"""The one gate through which a bank file leaves: taken by somebody, written down, then sent."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from disburse.adapter import Adapter
from disburse.domain.access import Act
from disburse.domain.lifecycle.bank_file import State, WrongState
from disburse.domain.promise import Numbering
from disburse.domain.refusal import Refusal
from disburse.storage import acts, files, incarnations, kept_bytes, leases
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile
from disburse.storage.incarnations import DispatchPaused
from disburse.storage.leases import Holder


class NotTheseBytes(Refusal):
    """The kept bytes are not the ones that were approved and released; nothing of them leaves."""

    code = "not-these-bytes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A file that its holder may now send, once."""

    file: BankFile
    content: bytes
    fence: int
    count: int  # which sending of this database it is: to be written down outside of it


def leave(
    tx: Transaction, file: BankFile, *, act: Act, adapter: Adapter, holder: Holder, by: By
) -> Sending:
    """Take the lease of a locked file for `holder` and note the sending.

    Send nothing before this is committed. Raises `StaleFence` when somebody else was first,
    `DispatchPaused` after a restore, `WrongState` before its turn at a bank that knows no gaps,
    `NotTheseBytes` when the disk or somebody changed the file.
    """
    if file.state is not State.DISPATCHING:
        raise WrongState(f"bank file {file.id} is {file.state}; only a released one is sent")
    if incarnations.waits_for(tx, file.project_id) is not None:
        raise DispatchPaused("two people have to compare the bank's files and resume first")
    if adapter.capabilities.numbering is Numbering.CONSECUTIVE:
        files.require_turn(tx, file)
    content = kept_bytes.read(tx, project_id=file.project_id, bytes_id=file.bytes_id)
    if sha256(content).hexdigest() != file.sha256:
        raise NotTheseBytes(f"bank file {file.id} is not what was released; nothing was sent")
    fence = leases.hold(tx, file, holder)
    incarnation = incarnations.count_up(tx)
    leases.begin_transmission(
        tx, file, fence=fence, holder=holder, incarnation=incarnation, at=by.at
    )
    acts.record(
        tx,
        act,
        by=by,
        subject="file",
        subject_id=file.id,
        project_id=file.project_id,
        period=file.period,
        sheet_id=file.sheet_id,
        facts={"sha256": file.sha256, "sending": fence, "count_of_all": incarnation.dispatched},
    )
    return Sending(file=file, content=content, fence=fence, count=incarnation.dispatched)
