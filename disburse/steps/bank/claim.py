"""A releaser takes a bank file: from here on it may reach the bank."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from disburse.adapter import Adapter
from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.lifecycle.attempt import State
from disburse.domain.lifecycle.bank_file import Action
from disburse.domain.policy import Policy
from disburse.domain.promise import Numbering
from disburse.domain.refusal import Refusal
from disburse.door import admit, by
from disburse.storage import (
    approvals,
    attempts,
    connections,
    files,
    kept_bytes,
    keys,
    leases,
    ledger,
    parties,
)
from disburse.storage.attempts import FileKey
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile


class NotThisFile(Refusal):
    """The digest, count or sum that the releaser confirms is not the file's."""

    code = "not-this-file"


class AccountNotOpen(Refusal):
    """The special account is frozen or closed."""

    code = "account-not-open"


class NotBacked(Refusal):
    """There is less money on the account than is held for wages; something is missing."""

    code = "not-backed"


def claim(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    file_id: int,
    sha256: str,
    count: int,
    total: int,
    banks: Mapping[str, Adapter] | None = None,
    now: datetime,
) -> tuple[BankFile, bytes]:
    """Move the file's money from held to in flight and return its bytes, in one transaction.

    The releaser confirms SHA-256, count and total (minor units) as the screen shows them. The same
    bytes can be fetched again later; they are never written anew. Where the bank connection has a
    transport, the worker loop sends the file from now on, and nobody carries it.

    Raises `SamePerson` for an approver, where the project's policy keeps releasing apart, and
    `WrongState` before the file's turn at a bank that knows no gaps.
    """
    project = admit(tx, caller, Act.CLAIM, project_id)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    apart = Policy.read(project.policy).release_apart
    require_other_person(caller.persons, *(approvals.of_file(tx, file) if apart else ()))
    keys.require_trusted(tx, project_id=project_id, sheet_id=file.sheet_id)
    if (file.sha256, file.count, file.total) != (sha256, count, total):
        raise NotThisFile(f"file {file_id} has other bytes, count or sum than you confirm; look")
    if parties.account(tx, file.account_id).state != "open":
        raise AccountNotOpen("the special account is not open; nothing can be paid from it")
    claimed = files.advance(tx, file, Action.CLAIM, by=by(caller, now))
    moved = attempts.move_file(
        tx,
        FileKey(project_id, file.period, file_id),
        before=[State.PREPARED],
        after=State.DISPATCHING,
    )
    assert moved == (file.count, file.total)  # noqa: S101  (nobody else writes these attempts)
    if connections.one(tx, file.connection_id).kind is not None:
        leases.offer(tx, file, at=now)
    elif banks and banks[file.adapter].capabilities.numbering is Numbering.CONSECUTIVE:
        files.require_turn(tx, file)
    _dispatch(tx, file, now)
    return claimed, kept_bytes.read(tx, project_id=project_id, bytes_id=file.bytes_id)


def _dispatch(tx: Transaction, file: BankFile, now: datetime) -> None:
    account = {"project_id": file.project_id, "account_id": file.account_id}
    statements = parties.account(tx, file.account_id).statements
    if not ledger.lock(tx, **account).backs(file.total, statements=statements):
        raise NotBacked("the account lacks money that is held for wages; reconcile it first")
    transfer = Transfer(Kind.DISPATCH, f"file:{file.id}", file.total)
    ledger.post(tx, **account, transfers=[transfer], at=now)
