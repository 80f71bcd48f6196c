"""What a bank's booked entries say of payments and files, where they carry our references.

A debit that names one payment is the bank's word that it was paid, as final as the status
"settlement on the debtor's account completed"; a credit that names it, that it came back. A debit
of a whole file proves that the bank has it and means to pay: single payments may still come back.
What was matched by amount and day alone proves nothing here: it is booked, and people look at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from disburse.adapter import FileAnswer, PaymentAnswer, Record
from disburse.domain.ledger import Kind
from disburse.domain.lifecycle import attempt as payment
from disburse.domain.lifecycle.attempt import State
from disburse.domain.reference import AttemptKey, attempt_of
from disburse.domain.result import Result
from disburse.domain.statement import BOOKED, Entry
from disburse.storage.answered import Attempt
from disburse.storage.files import BankFile

OURS: Final = frozenset({Kind.BOOK_PAYMENT, Kind.BOOK_RETURN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """All that one statement books for one reference of ours."""

    position: int  # of the last entry, from 1
    reference: str
    out: int  # debits, in minor units
    back: int  # credits, likewise
    on: date
    evidence: str


def named(entries: Iterable[tuple[int, Entry]]) -> list[Named]:
    """Add up entries and their positions by what they name, in the order of the first.

    What the bank corrects in its own books it may book again: of that nothing is proven.
    """
    entries = list(entries)
    corrected = {entry.names for _, entry in entries if entry.corrects}
    found: dict[str, Named] = {}
    for position, entry in entries:
        if entry.names in corrected:
            continue
        before = found.get(entry.names)
        found[entry.names] = Named(
            position=position,
            reference=entry.names,
            out=(before.out if before else 0) + max(0, -entry.amount),
            back=(before.back if before else 0) + max(0, entry.amount),
            on=entry.booked_on,
            evidence=f"{BOOKED}{entry.reference}",
        )
    return list(found.values())


def asked(told: Iterable[Named]) -> list[Record]:
    """Return records that name the files and payments to be locked; they decide nothing yet."""
    return [
        _payment(one, Result.PENDING, None) if attempt_of(one.reference) else _file(one)
        for one in told
    ]


def records(
    told: Iterable[Named],
    *,
    attempts: Mapping[AttemptKey, Attempt],
    files: Iterable[BankFile],
) -> list[Record]:
    """Return what the bank's books say that we do not know yet."""
    totals = {file.reference: file.total for file in files}
    found: list[Record] = []
    for one in told:
        key = attempt_of(one.reference)
        if key is not None and key in attempts:
            found += _of_payment(one, attempts[key])
        elif one.out > one.back and one.reference in totals:
            whole = one.out - one.back == totals[one.reference]
            found.append(_file(one, Result.ACCEPTED if whole else Result.PENDING))
    return found


def _of_payment(one: Named, attempt: Attempt) -> Iterable[Record]:
    """Yield the payment's answer, unless the bank's reports told it already, or will.

    A returned payment was paid: its debit is no contradiction. A rejected one may be debited with
    its file and credited again.
    """
    net = one.out - one.back
    result = Result.PAID if net > 0 else Result.RETURNED
    amount = net if net > 0 else -net or one.back
    if attempt.state is State.RETURNED:
        return
    if attempt.state is State.REJECTED and result is Result.RETURNED:
        return
    decision = payment.answer(attempt.state, result, newer=attempt.newest > attempt.attempt)
    if decision != payment.UNCHANGED:
        yield _payment(one, result, amount)


def _payment(one: Named, result: Result, amount: int | None) -> PaymentAnswer:
    return PaymentAnswer(
        position=one.position,
        reference=one.reference,
        result=result,
        amount=amount,
        evidence=one.evidence,
        on=one.on,
    )


def _file(one: Named, result: Result = Result.PENDING) -> FileAnswer:
    return FileAnswer(position=one.position, reference=one.reference, result=result, on=one.on)
