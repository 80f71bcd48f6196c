"""Adapters that are wrong in one way each, as another distribution would announce them."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from types import MappingProxyType

from adapters.lines import Delimited
from disburse.adapter import (
    Fault,
    PaymentAnswer,
    Quarantined,
    Result,
    UnreadableReport,
    UnreadableStatement,
)
from disburse.domain import reference
from disburse.kit import synthetic

PROFILE = tomllib.loads(
    (files("adapters") / "profiles" / "small_chinese_bank.toml").read_text(encoding="utf-8")
)


class Sound(Delimited):
    """Nothing is wrong with this one: the control of the experiment."""


class SameName(Delimited):
    def file_name(self, batch):
        return f"wages_{batch.pay_on:%Y%m%d}.txt"


class Counting(Delimited):
    """Writes other bytes each time."""

    times = 0

    def render(self, batch):
        self.times += 1
        yield from super().render(batch)
        yield b"\r\n" * self.times


class Hashing(Delimited):
    """Writes other bytes in each process."""

    def render(self, batch):
        yield from super().render(batch)
        yield f"{hash('wages')}\r\n".encode()


class CutsNames(Delimited):
    def render(self, batch):
        cut = [replace(one, name=one.name[:3]) for one in batch.payments]
        return super().render(replace(batch, payments=cut))


class OwnTotals(Delimited):
    """States the sum of what it writes, whatever was approved."""

    def render(self, batch):
        return super().render(synthetic.of(batch, batch.payments) if batch.count > 1 else batch)


class Rounds(Delimited):
    """Pays whole yuan; what is under one is made one."""

    def render(self, batch):
        whole = [replace(one, amount=max(one.amount // 100, 1) * 100) for one in batch.payments]
        return super().render(synthetic.of(batch, whole))


class TakesAnyAmount(Delimited):
    def preflight(self, payment, currency):
        return tuple(one for one in super().preflight(payment, currency) if one.field != "amount")


class CutsWhatIsTooLong(Delimited):
    def preflight(self, payment, currency):
        return tuple(one for one in super().preflight(payment, currency) if one.code != "too-long")

    def render(self, batch):
        cut = [
            replace(one, name=one.name.encode("gb18030")[:60].decode("gb18030", "ignore"))
            for one in batch.payments
        ]
        return super().render(synthetic.of(batch, cut))


class Transliterates(Delimited):
    def plain(self, payment):
        name = payment.name.encode("gb2312", "replace").decode("gb2312")
        return replace(payment, name=name.strip() or "X")

    def preflight(self, payment, currency):
        return super().preflight(self.plain(payment) if payment.name else payment, currency)

    def render(self, batch):
        plain = [self.plain(one) if one.name else one for one in batch.payments]
        return super().render(synthetic.of(batch, plain))


class Telltale(Delimited):
    def preflight(self, payment, currency):
        found = super().preflight(payment, currency)
        return tuple(Fault(one.field, one.code, f"not {payment.name}") for one in found)


class AnyTime(Delimited):
    def render(self, batch):
        return super().render(replace(batch, created=datetime(2026, 10, 9, tzinfo=UTC)))


class Mends(Delimited):
    """Puts back the end that a file has lost."""

    def read_back(self, content):
        whole = b"".join(content).rstrip(b"\r\n")
        rows = whole.count(b"\r\n")
        if b"\r\nT|" not in whole:
            whole += f"\r\nT|{rows}".encode()
        return super().read_back([whole + b"\r\n"])


class Renames(Delimited):
    """Reads one word of the bank as another."""

    words = MappingProxyType({})

    def read_report(self, content):
        for one in super().read_report(content):
            known = isinstance(one, PaymentAnswer)
            yield replace(one, result=self.words.get(one.result, one.result)) if known else one


class RejectedIsPaid(Renames):
    words = MappingProxyType({Result.REJECTED: Result.PAID})


class DuplicateIsRejected(Renames):
    words = MappingProxyType({Result.DUPLICATE: Result.REJECTED})


class ReturnedIsPaid(Renames):
    words = MappingProxyType({Result.RETURNED: Result.PAID})


class Guesses(Delimited):
    """What it cannot read is surely paid."""

    def read_report(self, content):
        try:
            records = list(super().read_report(content))
        except UnreadableReport:
            records = []
        if records and not any(isinstance(one, Quarantined) for one in records):
            yield from records
            return
        for position, line in enumerate(content.split(b"\r\n")):
            columns = line.split(b"|")
            if len(columns) > 1 and len(columns[1]) == reference.PAYMENT_CHARACTERS:
                failed = "失败".encode("gb18030") in line
                yield PaymentAnswer(
                    position=position,
                    reference=columns[1].decode("latin-1"),
                    result=Result.REJECTED if failed else Result.PAID,
                    amount=None,
                )


class BelievesRows(Delimited):
    """Corrects the totals of an answer to what its rows are."""

    def read_report(self, content):
        try:
            yield from super().read_report(content)
        except UnreadableReport:
            lines = content.rstrip(b"\r\n").split(b"\r\n")
            rows = [line.split(b"|") for line in lines[1:-1]]
            if not rows or any(len(row) != 9 for row in rows):
                raise
            count = str(len(rows)).encode()
            total = sum(int(row[4].replace(b".", b"")) for row in rows)
            head = lines[0].split(b"|")
            head[3], head[4] = count, f"{total // 100}.{total % 100:02d}".encode()
            mended = [b"|".join(head), *lines[1:-1], b"T|" + count, b""]
            yield from super().read_report(b"\r\n".join(mended))


class MendsReferences(Delimited):
    def read_report(self, content):
        for one in super().read_report(content):
            if isinstance(one, PaymentAnswer) and len(one.reference) == 12:
                whole = [one.reference + last for last in reference.ALPHABET]
                mended = next(text for text in whole if reference.attempt_of(text))
                yield replace(one, reference=mended)
            else:
                yield one


class ByPlace(Delimited):
    """Takes the rows to be in the file's order, whatever they say."""

    def read_report(self, content):
        records = list(super().read_report(content))
        names = sorted(getattr(one, "reference", "") for one in records)
        for one, name in zip(records, names, strict=True):
            known = isinstance(one, PaymentAnswer)
            yield replace(one, reference=name, amount=None) if known else one


