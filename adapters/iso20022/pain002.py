"""Reads pain.002, the bank's status report, versions .03 to .12, leniently and by local name.

One in four such files found in the wild fails its own schema: a missing namespace, foreign
blanks, amounts with zeros behind the minor unit, no status at the group. None of that stops a
record. What stops the whole report is a document that is cut short, not well-formed, declares a
document type, or is another message: answers are kept once per digest, so a fetched-again report
is safe, and half a report is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from adapters._xml import Damaged, Element, closed, forget, local, pieces_of, text
from adapters.iso20022.status import Status, file_record, payment_record, status_of
from disburse.adapter import Record, UnreadableReport

PARTS: Final = ("CstmrPmtStsRpt", "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts")


def read_report(content: bytes) -> Iterator[Record]:
    """Yield the file's own answers, then the payments', numbered from 1 as the report has them.

    A payment's status is its own, else its block's, else the group's; "PART" above it says that
    it must have its own. A block that lists payments gives no answer about the file: what it
    does not list, nothing is known of. Raises `UnreadableReport` before the first record.
    """
    try:
        report = _Report(closed(pieces_of(content), PARTS))
    except Damaged as why:
        raise UnreadableReport(
            f"the report is damaged ({why}); fetch it from the bank again"
        ) from why
    yield from report.records()


class _Report:
    """What a report says, as statuses that are not yet resolved."""

    def __init__(self, elements: Iterable[Element]) -> None:
        """Read the whole document; keep per payment a few words, not its elements."""
        messages = 0
        group: Status | None = None
        self.identification = self.created = ""
        self.blocks: list[tuple[Status, int]] = []  # with the number of payments listed in it
        self.payments: list[tuple[Status, int]] = []  # with the number of its block, or -1
        listed = 0
        for element in elements:
            match local(element):
                case "TxInfAndSts":
                    block = len(self.blocks) if _inside_block(element) else -1
                    self.payments.append((status_of(element, "TxSts"), block))
                    listed += block >= 0
                    forget(element)
                case "OrgnlPmtInfAndSts":
                    self.blocks.append((status_of(element, "PmtInfSts"), listed))
                    listed = 0
                case "OrgnlGrpInfAndSts" if group is None:
                    group = status_of(element, "GrpSts")
                case "OrgnlGrpInfAndSts":
                    raise UnreadableReport("the report answers two files at once; ask the bank")
                case "CstmrPmtStsRpt":
                    messages += 1
                    self.identification = text(element, "GrpHdr", "MsgId").strip()
                    self.created = text(element, "GrpHdr", "CreDtTm").strip()
                case _:
                    pass
        if messages != 1 or group is None:
            raise UnreadableReport("this is not a pain.002 status report for one file")
        self.group = group

    def records(self) -> Iterator[Record]:
        """Yield every answer in the report's order, the file's before the payments'."""
        group = self.group
        resolved = [self._resolved(status, block) for status, block in self.payments]
        below = [*resolved, *(block for block, _ in self.blocks if block.code)]
        reported = (self.identification, self.created)
        answers = [(group, group.file_reference)] if group.code else []
        answers += [
            (block, block.file_reference or group.file_reference)
            for block, listed in self.blocks
            if block.code and not listed
        ]
        position = 0
        for position, (status, reference) in enumerate(answers, start=1):
            yield file_record(position, status, reference, below, reported)
        for status in resolved:
            position += 1
            yield payment_record(position, status, group.file_reference, reported)

    def _resolved(self, status: Status, block: int) -> Status:
        """Return a payment's status with what its block or the group says in its place."""
        above = [self.blocks[block][0]] if block >= 0 else []
        for upper in [*above, self.group]:
            if status.code or upper.code == "PART":
                return status
            if upper.code:
                return status.inheriting(upper)
        return status


def _inside_block(element: Element) -> bool:
    parent = element.getparent()
    return parent is not None and local(parent) == "OrgnlPmtInfAndSts"
