"""The worker loop takes a released file to send it; committed before the first byte leaves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.bank_file import State, WrongState
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import acts, files, incarnations, kept_bytes, leases
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


def dispatch(
    tx: Transaction,
    *,
    caller: Caller | None,
    project_id: int,
    file_id: int,
    holder: Holder,
    now: datetime,
) -> Sending:
    """Take the file's lease for `holder` and note the sending.

    Send nothing before this is committed. Raises `StaleFence` when another process was first,
    `DispatchPaused` after a restore, `NotTheseBytes` when the disk or somebody changed the file.
    """
    admit(tx, caller, Act.DISPATCH, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    if file.state is not State.DISPATCHING:
        raise WrongState(f"bank file {file_id} is {file.state}; only a released one is sent")
    if incarnations.waits_for(tx, project_id) is not None:
        raise DispatchPaused("two people have to compare the bank's files and resume first")
    content = kept_bytes.read(tx, project_id=project_id, bytes_id=file.bytes_id)
    if sha256(content).hexdigest() != file.sha256:
        raise NotTheseBytes(f"bank file {file_id} is not what was released; nothing was sent")
    fence = leases.hold(tx, file, holder)
    incarnation = incarnations.count_up(tx)
    leases.begin_transmission(tx, file, fence=fence, holder=holder, incarnation=incarnation, at=now)
    acts.record(
        tx,
        Act.DISPATCH,
        by=by(caller, now),
        subject="file",
        subject_id=file.id,
        project_id=project_id,
        period=file.period,
        sheet_id=file.sheet_id,
        facts={"sha256": file.sha256, "sending": fence, "count_of_all": incarnation.dispatched},
    )
    return Sending(file=file, content=content, fence=fence, count=incarnation.dispatched)
