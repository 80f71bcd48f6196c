"""Two people copy what became of payments out of a bank's document, where no file tells it.

Some banks answer on paper, on a page or in no layout that a program reads. Their word is evidence
all the same, as long as nobody's alone: both people read the kept document and say the same of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Final

from disburse import settling
from disburse.adapter import PaymentAnswer
from disburse.agreeing import agreed
from disburse.answering import Answering
from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.attempt import IN_FLIGHT
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.promise import Silence
from disburse.domain.refusal import Refusal
from disburse.domain.result import Result
from disburse.door import admit, by
from disburse.storage import files, inbox, kept_bytes
from disburse.storage.answered import Attempt
from disburse.storage.attempts import NoSuchPayment
from disburse.storage.engine import Transaction
from disburse.storage.files import BankFile

OUTCOMES: Final = (Result.PAID, Result.REJECTED, Result.RETURNED)
NAMED_MAX: Final = 500  # payments that two people can compare with paper, one by one
NEVER_LEFT: Final = frozenset({bank_file.State.WRITTEN, bank_file.State.VOID})


class NothingSaid(Refusal):
    """No payment's outcome was given, or one that a document cannot tell."""

    code = "nothing-said"


def transcribe(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    file_id: int,
    document_sha256: str,
    outcomes: Mapping[str, Result],
    others: Result | None,
    happened_on: date,
    now: datetime,
) -> BankFile:
    """Apply the outcomes by payment, and `others` to all that are still on their way.

    After the first person's word nothing has changed. What contradicts an earlier answer goes to
    the queue of anomalies, as from any report. Raises `NoSuchDocument`, `NoSuchPayment`,
    `NothingSaid`, and `WrongState` for a file that never left.
    """
    admit(tx, caller, Act.TRANSCRIBE, project_id)
    kept_bytes.require_document(tx, project_id=project_id, digest=document_sha256)
    file = files.take(tx, project_id=project_id, file_id=file_id)
    if file.state in NEVER_LEFT:
        raise WrongState(f"bank file {file_id} is {file.state}: no bank ever had it")
    inside = settling.lock_payments(tx, [file])
    _require_sayable(outcomes, others, {one.reference for one in inside.values()})
    if not agreed(
        tx,
        by=by(caller, now),
        act=Act.TRANSCRIBE,
        project_id=project_id,
        subject=("file", file_id),
        version=file.version,
        facts=_facts(document_sha256, outcomes, others, happened_on),
    ):
        return file
    answering = Answering(
        project_id=project_id,
        digest=document_sha256,
        attempts=inside,
        files={file.id: file},
        silence=Silence.NOTHING,
    )
    first = inbox.next_record(
        tx,
        project_id=project_id,
        connection_id=file.connection_id,
        digest=document_sha256,
    )
    answering.take(list(_records(inside.values(), outcomes, others, first, happened_on)))
    who = by(caller, now)
    settling.write(tx, answering, act=Act.TRANSCRIBE, connection_id=file.connection_id, by=who)
    settling.post(tx, answering, at=now)
    return answering.files[file.id]


def _facts(
    document: str, outcomes: Mapping[str, Result], others: Result | None, on: date
) -> dict[str, object]:
    """Return the grounds that both people have to name."""
    return {
        "document": document,
        "happened_on": on.isoformat(),
        "outcomes": {reference: str(outcomes[reference]) for reference in sorted(outcomes)},
        "others": None if others is None else str(others),
    }


def _require_sayable(
    outcomes: Mapping[str, Result], others: Result | None, inside: set[str]
) -> None:
    said = {*outcomes.values(), *([] if others is None else [others])}
    if not said or not said <= set(OUTCOMES):
        raise NothingSaid(f"say of each payment, or of all others, one of {', '.join(OUTCOMES)}")
    if strange := sorted(set(outcomes) - inside):
        raise NoSuchPayment(f"{strange[0][:20]!r} is no payment of this file")


def _records(
    inside: Iterable[Attempt],
    outcomes: Mapping[str, Result],
    others: Result | None,
    first: int,
    on: date,
) -> Iterator[PaymentAnswer]:
    position = first
    for one in inside:
        rest = others if one.state in IN_FLIGHT else None
        result = outcomes.get(one.reference, rest)
        if result is not None:
            yield PaymentAnswer(
                position=position, reference=one.reference, result=result, amount=None, on=on
            )
            position += 1
