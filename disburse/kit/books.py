"""What the service's own rules make of an adapter's records: the status of each payment after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from disburse.adapter import Payment, Quarantined, UnreadableReport
from disburse.answering import Answering
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.attempt import State
from disburse.domain.reference import attempt_of
from disburse.kit.verdict import Subject
from disburse.storage.answered import Attempt
from disburse.storage.files import BankFile

FILE: Final = 1  # the number of the one file


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """How the payments of a batch stand after some reports, and what people were told."""

    states: Mapping[str, State]  # by `Payment.reference`
    refused: int = 0  # reports
    quarantined: int = 0  # records
    anomalies: int = 0

    @property
    def noticed(self) -> bool:
        """Return whether somebody learns that something was wrong."""
        return bool(self.refused or self.quarantined or self.anomalies)


def after(subject: Subject, *contents: bytes) -> Aftermath:
    """Take in these reports one after the other, as the service does, from "sent" on.

    What the adapter raises besides `UnreadableReport` goes up.
    """
    payments = list(subject.batch.payments)
    attempts = {one.key: one for one in map(_attempt_maker(subject), payments)}
    file = _file(subject)
    refused = quarantined = anomalies = 0
    for number, content in enumerate(contents):
        try:
            records = list(subject.adapter.read_report(content))
        except UnreadableReport:
            refused += 1
            continue
        quarantined += sum(isinstance(one, Quarantined) for one in records)
        taking = Answering(
            project_id=1,
            digest=str(number),
            attempts=dict(attempts),
            files={FILE: file},
            silence=subject.adapter.capabilities.silence,
        )
        taking.take(records)
        for key, change in taking.changes.items():
            attempts[key] = replace(attempts[key], state=change.state, evidence=change.evidence)
        file = taking.files[FILE]
        anomalies += len(taking.anomalies)
    states = {one.reference: one.state for one in attempts.values()}
    return Aftermath(states=states, refused=refused, quarantined=quarantined, anomalies=anomalies)


def before(subject: Subject) -> Mapping[str, State]:
    """Return how the payments stand when no report has come."""
    return after(subject).states


def _attempt_maker(subject: Subject) -> Callable[[Payment], Attempt]:
    def attempt(payment: Payment) -> Attempt:
        key = attempt_of(payment.reference)
        assert key is not None  # noqa: S101  (synthetic references are ours)
        return Attempt(
            project_id=1, period=subject.batch.pay_on.replace(day=1), sheet_id=key.sheet_id,
            line=key.line, attempt=key.attempt, reference=payment.reference,
            amount=payment.amount, state=State.SENT, version=1, file_id=FILE,
            newest=key.attempt, payee={}, evidence=None, answered_on=None,
        )  # fmt: skip

    return attempt


def _file(subject: Subject) -> BankFile:
    batch = subject.batch
    return BankFile(
        project_id=1, id=FILE, reference=batch.reference, sheet_id=1, period=batch.pay_on,
        connection_id=1, account_id=1, sequence=batch.sequence, name="example",
        adapter=subject.name, adapter_version=subject.adapter.version, sha256="", bytes_id=1,
        currency=batch.currency, pay_on=batch.pay_on, count=batch.count, total=batch.total,
        state=bank_file.State.SENT, version=1, created_at=batch.created,
        moved_at=batch.created, claimed_by=None,
    )  # fmt: skip
