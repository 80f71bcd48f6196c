"""An adapter as a stranger writes it: one payment a line, with nothing of ours but the contract."""

from __future__ import annotations

import re

from disburse.adapter import (
    BadProfile,
    Capabilities,
    Fault,
    Head,
    NoStatements,
    Payment,
    PaymentAnswer,
    Quarantined,
    Refusal,
    Result,
    UnreadableFile,
    UnreadableReport,
    Unrenderable,
    parse_money,
    write_money,
)

LONGEST = {"reference": 13, "account": 32, "name": 60}  # bytes
REFUSED = re.compile(r"[^\w .·'-]")  # also the semicolon
WORDS = {"OK": Result.PAID, "NO": Result.REJECTED}
AMOUNT_MAX = 100_000_000


class MyBank:
    version = "1"
    capabilities = Capabilities(
        format="my bank's lines",
        currencies=frozenset({"CNY"}),
        charset="utf-8",
        payments_max=1000,
        bytes_max=1 << 20,
        amount_max=AMOUNT_MAX,
        carries=frozenset({*LONGEST, "amount"}),
        states=frozenset({"reference", "count", "total"}),
        needs=frozenset({*LONGEST, "amount"}),
        file_names="mybank_REFERENCE.txt",
        reports=("my bank's answer",),
    )

    def __init__(self, name, profile=None):
        if profile is not None:
            raise BadProfile(f"{name} takes no profile")
        self.name = name

    def file_name(self, batch):
        return f"mybank_{batch.reference}.txt"

    def preflight(self, payment, currency):
        faults = []
        if currency != "CNY" or not 1 <= payment.amount <= AMOUNT_MAX:
            faults.append(Fault("amount", "amount", "between 0.01 and 1000000.00 CNY"))
        for field, most in LONGEST.items():
            text = getattr(payment, field)
            if not text:
                faults.append(Fault(field, "missing", "the bank needs it"))
            elif REFUSED.search(text) or text != text.strip():
                faults.append(Fault(field, "charset", "a character the bank does not take"))
            elif len(text.encode()) > most:
                faults.append(Fault(field, "too-long", f"at most {most} bytes"))
        return tuple(faults)

    def render(self, batch):
        payments = list(batch.payments)
        bad = [(p.reference, f) for p in payments for f in self.preflight(p, batch.currency)]
        wrong = (
            not re.fullmatch("[0-9A-Z]{1,16}", batch.reference)
            or batch.currency != "CNY"
            or batch.created.tzinfo is None
            or not 1 <= batch.count <= 1000
            or (len(payments), sum(p.amount for p in payments)) != (batch.count, batch.total)
        )
        if bad or wrong:
            raise Unrenderable("the batch does not fit", faults=tuple(bad))
        yield f"{batch.reference};{batch.count};{write_money(batch.total, 'CNY')}\n".encode()
        for p in payments:
            yield f"{p.reference};{p.account};{p.name};{write_money(p.amount, 'CNY')}\n".encode()

    def read_back(self, content):
        try:
            lines = b"".join(content).decode().split("\n")
            reference, count, total = lines[0].split(";")
            found = []
            for line in lines[1:-1]:
                ref, account, name, amount = line.split(";")
                found.append(
                    Payment(
                        reference=ref,
                        account=account,
                        name=name,
                        amount=parse_money(amount, "CNY"),
                        bank_code="",
                        bank_name="",
                        note="",
                    )
                )
            head = Head(reference=reference, count=int(count), total=parse_money(total, "CNY"))
        except (ValueError, Refusal) as why:
            raise UnreadableFile("not a file of ours") from why
        if lines[-1] or (head.count, head.total) != (len(found), sum(p.amount for p in found)):
            raise UnreadableFile("not a file of ours, or cut short")
        yield head
        yield from found

    def read_report(self, content):
        try:
            lines = content.decode().split("\n")
            kind, count = lines[0].split(";")
            stated = int(count)
        except ValueError as why:
            raise UnreadableReport("not the bank's answer") from why
        if kind != "ANSWER" or lines[-1] or stated != len(lines) - 2:
            raise UnreadableReport("not the bank's answer, or cut short")
        for position, line in enumerate(lines[1:-1], start=1):
            ref, _, word = line.partition(";")
            if word not in WORDS or not ref:
                yield Quarantined(position=position, reason="no such word")
            else:
                yield PaymentAnswer(
                    position=position, reference=ref, result=WORDS[word], amount=None
                )

    def read_statement(self, content):
        raise NoStatements(f"{self.name} reads no statements, nor these {len(content)} bytes")

    def example_report(self, answer):
        words = {result: word for word, result in WORDS.items()}
        if answer.whole or any(result not in words for _, result in answer.rows):
            raise Unrenderable("no word", faults=())
        rows = [f"{p.reference};{words[result]}\n" for p, result in answer.rows]
        return f"ANSWER;{answer.count}\n{''.join(rows)}".encode()
