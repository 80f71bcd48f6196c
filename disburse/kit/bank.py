"""The bank that an adapter plays (`BankDouble`): what it answers, and what other banks do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from disburse import banks
from disburse.adapter import (
    BankDouble,
    Batch,
    ExampleAnswer,
    Payment,
    Refusal,
    Result,
    Unrenderable,
)
from disburse.domain import reference
from disburse.kit import synthetic
from disburse.kit.installed import every
from disburse.kit.verdict import NothingToTry, Subject

Rows = Sequence[tuple[Payment, Result]]


def foreign(subject: Subject) -> Iterator[bytes]:
    """Yield answers about somebody else's file, of this bank and of other installed ones."""
    crew = enumerate(subject.batch.payments, start=1)
    other = synthetic.of(
        replace(subject.batch, reference=reference.of_file(synthetic.OTHER_SHEET)),
        [synthetic.one_of(one, at, synthetic.OTHER_SHEET) for at, one in crew],
    )
    told = answer(other, mixed(other))
    yield double(subject).example_report(told)
    for name in every():
        adapter = banks.load([name])[name]
        if name == subject.name or not isinstance(adapter, BankDouble):
            continue
        try:
            yield adapter.example_report(told)
        except Refusal:
            continue  # that bank has no such currency or word


def words(subject: Subject) -> frozenset[Result]:
    """Return the results that the bank has a word for."""
    found = set()
    payment = next(iter(subject.batch.payments))
    for result in Result:
        try:
            report(subject, [(payment, result)])
        except Unrenderable:
            continue
        found.add(result)
    return frozenset(found)


def report(subject: Subject, rows: Rows, whole: Result | None = None) -> bytes:
    """Return the bank's answer with these rows, or raise `Unrenderable` without a word for one."""
    return double(subject).example_report(answer(subject.batch, rows, whole))


def answer(batch: Batch, rows: Rows, whole: Result | None = None) -> ExampleAnswer:
    """Return an answer that states its own count and sum rightly."""
    total = sum(payment.amount for payment, _ in rows)
    return ExampleAnswer(batch=batch, rows=tuple(rows), count=len(rows), total=total, whole=whole)


def mixed(batch: Batch) -> list[tuple[Payment, Result]]:
    """Return every payment with a result: paid and rejected, by turns."""
    turns = (Result.PAID, Result.REJECTED)
    return [(one, turns[place % 2]) for place, one in enumerate(batch.payments)]


def double(subject: Subject) -> BankDouble:
    """Return the adapter as its own bank, or raise `NothingToTry`."""
    if not isinstance(subject.adapter, BankDouble):
        raise NothingToTry("the adapter does not play its bank (`BankDouble`): no answers to try")
    return subject.adapter
