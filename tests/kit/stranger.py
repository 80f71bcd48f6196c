"""An adapter as a stranger writes it: one payment a line, with nothing of ours but the contract."""

from __future__ import annotations

import io
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
PAYMENTS_MAX = 20_000


class MyBank:
    version = "1"
    capabilities = Capabilities(
        format="my bank's lines",
        currencies=frozenset({"CNY"}),
        charset="utf-8",
        payments_max=PAYMENTS_MAX,
        bytes_max=4 << 20,
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
        if (
            not re.fullmatch("[0-9A-Z]{1,16}", batch.reference)
            or batch.currency != "CNY"
            or batch.created.tzinfo is None
            or not 1 <= batch.count <= PAYMENTS_MAX
        ):
            raise Unrenderable("the batch does not fit", faults=())
        yield f"{batch.reference};{batch.count};{write_money(batch.total, 'CNY')}\n".encode()
        count = total = 0
        for p in batch.payments:
            if faults := self.preflight(p, batch.currency):
                bad = tuple((p.reference, fault) for fault in faults)
                raise Unrenderable("a payment does not fit", faults=bad)
            count, total = count + 1, total + p.amount
            yield f"{p.reference};{p.account};{p.name};{write_money(p.amount, 'CNY')}\n".encode()
        if (count, total) != (batch.count, batch.total):
            raise Unrenderable("count or sum is not the payments'", faults=())

    def read_back(self, content):
        count = total = 0
        head = None
        try:
            for line in lines_of(content):
                if head is None:
                    reference, count_told, total_told = line.split(";")
                    told = int(count_told), parse_money(total_told, "CNY")
                    head = Head(reference=reference, count=told[0], total=told[1])
                    yield head
                    continue
                ref, account, name, amount = line.split(";")
                count, total = count + 1, total + parse_money(amount, "CNY")
                yield Payment(
                    reference=ref,
                    account=account,
                    name=name,
                    amount=parse_money(amount, "CNY"),
                    bank_code="",
                    bank_name="",
                    note="",
                )
        except (ValueError, Refusal) as why:
            raise UnreadableFile("not a file of ours") from why
        if head is None or (head.count, head.total) != (count, total):
            raise UnreadableFile("not a file of ours, or cut short")

    def read_report(self, content):
        lines = io.BytesIO(content)
        try:
            kind, count = next(lines, b"").decode().removesuffix("\n").split(";")
            told = int(count)
        except ValueError as why:
            raise UnreadableReport("not the bank's answer") from why
        position = 0
        line = b"\n"
        for position, line in enumerate(lines, start=1):
            ref, _, word = line.decode(errors="replace").removesuffix("\n").partition(";")
            if word not in WORDS or not ref:
                yield Quarantined(position=position, reason="no such word")
            else:
                yield PaymentAnswer(
                    position=position, reference=ref, result=WORDS[word], amount=None
                )
        if kind != "ANSWER" or not line.endswith(b"\n") or position != told:
            raise UnreadableReport("not the bank's answer, or cut short")

    def read_statement(self, content):
        raise NoStatements(f"{self.name} reads no statements, nor these {len(content)} bytes")

    def example_report(self, answer):
        words = {result: word for word, result in WORDS.items()}
        if answer.whole or any(result not in words for _, result in answer.rows):
            raise Unrenderable("no word", faults=())
        rows = [f"{p.reference};{words[result]}\n" for p, result in answer.rows]
        return f"ANSWER;{answer.count}\n{''.join(rows)}".encode()


def lines_of(pieces):
    """Yield each line, however the pieces are cut; a line without its end is a `ValueError`."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.decode()
    if rest:
        raise ValueError("cut within a line")
