"""Puts payments into bank files: numbered, written, read back, proven, kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from disburse.adapter import Adapter, Batch, Payment
from disburse.banks import write
from disburse.domain.approval import ApprovalBroken, GrowingRoot, Payable, Root
from disburse.domain.lifecycle.bank_file import State
from disburse.domain.promise import Numbering
from disburse.domain.reference import attempt_of, of_file
from disburse.storage import attempts, files, kept_bytes
from disburse.storage.acts import By
from disburse.storage.attempts import FileKey, NewAttempt, Payments, Place, as_payment
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile
from disburse.storage.parties import SpecialAccount


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """What every file of one writing shares, and what was approved."""

    place: Place
    account: SpecialAccount
    pay_on: date
    salt: bytes
    approved: Root
    employer: str  # registration number of who owes the wages


def write_files(
    tx: Transaction, paying: Paying, new: Sequence[NewAttempt], *, adapter: Adapter, by: By
) -> list[BankFile]:
    """Write `new` into as many files as the bank's limit takes, in order, and keep them.

    Raises `ApprovalBroken` unless what went into the files has exactly the approved root.
    """
    most = adapter.capabilities.payments_max
    parts = [
        (files.reserve_id(tx), new[start : start + most]) for start in range(0, len(new), most)
    ]
    attempts.add(tx, paying.place, [(file_id, one) for file_id, part in parts for one in part])
    growing = GrowingRoot(paying.salt)
    written = [_write_one(tx, paying, part, growing, adapter=adapter, by=by) for part in parts]
    if growing.root() != paying.approved:
        raise ApprovalBroken("the payments written are not the ones approved; nothing is kept")
    return written


class _Witnessed:
    """A file's payments: walked from memory by the writer, from the database by the proof.

    So the file is compared with what is stored, and what was stored with what is in memory; the
    first walk also adds to the approved root.
    """

    def __init__(self, first: Iterable[Payment], stored: Payments, growing: GrowingRoot) -> None:
        self._first: Iterable[Payment] | None = first
        self._stored = stored
        self._growing = growing

    def __iter__(self) -> Iterator[Payment]:
        first, self._first = self._first, None
        return iter(self._stored) if first is None else self._witness(first)

    def _witness(self, payments: Iterable[Payment]) -> Iterator[Payment]:
        for payment in payments:
            key = attempt_of(payment.reference)
            line = key.line if key else 0
            self._growing.add(Payable(line, payment.name, payment.account, payment.amount))
            yield payment


def _write_one(
    tx: Transaction,
    paying: Paying,
    part: tuple[int, Sequence[NewAttempt]],
    growing: GrowingRoot,
    *,
    adapter: Adapter,
    by: By,
) -> BankFile:
    place, account = paying.place, paying.account
    batch = _batch(
        paying,
        part,
        sequence=_next_sequence(tx, account, adapter),
        payments=_payments(tx, place, part, growing),
        at=by.at,
    )
    written = write(adapter, batch)
    file = BankFile(
        project_id=place.project_id,
        id=part[0],
        reference=batch.reference,
        sheet_id=place.sheet_id,
        period=place.period,
        connection_id=account.connection_id,
        account_id=account.id,
        sequence=batch.sequence,
        name=written.name,
        adapter=written.adapter,
        adapter_version=written.adapter_version,
        sha256=written.sha256,
        bytes_id=_kept(tx, place.project_id, written.content, by),
        currency=account.currency,
        pay_on=paying.pay_on,
        count=batch.count,
        total=batch.total,
        state=State.WRITTEN,
        version=0,
        created_at=by.at,
        moved_at=by.at,
        claimed_by=None,
    )
    files.add(tx, file, by=by)
    return file


def _next_sequence(tx: Transaction, account: SpecialAccount, adapter: Adapter) -> int:
    gapless = adapter.capabilities.numbering is Numbering.CONSECUTIVE
    return files.next_sequence(tx, account.connection_id, consecutive=gapless)


def _kept(tx: Transaction, project_id: int, content: bytes, by: By) -> int:
    media_type = "application/octet-stream"
    return kept_bytes.keep(
        tx, project_id=project_id, media_type=media_type, content=content, at=by.at
    )


def _payments(
    tx: Transaction, place: Place, part: tuple[int, Sequence[NewAttempt]], growing: GrowingRoot
) -> Iterable[Payment]:
    file_id, new = part
    first = (as_payment(place.reference(one), one.amount, one.payee) for one in new)
    stored = Payments(tx, FileKey(place.project_id, place.period, file_id))
    return _Witnessed(first, stored, growing)


def _batch(
    paying: Paying,
    part: tuple[int, Sequence[NewAttempt]],
    *,
    sequence: int,
    payments: Iterable[Payment],
    at: datetime,
) -> Batch:
    file_id, new = part
    return Batch(
        reference=of_file(file_id),
        sequence=sequence,
        created=at.replace(microsecond=0),
        pay_on=paying.pay_on,
        currency=paying.account.currency,
        debtor=paying.account.as_debtor(),
        count=len(new),
        total=sum(one.amount for one in new),
        payments=payments,
        period=paying.place.period,
        employer=paying.employer,
    )
