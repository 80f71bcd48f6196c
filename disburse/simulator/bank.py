"""A bank with every fault but one: what it wrote down, it knows.

It pays whatever it is given, as often as it is given it, unless it promised to recognise a file.
Its faults, and where they are:

    delay           payments wait to be decided, words wait to be told: `decide` and `tell`
    duplicate ack   the same answer twice, at once ("duplicate") or much later (`repeat`)
    lost ack        an answer that never arrives; what it said is said again some time ("lost")
    partial file    an answer about some payments of a file; an answer that is written half and
                    lies under another name for ever (`die`)
    wrong count     a head that counts one payment too many
    truncated       an answer that ends in the middle of a row
    reordered       later words before earlier ones, and answers in any order
    mojibake        an answer in bytes that are no text
    silent          a bank that says nothing of a file until it is asked to (`silent`)
    late return     money that comes back after it was paid
    crash           `die`: it forgets what it had not written down, loses a file that it had
                    fetched, or fetches one again that it had booked

Crashes of our own side and jumps of its clock are in `crash` and `acts`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from disburse.demo.bank import BankOrder, Word, read_order, write_answer
from disburse.domain.reference import attempt_of
from disburse.simulator.find import Find

T = TypeVar("T")

WHOLE: Final = "whole"
DUPLICATE: Final = "duplicate"
LOST: Final = "lost"
FAULTS: Final = (WHOLE, WHOLE, WHOLE, DUPLICATE, LOST, "wrong count", "truncated", "mojibake")
SILENT_PERCENT: Final = 4  # of files
PENDING, PAID, REJECTED, RETURNED = "pending", "paid", "rejected", "returned"


class SimulatedBank:
    """Two folders, the payments that it made, and what it has not told yet."""

    def __init__(self, outbox: Path, inbox: Path, rng: random.Random, *, recognises: bool) -> None:
        """Begin with empty books; `recognises`: a file by its reference, and executes it once."""
        self.outbox, self.inbox, self.rng, self.recognises = outbox, inbox, rng, recognises
        self.orders: dict[str, BankOrder] = {}  # every file that it wrote down, by reference
        self.order_of: dict[str, BankOrder] = {}  # by the payment's reference
        self.result: dict[str, str] = {}  # of every payment
        self.paid: Counter[tuple[int, int]] = Counter()  # by sheet and line
        self.untold: list[tuple[str, str]] = []  # reference and result, as they happened
        self.loose: list[tuple[str, str]] = []  # what it has not written down, and how it was
        self.kept: list[bytes] = []  # answers that may be put there again
        self.refused: set[str] = set()  # names of files that it wrote it will never execute
        self.silent: set[str] = set()  # files of which it says nothing
        self.booked: set[str] = set()  # names that lie in the folder though it has them already
        self.healthy = False
        self.faults: Counter[str] = Counter()
        self.answers = 0

    # ------------------------------------------------------------ files
    def take(self) -> None:
        """Fetch every file that lies there."""
        for path in self._lying():
            content = path.read_bytes()
            path.unlink()
            self._accept(path.name, content)

    def _lying(self) -> list[Path]:
        return sorted(one for one in self.outbox.iterdir() if not one.name.startswith("."))

    def lies_there(self, name: str) -> bool:
        """Say whether a file waits to be fetched."""
        return (self.outbox / name).exists()

    def _accept(self, name: str, content: bytes) -> None:
        if name in self.refused:
            return
        order = read_order(content)
        if order.reference in self.orders:
            self._again(name, order)
            return
        self.orders[order.reference] = order
        if not self.healthy and self.rng.randrange(100) < SILENT_PERCENT:
            self.silent.add(order.reference)
            self.faults["silent"] += 1
        for credit in order.credits:
            if credit.reference in self.result:
                raise Find(f"payment {credit.reference} was ordered in two files")
            self.order_of[credit.reference] = order
            self.result[credit.reference] = PENDING

    def _again(self, name: str, order: BankOrder) -> None:
        """Meet a file once more that is in the books."""
        if name not in self.booked and not self.recognises:
            raise Find(f"file {order.reference} was handed over twice")
        self.booked.discard(name)
        self.faults["recognised"] += 1
        words = {credit.reference: Word("duplicate") for credit in order.credits}
        self._put(write_answer(order, words, on=self.today))

    # ------------------------------------------------------------ payments
    def having(self, *results: str) -> list[str]:
        """Return the payments with one of these results."""
        return [name for name, result in self.result.items() if result in results]

    def movements(self) -> Iterator[tuple[int, str]]:
        """Return every debit and credit of the account: fen, and the payment that it names."""
        for name, order in self.order_of.items():
            [amount] = [one.amount for one in order.credits if one.reference == name]
            fen = int(amount.replace(".", ""))
            if self.result[name] in {PAID, RETURNED}:
                yield -fen, name
            if self.result[name] == RETURNED:
                yield fen, name

    def happen(self, reference: str, result: str) -> None:
        """Decide on a payment, or send it back; it is told later."""
        before = self.result[reference]
        self.loose.append((reference, before))
        self._become(reference, result)
        self.untold.append((reference, result))

    def _become(self, reference: str, result: str) -> None:
        key = attempt_of(reference)
        if key is None:
            raise Find(f"{reference} is no reference of ours")
        entitlement = key[:2]
        self.paid[entitlement] += (result == PAID) - (self.result[reference] == PAID)
        self.result[reference] = result
        if self.paid[entitlement] > 1:
            raise Find(f"paid twice: sheet {key.sheet_id}, line {key.line}")

    # ------------------------------------------------------------ words
    today = date.min

    def tell(self, fault: str = WHOLE, count: int | None = None) -> None:
        """Answer for some payments of one file, with a fault; what was lost is told again later."""
        self.write_down()  # nothing is told before
        words = [one for one in self.untold if self._order(one).reference not in self.silent]
        if not words:
            return
        first, result = self.rng.choice(words)
        order = self.order_of[first]
        told = {first: result}
        others = [one for one in words if self._order(one) is order]
        self.rng.shuffle(others)  # later words may come before earlier ones
        for name, word in others[: count if count is not None else len(others)]:
            told.setdefault(name, word)
        if self._say(order, told, fault):
            self.untold = [one for one in self.untold if told.get(one[0]) != one[1]]

    def _order(self, word: tuple[str, str]) -> BankOrder:
        return self.order_of[word[0]]

    def write_down(self) -> None:
        """Make everything that happened durable."""
        self.loose.clear()

    def acknowledge(self, fault: str) -> None:
        """Say of a file that it is there, its payments accepted; final words may overtake."""
        heard = [one for one in self.orders.values() if one.reference not in self.silent]
        if heard:
            order = self.rng.choice(heard)
            self._say(order, {one.reference: "accepted" for one in order.credits}, fault)

    def _say(self, order: BankOrder, told: Mapping[str, str], fault: str) -> bool:
        """Put an answer there with this fault; say whether it can be read."""
        words = {name: Word(word) for name, word in told.items()}
        content = write_answer(order, words, on=self.today)
        self.faults[fault] += 1
        whole = fault in {WHOLE, DUPLICATE}
        if whole:
            self.kept.append(content)
        if fault != LOST:
            self._put(_spoilt(content, fault))
        if fault == DUPLICATE:
            self._put(content)
        return whole

    def repeat(self) -> None:
        """Put an answer there that was there before."""
        if self.kept:
            self.faults["repeated"] += 1
            self._put(self.rng.choice(self.kept))

    def recover(self) -> None:
        """Be silent no more."""
        self.healthy = True
        self.silent.clear()

    def _put(self, content: bytes) -> None:
        self.answers += 1
        half = self.inbox / f".{self.answers}"
        half.write_bytes(content)
        half.rename(self.inbox / f"{self.answers:06}.txt")

    # ------------------------------------------------------------ crashes
    def die(self) -> None:
        """Crash in the middle of something, and come up again with what was written down."""
        how = self.rng.choice((self._forget, self._lose, self._book_only, self._break_off))
        how()
        if how is not self._forget:
            self._forget()

    def _forget(self) -> None:
        """Lose every decision that was not written down: it was told to nobody."""
        forgotten = dict(reversed(self.loose))  # the earliest of each payment counts
        for name, before in forgotten.items():
            self._become(name, before)
        gone = Counter((name, "") for name, _ in self.loose)
        kept = []
        for name, word in reversed(self.untold):
            if gone[name, ""]:
                gone[name, ""] -= 1
            else:
                kept.append((name, word))
        self.untold = kept[::-1]
        self.loose.clear()
        self.faults["died"] += 1

    def _lose(self) -> None:
        """Fetch a file and die before it is written down: the bank never heard of it."""
        for path in self._some(self._lying()):
            path.unlink()
            self.faults["lost a file"] += 1

    def _book_only(self) -> None:
        """Write a file down and die before it is out of the folder: it will be fetched again."""
        for path in self._some(self._lying()):
            if path.name not in self.booked and path.name not in self.refused:
                self._accept(path.name, path.read_bytes())
                self.booked.add(path.name)
                self.faults["booked, then died"] += 1

    def _break_off(self) -> None:
        """Die while an answer is written: half of it lies there under another name."""
        for content in self._some(self.kept):
            half = content[: len(content) // 2]
            (self.inbox / f"{self.answers:06}.txt.part").write_bytes(half)
            self.faults["half an answer"] += 1

    def _some(self, among: Iterable[T]) -> list[T]:
        """Return one of them, if there is one."""
        choices = list(among)
        return [self.rng.choice(choices)] if choices else []


def _spoilt(content: bytes, fault: str) -> bytes:
    if fault == "truncated":
        return content[: len(content) * 2 // 3]
    if fault == "mojibake":
        return content.replace("成功".encode("gb18030"), b"\xff\xfe").replace(b"|H", b"\xff")[:-2]
    if fault == "wrong count":
        head, _, rest = content.partition(b"\r\n")
        cells = head.split(b"|")
        cells[3] = str(int(cells[3]) + 1).encode()
        return b"|".join(cells) + b"\r\n" + rest
    return content
