"""Reads what PAYPER and QPAYPER answer; each row gives back what was sent, with its Result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from adapters._bodies.answer import RECORDS_MAX, Said, file_record, payment_record
from adapters._bodies.body import Body
from adapters._bodies.xml import decoded
from adapters._xml import Damaged, Element, child, closed, forget, local, pieces_of, text
from disburse.adapter import Record, Result, UnreadableReport

# 7 is done; 6, 8 and 11 are final failures; all others wait (0 submitted, 1 authorised, 2 and 3
# await authorisation, 4 and 5 the bank's hosts, 9 in process, 10 scheduled).
RESULTS: Final = {
    "7": Result.PAID,
    "6": Result.REJECTED,
    "8": Result.REJECTED,
    "11": Result.CANCELLED,
} | dict.fromkeys(("0", "1", "2", "3", "4", "5", "9", "10"), Result.PENDING)
TAKEN: Final = {"0": Result.ACCEPTED}
ANSWERED: Final = ("PAYPER", "QPAYPER")


def read_report(body: Body, content: bytes) -> Iterator[Record]:
    """Yield the payments' answers, or the file's own where it has no rows.

    A return code other than 0 is no rejection: the bank may have the file under an earlier request.
    Such an answer is quarantined, and a person asks the bank. Raises `UnreadableReport` before the
    first record.
    """
    rows: list[Said] = []
    head: Element | None = None
    tags = [tag.name for tag in body.row if tag.field == "reference"]
    try:
        pieces = decoded(pieces_of(content), body.encoding, "replace")
        for element in closed(pieces, ("rd", "CMS"), encoding="utf-8"):
            if local(element) == "rd":
                rows.append(_said(element, tags[0]))
                forget(element)
            elif head is None and element.getparent() is None:
                head = element
            if len(rows) > RECORDS_MAX:
                raise UnreadableReport("the answer is far too long to be about one file")
    except Damaged as why:
        raise UnreadableReport(f"the answer is damaged ({why}); ask the bank again") from why
    pub = child(child(head, "eb"), "pub")
    done = text(pub, "RetCode").strip()
    if text(pub, "TransCode").strip() not in ANSWERED or not done:
        raise UnreadableReport("this is no answer to PAYPER or QPAYPER")
    if rows:
        for position, said in enumerate(rows, start=1):
            yield payment_record(position, said, RESULTS, major=body.major)
        return
    yield file_record(1, _whole(pub, done), TAKEN)


def _said(rd: Element, reference_tag: str) -> Said:
    def of(name: str) -> str:
        return text(rd, name).strip()

    return Said(
        reference=of(reference_tag),
        code=of("Result"),
        amount=of("PayAmt"),
        reason=of("instrRetCode") or of("iRetCode"),
        text=of("instrRetMsg") or of("iRetMsg"),
        on=of("BankRetTime"),
    )


def _whole(pub: Element | None, done: str) -> Said:
    queried = text(pub, "TransCode").strip() == "QPAYPER"  # then fSeqno is the query's own
    return Said(
        reference="" if queried else text(pub, "fSeqno").strip(),
        code=done,
        text=text(pub, "RetMsg").strip(),
        evidence=text(pub, "SerialNo").strip(),
    )
