"""The walk that every writer takes through a batch: nothing unchecked reaches the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from disburse.adapter import Batch, Capabilities, Fault, Payment, Unrenderable

SOME: Final = 256  # payments that are looked at together
FAULTS_SHOWN_MAX: Final = 100  # a batch that is wrong all over needs no longer list
_REFERENCE: Final = re.compile("[0-9A-Z]{1,16}", re.ASCII)

Preflight = Callable[[Payment, str], tuple[Fault, ...]]
Look = Callable[[Sequence[Payment]], bool]


def vetted(batch: Batch, able: Capabilities, preflight: Preflight) -> Iterator[Payment]:
    """Return the batch's payments; raise `Unrenderable` naming every bad field on the way.

    Refuses at once a currency or a count that the bank does not take, a reference that is none of
    ours, and a time without a zone (its bytes would depend on the machine); at the end, payments
    that are not the batch's count and total.
    """
    return chain.from_iterable(vetted_pieces(batch, able, preflight, look_at_each, SOME))


def vetted_pieces(
    batch: Batch, able: Capabilities, preflight: Preflight, look: Look, size: int
) -> Iterator[list[Payment]]:
    """Return what `vetted` does, some payments at once.

    `look` says of some payments that `preflight` has nothing against any of them; False means
    that it has to be asked of each.
    """
    if _REFERENCE.fullmatch(batch.reference) is None:
        raise Unrenderable(f"{batch.reference[:35]!r} is not a file reference of ours", faults=())
    if batch.currency not in able.currencies:
        raise Unrenderable(f"{able.format} does not carry {batch.currency[:10]!r}", faults=())
    if not 1 <= batch.count <= able.payments_max:
        raise Unrenderable(
            f"{batch.count} payments; {able.format} takes 1 to {able.payments_max}", faults=()
        )
    if batch.created.tzinfo is None:
        raise Unrenderable("the batch's time of creation has no zone", faults=())
    return _walk(batch, preflight, look, size)


def look_at_each(_: Sequence[Payment]) -> bool:
    """Return False: nobody knows of a quicker look than `preflight`."""
    return False


def require_fits(batch: Batch, faults: Iterable[Fault]) -> None:
    """Raise `Unrenderable` when there are faults in what the batch says as a whole."""
    if found := tuple(faults):
        shown = "; ".join(f"{fault.field}: {fault.detail}" for fault in found)
        raise Unrenderable(
            f"the batch or its special account does not fit: {shown}",
            faults=tuple((batch.reference, fault) for fault in found),
        )


def _walk(batch: Batch, preflight: Preflight, look: Look, size: int) -> Iterator[list[Payment]]:
    walk = iter(batch.payments)
    count = total = 0
    while some := list(islice(walk, size)):
        if not look(some):
            for at, payment in enumerate(some):
                if faults := preflight(payment, batch.currency):
                    rest = chain(some[at + 1 :], walk)
                    raise _refusal(payment, faults, rest, batch.currency, preflight)
        count += len(some)
        total += sum([one.amount for one in some])
        yield some
    if (count, total) != (batch.count, batch.total):
        raise Unrenderable(
            f"the batch says {batch.count} payments over {batch.total} minor units,"
            f" its payments are {count} over {total}",
            faults=(),
        )


def _refusal(
    first: Payment,
    faults: tuple[Fault, ...],
    rest: Iterator[Payment],
    currency: str,
    preflight: Preflight,
) -> Unrenderable:
    bad = [(first.reference, fault) for fault in faults]
    for payment in rest:
        bad += [(payment.reference, fault) for fault in preflight(payment, currency)]
    reference, fault = bad[0]
    return Unrenderable(
        f"{len(bad)} field(s) cannot go to this bank; first: payment {reference[:35]!r},"
        f" {fault.field}: {fault.detail}",
        faults=tuple(bad[:FAULTS_SHOWN_MAX]),
    )
