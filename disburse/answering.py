"""Works out what a bank's report does to payments and files, before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from disburse.adapter import FileAnswer, PaymentAnswer, Quarantined, Record, Silence
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.lifecycle import attempt as payment
from disburse.domain.lifecycle import bank_file
from disburse.domain.lifecycle.attempt import State
from disburse.domain.reference import AttemptKey, attempt_of
from disburse.domain.result import Result
from disburse.domain.statement import BOOKED
from disburse.storage.answered import Attempt, Change
from disburse.storage.events import Noted
from disburse.storage.files import BankFile
from disburse.storage.inbox import Anomaly, InboxRow

# What a bank can only say of a file that it has.
TAKEN = frozenset({State.ACCEPTED, State.PAID, State.RETURNED})
UNANSWERED = frozenset({State.DISPATCHING, State.SENT, State.UNKNOWN})
# Money may have gone out twice, or without an order: somebody has to look today.
RED = frozenset({"paid-while-newer-attempt", "paid-after-rejected", "answer-to-unsent"})


def named_in(records: Iterable[Record]) -> tuple[dict[str, AttemptKey], list[str]]:
    """Return the payments that records are about, by reference, and the references of files."""
    keys, names = {}, []
    for record in records:
        if isinstance(record, PaymentAnswer):
            if (key := attempt_of(record.reference)) is not None:
                keys[record.reference] = key
        elif isinstance(record, FileAnswer):
            names.append(record.reference)
    return keys, names


def came_back(changes: Iterable[Change], *, at: datetime) -> list[Noted]:
    """Return what outsiders are told of payments that were not made, or came back."""
    return [
        Noted(
            project_id=one.attempt.project_id,
            act=str(one.state),
            subject="payment",
            subject_id=one.attempt.reference,
            sheet_id=one.attempt.sheet_id,
            states=(str(one.attempt.state), str(one.state)),
            facts={"reference": one.attempt.reference, "amount": one.attempt.amount},
            at=at,
        )
        for one in changes
        if one.state in payment.OPEN_AGAIN
    ]


@dataclass(slots=True)
class Answering:
    """A report's records held against what they are about; everything is locked already."""

    project_id: int
    digest: str
    attempts: dict[AttemptKey, Attempt]
    files: dict[int, BankFile]
    silence: Silence
    changes: dict[AttemptKey, Change] = field(default_factory=dict)
    transfers: list[tuple[int, Transfer]] = field(default_factory=list)  # by account
    file_actions: list[tuple[BankFile, bank_file.Action]] = field(default_factory=list)
    rows: list[InboxRow] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    named: set[AttemptKey] = field(default_factory=set)  # payments with a word of their own here

    def take(self, records: Sequence[Record]) -> None:
        """Work through the records: payments in order, then files, then what silence means."""
        named: set[int] = set()
        for record in records:
            if isinstance(record, PaymentAnswer):
                named |= self._payment(record)
            elif isinstance(record, Quarantined):
                self._odd(record.position, "", Result.PENDING, "unreadable", record.reason)
        answered = {file.id: file for file in self.files.values() if file.id in named}
        for file in answered.values():
            self._file(file, Result.ACCEPTED, None)
        for record in records:
            if isinstance(record, FileAnswer):
                self._file_answer(record)
        if self.silence is Silence.ACCEPTED:
            self._silent(answered)

    def _payment(self, record: PaymentAnswer) -> set[int]:
        """Apply one payment's answer; return the file that the bank thereby proves to have."""
        key = attempt_of(record.reference)
        attempt = self._now(key) if key else None
        if key is None or attempt is None:
            self._odd(
                record.position, record.reference, record.result, "unknown-reference",
                "no payment of this project has this reference",
            )  # fmt: skip
            return set()
        self.named.add(key)
        currency = self.files[attempt.file_id].currency
        if record.amount not in {None, attempt.amount} or record.currency not in {None, currency}:
            self._note(record, attempt, attempt.state, "anomaly")
            self._alarm("amount-differs", record, "the bank names another amount than we ordered")
            return set()
        decision = self._decide(record, attempt)
        if decision.anomaly:
            self._alarm(
                decision.anomaly, record, f"the bank says {record.result}; it is {attempt.state}"
            )
        after = decision.state or attempt.state
        effect = "moved" if decision.state else "anomaly" if decision.anomaly else "unchanged"
        self._note(record, attempt, after, effect)
        if decision.state:
            evidence = record.evidence or f"{self.digest}#{record.position}"
            self._change(key, decision.state, decision.transfers, evidence, record)
        sent = attempt.state not in payment.NEVER_SENT
        return {attempt.file_id} if attempt.file_id and sent else set()

    def _decide(self, record: PaymentAnswer, attempt: Attempt) -> payment.Decision:
        newer = attempt.newest > attempt.attempt
        again = record.result is Result.RETURNED and attempt.state is State.RETURNED
        known = attempt.evidence or ""
        # Reports and books tell the same return, each under a name of its own.
        if again and record.evidence not in {"", known} and not known.startswith(BOOKED):
            return payment.Decision(anomaly="second-return")
        return payment.answer(attempt.state, record.result, newer=newer)

    def _file_answer(self, record: FileAnswer) -> None:
        file = next((f for f in self.files.values() if f.reference == record.reference), None)
        if file is None:
            self._odd(
                record.position, record.reference, record.result, "unknown-reference",
                "no bank file of this project has this reference",
            )  # fmt: skip
            return
        before = file.state
        self._file(file, record.result, record)
        self.rows.append(
            _row(record, None, (before, self.files[file.id].state), "file", self.project_id)
        )

    def _file(self, file: BankFile, result: Result, record: FileAnswer | None) -> None:
        file = self.files[file.id]
        inside = [self._now(key) for key, one in self.attempts.items() if one.file_id == file.id]
        took_some = any(one is not None and self._may_be_paid(one) for one in inside)
        decision = bank_file.answer(file.state, result, bank_took_some=took_some)
        if decision.contradiction and record is not None:
            self._alarm("file-contradiction", record, decision.contradiction)
        if decision.action is not None:
            self.file_actions.append((file, decision.action))
            self.files[file.id] = replace(
                file,
                state=bank_file.move(file.state, decision.action),
                version=file.version + 1,
            )
        if record is None or decision.contradiction:
            return
        # "Duplicate" proves that the bank has the file, and says nothing about its payments.
        if result in {Result.ACCEPTED, Result.REJECTED, Result.CANCELLED}:
            self._all(inside, result, record)

    def _may_be_paid(self, one: Attempt) -> bool:
        """Say whether the bank's own word on this payment forbids to call its file refused.

        A duplicate is "unknown" with evidence: the bank has this payment, whatever of its file.
        """
        if one.state in TAKEN or (one.state is State.UNKNOWN and one.evidence):
            return True
        return one.key in self.named and one.state in payment.IN_FLIGHT

    def _all(self, inside: Iterable[Attempt | None], result: Result, record: FileAnswer) -> None:
        for one in inside:
            if one is None or one.key in self.named:
                continue  # what the bank says of one payment goes before what it says of all
            if one.state in payment.IN_FLIGHT:
                decision = payment.answer(one.state, result, newer=one.newest > one.attempt)
                if decision.state:
                    evidence = record.evidence or f"{self.digest}#{record.position}"
                    self._change(one.key, decision.state, decision.transfers, evidence, record)

    def _silent(self, answered: dict[int, BankFile]) -> None:
        """Where the bank names exceptions only, every other payment of the file is accepted."""
        for key, one in list(self.attempts.items()):
            now = self._now(key)
            if one.file_id in answered and now is not None and now.state in UNANSWERED:
                if key in self.changes or key in self.named:
                    continue
                self._change(key, State.ACCEPTED, (), f"{self.digest}#0", None)

    def _now(self, key: AttemptKey) -> Attempt | None:
        """Return the attempt as the records so far have left it."""
        attempt = self.attempts.get(key)
        change = self.changes.get(key)
        if attempt is None or change is None:
            return attempt
        return replace(attempt, state=change.state, evidence=change.evidence)

    def _change(
        self,
        key: AttemptKey,
        state: State,
        kinds: Sequence[Kind],
        evidence: str,
        record: PaymentAnswer | FileAnswer | None,
    ) -> None:
        stored = self.attempts[key]
        self.changes[key] = Change(
            attempt=stored,
            state=state,
            evidence=evidence,
            reason=record.reason if record else "",
            answered_on=record.on if record else None,
        )
        account = self.files[stored.file_id or 0].account_id
        reference = stored.transfer_reference()
        self.transfers += [(account, Transfer(kind, reference, stored.amount)) for kind in kinds]

    def _note(self, record: PaymentAnswer, attempt: Attempt, after: State, effect: str) -> None:
        self.rows.append(_row(record, attempt, (attempt.state, after), effect, self.project_id))

    def _odd(self, position: int, reference: str, result: Result, code: str, detail: str) -> None:
        """Keep a record that is about nothing of ours, or that nobody can read."""
        answer = PaymentAnswer(
            position=position,
            reference=reference[:100],
            result=result,
            amount=None,
        )
        self.rows.append(_row(answer, None, (None, None), "anomaly", self.project_id))
        self._alarm(code, answer, detail)

    def _alarm(self, code: str, record: PaymentAnswer | FileAnswer, detail: str) -> None:
        self.anomalies.append(
            Anomaly(
                code=code,
                red=code in RED,
                reference=record.reference,
                detail=detail[:500],
                project_id=self.project_id,
                record=record.position,
            )
        )

    def by_place(self) -> dict[tuple[int, date], list[Change]]:
        """Group the changes by sheet and month."""
        groups: dict[tuple[int, date], list[Change]] = defaultdict(list)
        for change in self.changes.values():
            groups[change.attempt.sheet_id, change.attempt.period].append(change)
        return groups


def _row(
    record: PaymentAnswer | FileAnswer,
    attempt: Attempt | None,
    states: tuple[str | None, str | None],
    effect: str,
    project_id: int,
) -> InboxRow:
    return InboxRow(
        record=record.position,
        reference=record.reference,
        result=record.result,
        amount=getattr(record, "amount", None),
        reason=record.reason,
        text=record.text,
        evidence=record.evidence,
        happened_on=record.on,
        project_id=project_id,
        sheet_id=attempt.sheet_id if attempt else None,
        line=attempt.line if attempt else None,
        attempt=attempt.attempt if attempt else None,
        state_before=states[0],
        state_after=states[1],
        effect=effect,
    )
