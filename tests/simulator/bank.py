"""A bank with every fault but one: what it paid, it knows. It pays whatever it is given."""

from __future__ import annotations

from collections import Counter
from datetime import date

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.reference import attempt_of

FAULTS = ("whole", "whole", "whole", "duplicate", "lost", "wrong count", "truncated", "mojibake")


class SimulatedBank:
    """Two folders, the payments that it made, and what it has not told yet."""

    def __init__(self, outbox, inbox, rng):
        self.outbox, self.inbox, self.rng = outbox, inbox, rng
        self.orders = []  # every file that it took, in order
        self.order_of = {}  # by the payment's reference
        self.result = {}  # of every payment: pending, paid, rejected, returned
        self.untold = []  # (reference, result) in the order they happened
        self.kept = []  # answers that may be put there again
        self.refused = set()  # names of files that it wrote it will never execute
        self.faults = Counter()
        self.answers = 0

    def take(self):
        """Take every file that lies there, and recognise none: the same one again pays again."""
        for path in sorted(self.outbox.iterdir()):
            if path.name.startswith("."):
                continue
            order = read_order(path.read_bytes())
            path.unlink()
            if path.name in self.refused:
                continue
            self.orders.append(order)
            for credit in order.credits:
                assert credit.reference not in self.result, f"ordered twice: {credit.reference}"
                self.order_of[credit.reference] = order
                self.result[credit.reference] = "pending"

    def having(self, *results):
        return [name for name, result in self.result.items() if result in results]

    def happen(self, reference, result):
        self.result[reference] = result
        self.untold.append((reference, result))
        self.no_one_is_paid_twice(attempt_of(reference))

    def no_one_is_paid_twice(self, key):
        paid = [
            name for name in self.having("paid") if attempt_of(name)[:2] == (key.sheet_id, key.line)
        ]
        assert len(paid) <= 1, f"paid twice: {paid}"

    def tell(self, on: date, fault="whole", count=None):
        """Answer for some payments of one file, with a fault; what was lost is told again later."""
        if not self.untold:
            return
        first, result = self.rng.choice(self.untold)
        order = self.order_of[first]
        mine = {one.reference for one in order.credits}
        told = {first: result}
        others = [one for one in self.untold if one[0] in mine]
        self.rng.shuffle(others)  # later words may come before earlier ones
        for name, word in others[: count if count is not None else len(others)]:
            told.setdefault(name, word)
        content = write_answer(order, {name: Word(word) for name, word in told.items()}, on=on)
        self.faults[fault] += 1
        if fault in {"whole", "duplicate"}:
            self.untold = [one for one in self.untold if told.get(one[0]) != one[1]]
            self.kept.append(content)
        if fault != "lost":
            self.put(_spoilt(content, fault))
        if fault == "duplicate":
            self.put(content)

    def put(self, content):
        self.answers += 1
        half = self.inbox / f".{self.answers}"
        half.write_bytes(content)
        half.rename(self.inbox / f"{self.answers:06}.txt")


def _spoilt(content, fault):
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
