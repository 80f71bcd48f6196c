"""Checks of the files that an adapter writes: same bytes, read back, exact, refused in time."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from typing import Final

from disburse import banks
from disburse.adapter import BankDouble, Batch, Payment, Unrenderable
from disburse.domain.money import DIGITS
from disburse.kit import carried, synthetic
from disburse.kit.verdict import Broken, Subject

PAYMENTS: Final = 7
PROCESS_SECONDS_MAX: Final = 60
UNSAFE_IN_NAMES: Final = frozenset('/\\ :*?"<>|')


def declares(subject: Subject) -> str:
    """Check that the capabilities are complete, and that file names are safe and the batch's own.

    Two batches never get one name: the second file would replace the first.
    """
    able, adapter, batch = subject.adapter.capabilities, subject.adapter, subject.batch
    if not able.carries >= banks.CARRIED_ALWAYS | (able.needs - {"wage"}):
        raise Broken("`carries` lacks account, amount, or a field in `needs`")
    if "reference" not in able.carries and isinstance(adapter, BankDouble):
        raise Broken("`carries` lacks reference: no answer can name a payment")
    unknown = (able.carries - banks.CARRIABLE) | (able.states - banks.HEAD)
    if unknown:
        raise Broken(f"no such fields: {', '.join(sorted(unknown))}")
    if min(able.payments_max, able.bytes_max, able.amount_max) < 1:
        raise Broken("payments_max, bytes_max and amount_max are at least 1")
    if able.answer_hours < 1 or not able.file_names:
        raise Broken("answer_hours is at least 1; file_names is told to people")
    if isinstance(adapter, BankDouble) and not able.reports:
        raise Broken("it plays its bank's answers, and `reports` names no format of them")
    if not able.currencies <= DIGITS.keys():
        raise Broken("a currency is not among those whose decimal places are known here")
    name = adapter.file_name(batch)
    if not name or set(name) & UNSAFE_IN_NAMES:
        raise Broken("the file name is empty, or has a blank or a character of paths")
    if name == adapter.file_name(replace(batch, reference="F0000029", sequence=2)):
        raise Broken("two batches get the same file name")
    return f"{len(able.carries)} fields of a payment, {len(able.states)} of the file"


def same_bytes(subject: Subject) -> str:
    """Check that one batch gives one file, whenever and by whichever object it is written."""
    content = _written(subject, subject.batch)
    anew = subject.made_anew()
    if _written(subject, subject.batch) != content:
        raise Broken("the same object wrote other bytes the second time")
    if b"".join(anew.render(subject.batch)) != content:
        raise Broken("the adapter, made anew, wrote other bytes")
    if anew.version != subject.adapter.version:
        raise Broken("the adapter, made anew, has another version")
    return f"{len(content)} bytes, three times"


def stable_digest(subject: Subject) -> str:
    """Check that two processes with other hash seeds, time zones and languages write the same."""
    worlds = (
        {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8"},
    )
    digests = {_digest_in_a_process(subject, world) for world in worlds}
    own = digest(subject)
    if digests != {own}:
        raise Broken("another process, hash seed, time zone or language gives other bytes")
    return f"SHA-256 {own[:16]}…"


def digest(subject: Subject) -> str:
    """Return the SHA-256 of the example file, in hexadecimal."""
    return hashlib.sha256(_written(subject, subject.batch)).hexdigest()


def read_back(subject: Subject) -> str:
    """Check that every field comes back exactly, from pieces of any size, and no other does."""
    payment = next(iter(subject.batch.payments))
    able = subject.adapter.capabilities
    empty = {field: "" for field in ("bank_code", "bank_name", "note") if field not in able.needs}
    bare = synthetic.changed(synthetic.one_of(payment, PAYMENTS + 1), empty)
    some = [*subject.batch.payments]
    if not subject.adapter.preflight(bare, subject.batch.currency):
        some.append(bare)
    batch = synthetic.of(subject.batch, some)
    banks.write(subject.adapter, batch)
    content = _written(subject, batch)
    found = list(subject.adapter.read_back([content]))
    pieces = (content[at : at + 1] for at in range(len(content)))
    if list(subject.adapter.read_back(pieces)) != found:
        raise Broken("a file in pieces of one byte reads otherwise than in one piece")
    if [one for one in found if isinstance(one, Payment)] != [
        carried.reduced(p, able.carries) for p in some
    ]:
        raise Broken('a payment comes back otherwise; fields outside `carries` come back as ""')
    return f"{len(some)} payments, each field"


def totals(subject: Subject) -> str:
    """Check count and sum: read again, and refused when the batch's own are not its payments'."""
    template = next(iter(subject.batch.payments))
    most = min(subject.adapter.capabilities.payments_max, 1000)
    for count in sorted({1, 2, most}):
        batch = synthetic.of(subject.batch, synthetic.Crew(template, count))
        banks.write(subject.adapter, batch)
        found = list(subject.adapter.read_back([_written(subject, batch)]))
        amounts = [one.amount for one in found if isinstance(one, Payment)]
        if (len(amounts), sum(amounts)) != (batch.count, batch.total):
            raise Broken(f"{count} payments come back with another count or sum")
    batch = subject.batch
    for wrong in (
        replace(batch, count=batch.count + 1),
        replace(batch, total=batch.total + 1),
        replace(batch, total=batch.total - 1),
    ):
        _must_refuse(subject, wrong, "a batch whose count or sum is not its payments'")
    return f"1, 2 and {most} payments; 3 wrong totals"


def amounts(subject: Subject) -> str:
    """Check the smallest and the largest amount, those between, and the first that do not go."""
    most = subject.adapter.capabilities.amount_max
    going = sorted({one for one in (1, 9, 10, 99, 100, 101, 99_999, most - 1, most) if one >= 1})
    payment = next(iter(subject.batch.payments))
    for amount in (one for one in going if one <= most):
        paid = synthetic.of_amount(payment, amount)
        banks.write(subject.adapter, synthetic.of(subject.batch, [paid]))
    for amount in (0, -1, most + 1):
        paid = synthetic.of_amount(payment, amount)
        _must_fault(subject, paid, "amount", f"{amount} minor units")
    return f"1 to {most} minor units"


def refusals(subject: Subject) -> str:
    """Check that what no bank file may be is refused by `render`, whatever its payments."""
    batch, able = subject.batch, subject.adapter.capabilities
    wrong = {
        "a batch in another currency": replace(batch, currency="XXX"),
        "a batch without payments": synthetic.of(batch, ()),
        "a batch of more payments than the bank takes": replace(batch, count=able.payments_max + 1),
        "a batch without a reference": replace(batch, reference=""),
        "a reference with a blank": replace(batch, reference="F 1"),
        "a time without a zone": replace(batch, created=batch.created.replace(tzinfo=None)),
    }
    for what, one in wrong.items():
        _must_refuse(subject, one, what)
    payment = next(iter(batch.payments))
    if not subject.adapter.preflight(payment, "XXX"):
        raise Broken("preflight passes a payment in another currency")
    for field in sorted(able.needs - {"amount"}):
        bare = carried.without(payment, field)
        _must_fault(subject, bare, field, "an empty field it needs")
    return f"{len(wrong)} batches, {len(able.needs)} fields that it needs"


def cut_files(subject: Subject) -> str:
    """Check that a file of ours that lost its end is never proven, wherever it was cut."""
    content = _written(subject, subject.batch)
    near_the_end = range(max(0, len(content) - 64), len(content) - 2)  # but for the line's end
    cuts = sorted({*(len(content) * part // 100 for part in range(99)), *near_the_end})
    for cut in cuts:
        try:
            banks.prove(subject.adapter, subject.batch, content[:cut])
        except banks.Unproven:
            continue
        raise Broken(f"a file cut at byte {cut} of {len(content)} reads as if it were whole")
    return f"{len(cuts)} cuts"


def _written(subject: Subject, batch: Batch) -> bytes:
    return b"".join(subject.adapter.render(batch))


def _must_refuse(subject: Subject, batch: Batch, what: str) -> None:
    try:
        _written(subject, batch)
    except Unrenderable:
        return
    raise Broken(f"it writes {what}")


def _must_fault(subject: Subject, payment: Payment, field: str, what: str) -> None:
    """Raise `Broken` unless preflight names `field`, and `render` refuses the payment, too."""
    faults = subject.adapter.preflight(payment, subject.batch.currency)
    if field not in {fault.field for fault in faults}:
        raise Broken(f"preflight passes {field}: {what}")
    _must_refuse(subject, synthetic.of(subject.batch, [payment]), f"{field}: {what}")


def _digest_in_a_process(subject: Subject, world: dict[str, str]) -> str:
    command = [sys.executable, "-m", "disburse.kit.digest", subject.name]
    command += [str(subject.profiles or ""), str(subject.like or "")]
    done = subprocess.run(  # noqa: S603  (this interpreter, and a name that was loaded before)
        command, env=os.environ | world, capture_output=True, text=True, check=False,
        timeout=PROCESS_SECONDS_MAX,
    )  # fmt: skip
    if done.returncode:
        raise Broken("it cannot be made, or write its example, in another process")
    return done.stdout.strip()
