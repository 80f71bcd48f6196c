"""The demo's bank: reads the file it is handed as a bank would, and writes its 回盘.

It knows the layout of the profile `small_chinese_bank` from the bank's side and shares no code with
the adapter that writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

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
            "H", order.reference, f"{on:%Y%m%d}", str(len(told)), _sum(credit for credit, _ in told),
            str(len(paid)), _sum(paid),
        )
    )  # fmt: skip
    return "".join(f"{row}\r\n" for row in (head, *rows, f"T|{len(told)}")).encode(ENCODING)


def _sum(credits_: Iterable[Credit]) -> str:
    fen = sum(int(credit.amount.replace(".", "")) for credit in credits_)
    return f"{fen // 100}.{fen % 100:02d}"
