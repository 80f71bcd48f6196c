"""Reads pain.002, the bank's status report, versions .03 to .12, leniently and by local name.

One in four such files found in the wild fails its own schema: a missing namespace, foreign
blanks, amounts with zeros behind the minor unit, no status at the group. None of that stops a
record. What stops the whole report is a document that is cut short, not well-formed, declares a
document type, is another message, or counts otherwise than it lists: answers are kept once per
digest, so a fetched-again report is safe, and half a report is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adapters._amount import day
from adapters._source import Source
from adapters._xml import Damaged, Element, closed, forget, forget_some, local, text
from adapters.iso20022.payment_status import PaymentStatuses
from adapters.iso20022.status import Reported, Status, file_record, payment_record, status_of
from adapters.iso20022.tally import Tally
from disburse.adapter import PaymentAnswer, Record, Result, UnreadableReport

_MESSAGE: Final = "CstmrPmtStsRpt"
_GROUP: Final = "OrgnlGrpInfAndSts"
_BLOCK: Final = "OrgnlPmtInfAndSts"
_PAYMENT: Final = "TxInfAndSts"
_DEAD: Final = frozenset({Result.REJECTED, Result.CANCELLED})


def read_report(content: bytes) -> Iterator[Record]:
    """Yield the payments' answers, then the file's own, numbered from 1; memory stays flat.

    A payment's status is its own, else its block's, else the group's; "PART" above it says that
    it must have its own. A block that lists payments gives no answer about the file: what it
    does not list, nothing is known of. Raises `UnreadableReport`, perhaps after records.
    """
    try:
        yield from _Report(content).records()
    except Damaged as why:
        raise UnreadableReport(
            f"the report is damaged ({why}); fetch it from the bank again"
        ) from why


class _Report:
    """What was read so far of a report; payments are handed over, never kept."""

    def __init__(self, content: bytes) -> None:
        self.source = Source(content, _PAYMENT)
        self.position = 0
        self.trees = 0  # payments that became elements
        self.group: Status | None = None
        self.group_tally = Tally()
        self.block: Status | None = None  # the open one
        self.block_tally = Tally()
        self.payments = PaymentStatuses()
        self.silent_blocks: list[Status] = []  # with a status and without payments
        self.all_dead = True  # everything below the group is rejected or cancelled
        self.reported = Reported("", None)

    def records(self) -> Iterator[Record]:
        messages = 0
        for element in closed(self.source.pieces(), (_MESSAGE, _GROUP, _BLOCK, _PAYMENT)):
            name = local(element)
            if name == _PAYMENT:
                yield from self._payments(element)
            elif name == _BLOCK:
                self._end_block(element)
            elif name == _GROUP:
                self._begin(element)
            elif name == _MESSAGE:
                messages += 1
        if messages != 1 or self.group is None:
            raise UnreadableReport("this is not a pain.002 status report for one file")
        self.group_tally.require(self.group.stated)
        yield from self._file_records(self.group)

    def _begin(self, element: Element) -> None:
        if self.group is not None:
            raise UnreadableReport("the report answers two files at once; ask the bank")
        self.group = status_of(element, "GrpSts")
        parent = element.getparent()
        identification = text(parent, "GrpHdr", "MsgId").strip()
        created = text(parent, "GrpHdr", "CreDtTm").strip()
        self.reported = Reported(identification, day(created[:10]))

    def _payments(self, element: Element) -> Iterator[Record]:
        """Hand over a payment, and those that stand behind it and are written like one before."""
        group = self.group
        if group is None:
            raise UnreadableReport("it answers payments before it says of which file")
        parent = element.getparent()
        is_own = parent is not None and local(parent) in {_BLOCK, _MESSAGE}
        block = self._block_of(element)
        yield self._payment(self.payments.read(element), block, group)
        self.trees += 1
        forget_some(element, self.trees)
        for own in self.source.run(self.payments.lift) if is_own else ():
            yield self._payment(own, block, group)

    def _payment(self, own: Status, block: Status | None, group: Status) -> Record:
        status = _resolved(own, block, group)
        result = status.result
        self.all_dead = self.all_dead and result in _DEAD
        self.position += 1
        record = payment_record(self.position, status, result, group.file_reference, self.reported)
        amount = record.amount if isinstance(record, PaymentAnswer) else None
        tally = self.group_tally if block is None else self.block_tally
        tally.add(status.code, amount, status.currency)
        return record

    def _block_of(self, element: Element) -> Status | None:
        """Return the status of the block that is being read; None outside any."""
        parent = element.getparent()
        if parent is None or local(parent) != _BLOCK:
            return None
        if self.block is None:
            self.block = status_of(parent, "PmtInfSts")
        return self.block

    def _end_block(self, element: Element) -> None:
        whole = status_of(element, "PmtInfSts")
        if self.block is None:
            if whole.code:
                self.silent_blocks.append(whole)
        elif (whole.code, whole.reasons) != (self.block.code, self.block.reasons):
            raise UnreadableReport("a block says its status behind the payments it is about")
        if whole.code:
            self.all_dead = self.all_dead and whole.result in _DEAD
        self.block_tally.require(whole.stated)
        self.group_tally.take(self.block_tally)
        self.block, self.block_tally = None, Tally()
        self.payments.leave()
        forget(element)

    def _file_records(self, group: Status) -> Iterator[Record]:
        answers = [group] if group.code else []
        for status in answers + self.silent_blocks:
            reference = status.file_reference or group.file_reference
            self.position += 1
            yield file_record(
                self.position, status, reference, self.reported, all_dead=self.all_dead
            )


def _resolved(own: Status, block: Status | None, group: Status) -> Status:
    """Return a payment's status with what its block or the group says in its place."""
    for upper in (block, group):
        if own.code:
            return own
        if upper is not None and upper.code:
            return own if upper.code == "PART" else own.inheriting(upper)
    return own