class TakesNothing(Delimited):
    """Bytes that are no answer are an answer that says nothing."""

    def read_report(self, content):
        try:
            yield from super().read_report(content)
        except UnreadableReport:
            return


class LastWins(Delimited):
    def read_report(self, content):
        records = list(super().read_report(content))
        yield from {getattr(one, "reference", one.position): one for one in records}.values()


class SilenceIsPaid(Delimited):
    """Remembers what it wrote, and takes what the bank does not name for paid."""

    def read_report(self, content):
        records = list(super().read_report(content))
        yield from records
        named = {one.reference for one in records if isinstance(one, PaymentAnswer)}
        for one in synthetic.example(self, 7).payments:
            if one.reference not in named:
                yield PaymentAnswer(
                    position=1, reference=one.reference, result=Result.PAID, amount=None
                )


class TakesAnyStatement(Delimited):
    """Bytes that are no statement are one without entries."""

    def read_statement(self, _):
        return iter(())


class DeclaresNoStatements(Delimited):
    """Reads statements of which its capabilities say nothing."""

    @property
    def capabilities(self):
        return replace(super().capabilities, statements=())

    def read_statement(self, _):
        raise UnreadableStatement("this is no statement of this bank")


class HoldsPayments(Delimited):
    def render(self, batch):
        return super().render(replace(batch, payments=list(batch.payments)))


class HoldsTheFile(Delimited):
    def read_back(self, content):
        return super().read_back([b"".join(content)])


class PassesOverTheWhole(Delimited):
    """Plays a bank that says nothing of the whole file, and does not say so."""

    def example_report(self, answer):
        return super().example_report(replace(answer, whole=None))


class Crashes(Delimited):
    def render(self, batch):
        raise KeyError(batch.reference)


class CrashesLater(Delimited):
    def read_report(self, content):
        raise KeyError(content)


class TakesNobody(Delimited):
    def preflight(self, *_):
        return (Fault("name", "charset", "nobody has a name for this bank"),)


class OnlyWrites:
    """An adapter without the bank's half."""

    version = "1"

    def __init__(self, name):
        inner = Sound(name, PROFILE)
        self.name, self.capabilities = name, inner.capabilities
        self.file_name, self.preflight = inner.file_name, inner.preflight
        self.render, self.read_back = inner.render, inner.read_back
        self.read_report, self.read_statement = inner.read_report, inner.read_statement


# By check: who must fail it.
BREAKAGES = {
    "declares what it can": (SameName,),
    "same batch, same bytes": (Counting,),
    "same digest in two processes": (Hashing,),
    "written, read back, equal": (CutsNames, Rounds),
    "totals proved again": (OwnTotals, Rounds),
    "smallest and largest amounts": (TakesAnyAmount, Rounds),
    "too long by one": (CutsWhatIsTooLong,),
    "edges of the charset": (Transliterates,),
    "faults repeat no text": (Telltale,),
    "what it must refuse": (AnyTime, TakesAnyAmount),
    "a file that was cut": (Mends,),
    "the same memory for any file": (HoldsPayments, HoldsTheFile),
    "answer: as it was meant": (RejectedIsPaid, DuplicateIsRejected, ReturnedIsPaid),
    "answer: duplicate": (DuplicateIsRejected,),
    "answer: truncated": (Guesses,),
    "answer: wrong count": (BelievesRows,),
    "answer: wrong sum": (BelievesRows,),
    "answer: unknown reference": (MendsReferences,),
    "answer: reordered": (ByPlace,),
    "answer: wrong charset": (Guesses,),
    "answer: empty": (TakesNothing,),
    "answer: contradictory": (LastWins, PassesOverTheWhole),
    "answer: partial": (SilenceIsPaid,),
    "answer: late return after success": (ReturnedIsPaid,),
    "answer: other bank's file": (TakesNothing,),
    "statements: as declared": (TakesAnyStatement, DeclaresNoStatements),
}
OTHERS = (Sound, Crashes, CrashesLater, TakesNobody)


def name_of(kind):
    return kind.__name__.lower()


KINDS = {name_of(kind): kind for kinds in (*BREAKAGES.values(), OTHERS) for kind in kinds}


def make(name, profile):
    """Make the adapter that is announced as `name`."""
    assert profile is None
    return OnlyWrites(name) if name == "onlywrites" else KINDS[name](name, PROFILE)
