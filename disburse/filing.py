"""Puts prepared attempts into bank files: numbered, written, read back, proven, kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from disburse.adapter import Adapter, Batch
from disburse.banks import write
from disburse.domain.approval import ApprovalBroken, Payable, Root, root_of
from disburse.domain.lifecycle.bank_file import State
from disburse.domain.reference import of_file
from disburse.storage import attempts, files, kept_bytes
from disburse.storage.acts import By
from disburse.storage.attempts import FileKey, Payments, Place, Slice
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile
from disburse.storage.parties import SpecialAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """What every file of one writing shares."""

    project_id: int
    period: date
    sheet_id: int
    account: SpecialAccount
    pay_on: date


def write_files(
    tx: Transaction, paying: Paying, slices: list[Slice], *, adapter: Adapter, by: By
) -> list[BankFile]:
    """Write the prepared attempts of `slices`, one file each, and keep what was written."""
    return [_write_one(tx, paying, slice_, adapter, by) for slice_ in slices]


def require_root(tx: Transaction, place: Place, *, salt: bytes, approved: Root) -> None:
    """Raise `ApprovalBroken` unless the prepared attempts are exactly what was approved."""
    told = (
        Payable(row.line, row.payee["name"], row.payee["account"], row.amount)
        for row in attempts.prepared(tx, place)
    )
    if root_of(salt, told) != approved:
        raise ApprovalBroken("the payments prepared are not the ones approved; nothing is written")


def _write_one(
    tx: Transaction, paying: Paying, slice_: Slice, adapter: Adapter, by: By
) -> BankFile:
    account = paying.account
    file_id = files.reserve_id(tx)
    count, total = attempts.assign(tx, slice_, file_id=file_id)
    batch = Batch(
        reference=of_file(file_id),
        sequence=files.next_sequence(tx, account.connection_id),
        created=by.at.replace(microsecond=0),
        pay_on=paying.pay_on,
        currency=account.currency,
        debtor=account.as_debtor(),
        count=count,
        total=total,
        payments=Payments(tx, FileKey(paying.project_id, paying.period, file_id)),
    )
    written = write(adapter, batch)
    file = BankFile(
        project_id=paying.project_id,
        id=file_id,
        reference=batch.reference,
        sheet_id=paying.sheet_id,
        period=paying.period,
        connection_id=account.connection_id,
        account_id=account.id,
        sequence=batch.sequence,
        name=written.name,
        adapter=written.adapter,
        adapter_version=written.adapter_version,
        sha256=written.sha256,
        bytes_id=kept_bytes.keep(
            tx,
            project_id=paying.project_id,
            media_type="application/octet-stream",
            content=written.content,
        ),
        currency=account.currency,
        pay_on=paying.pay_on,
        count=count,
        total=total,
        state=State.WRITTEN,
        version=0,
        created_at=by.at,
        claimed_by=None,
    )
    files.add(tx, file, by=by)
    return file
