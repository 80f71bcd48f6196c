"""A small bank that always tells the truth, though late, twice and in any order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from disburse.adapter import (
    Batch,
    Capabilities,
    Fault,
    FileAnswer,
    Head,
    NoStatements,
    Payment,
    PaymentAnswer,
    Record,
    Result,
    StatementRecord,
)

FINAL = frozenset({Result.PAID, Result.REJECTED, Result.RETURNED})
PAYMENT = ("reference", "name", "account", "amount")
HEAD = ("reference", "sequence", "count", "total", "currency", "debtor_number")


class Lines:
    """The adapter of this bank's format: one JSON object per line, quick to write and read."""

    name = "lines"
    version = "1"
    capabilities = Capabilities(
        format="lines of JSON",
        currencies=frozenset({"CNY"}),
        charset="utf-8",
        payments_max=3,  # so that most sheets take several files
        bytes_max=10**6,
        amount_max=10**9,
        carries=frozenset(PAYMENT),
        states=frozenset(HEAD),
    )

    def file_name(self, batch: Batch) -> str:
        return f"{batch.reference}.jsonl"

    def preflight(self, *_: object) -> tuple[Fault, ...]:
        return ()

    def render(self, batch: Batch) -> Iterator[bytes]:
        head = Head.of(batch)
        yield _line({name: getattr(head, name) for name in HEAD})
        for one in batch.payments:
            yield _line({name: getattr(one, name) for name in PAYMENT})

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        head, *rest = map(json.loads, b"".join(content).splitlines())
        yield Head(**head)
        for one in rest:
            yield Payment(**one, bank_code="", bank_name="", note="")

    def read_report(self, content: bytes) -> Iterator[Record]:
        for position, line in enumerate(content.splitlines()[1:], start=1):
            told = json.loads(line)
            kind = FileAnswer if told.pop("whole_file") else PaymentAnswer
            told["result"] = Result(told["result"])
            if kind is FileAnswer:
                del told["amount"]
            yield kind(position=position, **told)

    def read_statement(self, _: bytes) -> Iterator[StatementRecord]:
        raise NoStatements("this bank's statements come as JSON")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at the bank, and that it will report some day."""

    reference: str
    result: Result
    amount: int | None
    evidence: str
    whole_file: bool = False


@dataclass(slots=True)
class Truth:
    """A payment as it is at the bank, whatever was reported of it."""

    reference: str
    amount: int
    file: str
    result: Result = Result.PENDING
    debit_booked: bool = False
    credit_booked: bool = False


@dataclass(slots=True)
class TruthfulBank:
    """Pays, rejects and returns what it was given; `events` in the order they happened."""

    payments: dict[str, Truth] = field(default_factory=dict)
    files: dict[str, list[str]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    told: set[int] = field(default_factory=set)  # places in `events`
    reports: list[bytes] = field(default_factory=list)

    def take(self, content: bytes) -> str:
        """Take a file in; the same one again changes nothing. Return its reference."""
        head, *rest = map(json.loads, content.splitlines())
        if head["reference"] not in self.files:
            self.files[head["reference"]] = [one["reference"] for one in rest]
            for one in rest:
                truth = Truth(one["reference"], one["amount"], head["reference"])
                assert self.payments.setdefault(truth.reference, truth) is truth, "ordered twice"
        return head["reference"]

    def happen(self, reference: str, result: Result) -> int:
        """Let `result` happen to a payment; return the event's place."""
        truth = self.payments[reference]
        if result in FINAL:
            truth.result = result
        return self._event(Event(reference, result, truth.amount, f"E{len(self.events)}"))

    def happen_to_file(self, file: str, result: Result) -> int:
        """Let `result` happen to a whole file."""
        if result is Result.REJECTED:
            for reference in self.files[file]:
                self.payments[reference].result = result
        return self._event(Event(file, result, None, "", whole_file=True))

    def report(self, places: Iterable[int]) -> bytes:
        """Write a report of these events, told before or not, in this order."""
        chosen = list(places)
        head = _line({"report": len(self.reports)})
        content = head + b"".join(_line(asdict(self.events[place])) for place in chosen)
        self.told.update(chosen)
        self.reports.append(content)
        return content

    def untold(self) -> list[int]:
        return [place for place in range(len(self.events)) if place not in self.told]

    def told_all_of(self, truth: Truth) -> bool:
        """Say whether every event that touches this payment was reported."""
        waiting = {self.events[place].reference for place in self.untold()}
        return waiting.isdisjoint({truth.reference, truth.file})

    def with_result(self, *results: Result) -> list[str]:
        return [one.reference for one in self.payments.values() if one.result in results]

    def gone_out(self) -> Mapping[str, int]:
        """Return by payment the money that left and did not come back."""
        return {
            one.reference: one.amount for one in self.payments.values() if one.result is Result.PAID
        }

    def _event(self, event: Event) -> int:
        self.events.append(event)
        return len(self.events) - 1


def _line(members: Mapping[str, object]) -> bytes:
    return json.dumps(members, ensure_ascii=False).encode() + b"\n"
