"""The bank says in writing that it does not have an unknown file and will not execute it."""

from __future__ import annotations

from datetime import datetime

from disburse.agreeing import agreed
from disburse.domain.access import Act, Caller
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.attempt import State
from disburse.domain.lifecycle.bank_file import Action
from disburse.door import admit, by
from disburse.storage import answered, files, kept_bytes, ledger
from disburse.storage.answered import Change
from disburse.storage.attempts import Place
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile


def never(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    file_id: int,
    document_sha256: str,
    reason: str,
    now: datetime,
) -> BankFile:
    """Reject every payment of the file by the bank's document; two people hold the same one.

    After the first person's word nothing has changed. The money goes back to held: each payment
    can be reissued or given up. Nobody's memory suffices: a file "declared lost" pays twice, so
    the document itself is kept for whoever doubts it later. Raises `NoSuchDocument`.
    """
    admit(tx, caller, Act.NEVER, project_id)
    kept_bytes.require_document(tx, project_id=project_id, digest=document_sha256)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    bank_file.move(file.state, Action.NEVER)
    if not agreed(
        tx,
        by=by(caller, now),
        act=Act.NEVER,
        project_id=project_id,
        subject=("file", file_id),
        version=file.version,
        facts={"document": document_sha256},
    ):
        return file
    facts: dict[str, object] = {"document": document_sha256, "reason": reason}
    refused = files.advance(tx, file, Action.NEVER, by=by(caller, now), facts=facts)
    place = Place(project_id, file.period, file.sheet_id)
    inside = [
        one for one in answered.take_files(tx, place, [file_id]) if one.state is State.UNKNOWN
    ]
    evidence = f"document:{document_sha256}"
    changes = [Change(one, State.REJECTED, evidence, "never", None) for one in inside]
    answered.change(tx, place, changes)
    back = [Transfer(Kind.REJECT, one.transfer_reference(), one.amount) for one in inside]
    ledger.post(tx, project_id=project_id, account_id=file.account_id, transfers=back, at=now)
    return refused
