"""The demo's bank: reads the file it is handed as a bank would, pays, and writes its 回盘.

It knows the layout of the profile `small_chinese_bank` from the bank's side and shares no code with
the adapter that writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Final, NamedTuple

from disburse.domain.money import write
from disburse.domain.statement import Entry, Statement

ENCODING: Final = "gb18030"
STATUS: Final = {
    "paid": "成功",
    "rejected": "失败",
    "returned": "退票",
    "pending": "处理中",
    "accepted": "已受理",
    "duplicate": "重复",
}


class Credit(NamedTuple):
    """One payment as the bank reads it from the file; the amount is text, in yuan."""

    number: str
    reference: str
    account: str
    name: str
    amount: str


@dataclass(frozen=True, slots=True)
class BankOrder:
    """A whole file as the bank reads it."""

    reference: str
    total: str
    credits: tuple[Credit, ...]


class Word(NamedTuple):
    """What the bank says of one payment."""

    result: str = "paid"
    reason: str = ""
    text: str = ""


def read_order(content: bytes) -> BankOrder:
    """Read a file of credits."""
    rows = [row.split("|") for row in content.decode(ENCODING).split("\r\n") if row]
    head, *body, _ = rows
    return BankOrder(
        reference=head[1],
        total=head[5],
        credits=tuple(Credit(row[0], row[1], row[2], row[3], row[6]) for row in body),
    )


def write_answer(order: BankOrder, words: Mapping[str, Word], *, on: date) -> bytes:
    """Write the 回盘: one row for every payment of `order` that `words` names, by reference."""
    told = [
        (credit, words[credit.reference]) for credit in order.credits if credit.reference in words
    ]
    rows = [
        "|".join(
            (
                credit.number, credit.reference, credit.account, credit.name, credit.amount,
                STATUS[word.result], word.reason, word.text,
                f"EV{credit.reference}{word.result[:3].upper()}",
            )
        )
        for credit, word in told
    ]  # fmt: skip
    paid = [credit for credit, word in told if word.result == "paid"]
    head = "|".join(
        (
            "H", order.reference, f"{on:%Y%m%d}", str(len(told)),
            _sum(credit for credit, _ in told),
            str(len(paid)), _sum(paid),
        )
    )  # fmt: skip
    return "".join(f"{row}\r\n" for row in (head, *rows, f"T|{len(told)}")).encode(ENCODING)


@dataclass(slots=True)
class Bank:
    """The books of the one account that the demo's bank keeps; amounts in fen."""

    balance: int = 0
    told: int = 0  # the closing balance of the last statement
    statements: int = 0
    entries: list[Entry] = field(default_factory=list)  # since the last statement

    def receive(self, amount: int, *, payer: str, text: str, on: date) -> None:
        """Book money that comes in from the account `payer`."""
        self._enter(amount, names="", counterparty=payer, text=text, on=on)

    def execute(self, order: BankOrder, words: Mapping[str, Word], *, on: date) -> bytes:
        """Pay every credit that no other word is given for, book one debit, and answer."""
        all_ = {credit.reference: words.get(credit.reference, Word()) for credit in order.credits}
        paid = [credit for credit in order.credits if all_[credit.reference].result == "paid"]
        self._enter(-_fen(paid), names=order.reference, counterparty="", text="代发工资", on=on)
        return write_answer(order, all_, on=on)

    def send_back(self, order: BankOrder, reference: str, word: Word, *, on: date) -> bytes:
        """Book a payment back that was paid before, and say so."""
        returned = [credit for credit in order.credits if credit.reference == reference]
        self._enter(_fen(returned), names=reference, counterparty="", text="退票", on=on)
        return write_answer(order, {reference: word}, on=on)

    def state(self, on: date) -> Statement:
        """Close the day with a statement of everything since the last one."""
        self.statements += 1
        statement = Statement(
            reference=f"DZ{on:%Y%m%d}-{self.statements}",
            closes_on=on,
            opening=self.told,
            closing=self.balance,
            entries=self.entries,
        )
        self.told, self.entries = self.balance, []
        return statement

    def _enter(self, amount: int, *, names: str, counterparty: str, text: str, on: date) -> None:
        number = len(self.entries) + 1
        self.balance += amount
        self.entries.append(
            Entry(
                reference=f"LS{on:%Y%m%d}{self.statements + 1:03d}{number:03d}",
                amount=amount,
                booked_on=on,
                names=names,
                counterparty=counterparty,
                text=text,
            )
        )


def with_stranger(order: BankOrder) -> BankOrder:
    """Return the order with one payment of another customer's in it: banks mix such things up."""
    stranger = Credit(str(len(order.credits) + 1), "ZW20260910XYZ", "0", "他行客户", "88.00")
    return replace(order, credits=(*order.credits, stranger))


def write_statement(statement: Statement, currency: str) -> bytes:
    """Write a statement as the JSON that this service's API takes."""
    told = asdict(statement)
    told |= {name: write(told[name], currency) for name in ("opening", "closing")}
    for entry in told["entries"]:
        entry["amount"] = write(entry["amount"], currency)
        del entry["count"]  # this bank does not say how many it booked at once
    return json.dumps(told, ensure_ascii=False, indent=1, default=str).encode() + b"\n"


def _fen(credits_: Iterable[Credit]) -> int:
    return sum(int(credit.amount.replace(".", "")) for credit in credits_)


def _sum(credits_: Iterable[Credit]) -> str:
    fen = _fen(credits_)
    return f"{fen // 100}.{fen % 100:02d}"
