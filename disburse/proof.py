"""No file leaves before it is proven: read back, and compared with what was approved."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from itertools import islice, zip_longest
from operator import attrgetter
from typing import BinaryIO, Final

from disburse.adapter import Adapter, Batch, Head, Payment, Refusal, UnreadableFile
from disburse.domain.distinct import Distinct
from disburse.domain.wage import PARTS as WAGE_PARTS

PIECE_BYTES: Final = 1 << 16
# A file that does not carry these pays nobody in particular.
CARRIED_ALWAYS: Final = frozenset({"account", "amount"})
HEAD: Final = frozenset(field.name for field in fields(Head))
CARRIABLE: Final = frozenset(field.name for field in fields(Payment)) - {"wage"} | {
    f"wage.{part}" for part in WAGE_PARTS
}
SOME: Final = 256  # payments that are compared together


class Unproven(Refusal):
    """A bank file is not what was approved: a defect of the adapter or of the disk, not of a user.

    Nothing of the file may leave. `facts["where"]` names the first difference.
    """

    code = "unproven-file"


def prove(adapter: Adapter, batch: Batch, content: bytes | BinaryIO) -> None:
    """Raise `Unproven` unless `content` says exactly what `batch` does, in the same order.

    Compares every field that the format carries, the count, the sum, and what the file says of
    itself as a whole: account, currency, pay date, references. Call it again for kept bytes
    before they leave.
    """
    carries, states = _carried(adapter)
    heads: list[Head] = []
    count = total = 0
    references = Distinct()
    try:
        found = _payments(adapter.read_back(_pieces(content)), heads)
        for wanted, read in _abreast(batch.payments, found):
            if list(map(carries, wanted)) != list(map(carries, read)):
                raise _first_difference(adapter, count, wanted, read)
            count, total = count + len(read), total + sum([one.amount for one in read])
            references.add_all([one.reference for one in wanted])
    except UnreadableFile as why:
        raise Unproven(f"the written file cannot be read back: {why.detail}", where="file") from why
    if (count, total) != (batch.count, batch.total):
        raise Unproven("the file's payments are not the batch's count and sum", where="totals")
    if not references.holds(one.reference for one in batch.payments):
        raise Unproven("a reference stands for two payments of the batch", where="references")
    if len(heads) != 1 or states(heads[0]) != states(Head.of(batch)):
        raise Unproven("the file as a whole is not the batch's: compare its header", where="head")


def _carried(adapter: Adapter) -> tuple[Callable[[Payment], object], attrgetter[object]]:
    """Return what takes the fields to compare from a payment and from a head."""
    able = adapter.capabilities
    if not (able.carries >= CARRIED_ALWAYS and able.carries <= CARRIABLE and able.states <= HEAD):
        raise Unproven(f"{adapter.name} does not declare what its files carry", where="adapter")
    # the class last, so that a format that says nothing of the whole file still has a getter
    return _payment_getter(able.carries), attrgetter(*sorted(able.states), "__class__")


def _payment_getter(carries: frozenset[str]) -> Callable[[Payment], object]:
    """Return what takes the carried fields from a payment, and the carried parts from its wage."""
    everything = attrgetter(*sorted(carries))
    own = attrgetter(*sorted(name for name in carries if "." not in name))
    if carries == {name for name in carries if "." not in name}:
        return everything
    return lambda payment: own(payment) if payment.wage is None else everything(payment)


def _payments(found: Iterable[Head | Payment], heads: list[Head]) -> Iterator[Payment]:
    """Yield the payments, and put the heads aside."""
    for one in found:
        if isinstance(one, Head):
            heads.append(one)
        else:
            yield one


def _abreast(
    wanted: Iterable[Payment], found: Iterator[Payment]
) -> Iterator[tuple[list[Payment], list[Payment]]]:
    """Yield as many payments of both, some at once; the last time, what only one of them has.

    `UnreadableFile` comes after the payments that were read before it.
    """
    walk = iter(wanted)
    while some := list(islice(walk, SOME)):
        read: list[Payment] = []
        try:
            read.extend(islice(found, len(some)))  # keeps what came before the refusal
        except UnreadableFile:
            yield some[: len(read)], read
            raise
        yield some, read
    yield [], list(islice(found, 1))


def _first_difference(
    adapter: Adapter, before: int, wanted: list[Payment], found: list[Payment]
) -> Unproven:
    """Return the refusal of the first payment that is another, behind so many that are not."""
    carries, _ = _carried(adapter)
    pairs = enumerate(zip_longest(wanted, found), start=before + 1)
    return next(
        _different(adapter, position, one, other)
        for position, (one, other) in pairs
        if one is None or other is None or carries(one) != carries(other)
    )


def _different(
    adapter: Adapter, position: int, wanted: Payment | None, found: Payment | None
) -> Unproven:
    """Return the refusal; it names fields and never their values, which are personal data."""
    if wanted is None or found is None:
        return Unproven(
            f"the file has {'more' if wanted is None else 'fewer'} payments than the batch",
            where=f"payment {position}",
        )
    carried = sorted(adapter.capabilities.carries)
    names = [name for name in carried if _said(wanted, name) != _said(found, name)]
    return Unproven(
        f"payment {position} (reference {wanted.reference}) has another {', '.join(names)} in the"
        " file",
        where=f"payment {position}",
        fields=tuple(names),
    )


def _said(payment: Payment, name: str) -> object:
    whole, _, part = name.partition(".")
    return getattr(payment.wage, part, None) if part else getattr(payment, whole)


def _pieces(content: bytes | BinaryIO) -> Iterator[bytes]:
    file = io.BytesIO(content) if isinstance(content, bytes) else content
    file.seek(0)
    while piece := file.read(PIECE_BYTES):
        yield piece
