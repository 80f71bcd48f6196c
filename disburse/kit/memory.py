"""The check of memory: what writing and reading a file takes does not grow with its payments."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Final

from disburse.adapter import Payment
from disburse.kit import synthetic
from disburse.kit.verdict import Broken, NothingToTry, Subject

MANY: Final = 5000  # payments; so many that no reasonable piece of a file holds them
WORTH_TRYING: Final = 1500  # a file of fewer payments may as well be held
# A payment takes some 400 bytes as an object and 100 in a file; a digest of all takes none.
GROWTH_MAX: Final = 64  # bytes for each further payment


def constant(subject: Subject) -> str:
    """Check that a file is written and read back in pieces, and nothing of it is kept."""
    able, template = subject.adapter.capabilities, next(iter(subject.batch.payments))
    # each payment is one minor unit more than the one before
    many = min(able.payments_max, MANY, able.amount_max - template.amount)
    if many < WORTH_TRYING:
        raise NothingToTry(f"a file of {many} payments at most may be held as a whole")
    few = many * 2 // 5  # enough for pieces of their full size
    growth = _peak(subject, template, many) - _peak(subject, template, few)
    if growth > GROWTH_MAX * (many - few):
        raise Broken(
            f"{many - few} more payments take {growth // 1024} KiB more: `render` or `read_back`"
            " holds the payments or the file"
        )
    return f"{few} and {many} payments take the same memory"


def _peak(subject: Subject, template: Payment, count: int) -> int:
    """Return the bytes at most in use while a file is written and, piece by piece, read back."""
    batch = synthetic.of_many(subject.batch, template, count)
    gc.collect()
    tracemalloc.start()
    try:
        for _ in subject.adapter.read_back(subject.adapter.render(batch)):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
