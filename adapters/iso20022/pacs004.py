"""Reads pacs.004, a payment return, where a bank passes that message on to its customer.

Each payment in it came back: with its amount, day and reason, and the return's own identification
as evidence. What names no payment is quarantined; a message that is cut short, counts otherwise
than it lists, or is another, is refused whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from adapters._amount import day, minor
from adapters._xml import Damaged, Element, child, closed, forget, local, pieces_of, text
from disburse.adapter import PaymentAnswer, Quarantined, Record, Refusal, Result, UnreadableReport

_MESSAGE: Final = "PmtRtr"
_PAYMENT: Final = "TxInf"
_GROUP: Final = "GrpHdr"
_IS_ONE: Final = re.compile(rb"<(?:\w+:)?PmtRtr[\s>]")
_LOOK: Final = 4_096  # bytes in which the message's name stands, whatever comments come first


def is_one(content: bytes) -> bool:
    """Say whether the bytes begin like a pacs.004."""
    return _IS_ONE.search(content[:_LOOK]) is not None


def read_report(content: bytes) -> Iterator[Record]:
    """Yield one answer per returned payment, or raise `UnreadableReport`, perhaps after records."""
    position, messages, stated, on = 0, 0, "", ""
    try:
        for element in closed(pieces_of(content), (_MESSAGE, _GROUP, _PAYMENT)):
            name = local(element)
            if name == _PAYMENT:
                position += 1
                yield _record(position, element, on)
                forget(element)
            elif name == _GROUP:
                stated = text(element, "NbOfTxs").strip().lstrip("0")
                on = text(element, "IntrBkSttlmDt").strip() or text(element, "CreDtTm").strip()[:10]
            elif name == _MESSAGE:
                messages += 1
    except Damaged as why:
        raise UnreadableReport(
            f"the return is damaged ({why}); fetch it from the bank again"
        ) from why
    if messages != 1 or not position:
        raise UnreadableReport("this is not a pacs.004 that names the payments it returns")
    if stated != str(position):
        raise UnreadableReport(f"it says that it has {stated[:9] or 0} returns, not {position}")


def _record(position: int, element: Element, on: str) -> Record:
    reference = text(element, "OrgnlEndToEndId").strip()
    if reference in {"", "NOTPROVIDED"}:
        return Quarantined(position=position, reason="it does not say which payment came back")
    money = child(element, "RtrdIntrBkSttlmAmt")
    currency = "" if money is None else (money.get("Ccy") or "").strip()
    try:
        amount = None if money is None else minor((money.text or "").strip(), currency)
    except Refusal as why:
        return Quarantined(position=position, reason=f"its amount is unreadable: {why.detail}")
    return PaymentAnswer(
        position=position,
        reference=reference,
        result=Result.RETURNED,
        amount=amount,
        currency=currency or None,
        reason=text(element, "RtrRsnInf", "Rsn", "Cd").strip()
        or text(element, "RtrRsnInf", "Rsn", "Prtry").strip(),
        text=text(element, "RtrRsnInf", "AddtlInf").strip(),
        evidence=text(element, "RtrId").strip(),
        on=day(text(element, "IntrBkSttlmDt").strip() or on),
        file_reference=text(element, "OrgnlGrpInf", "OrgnlMsgId").strip(),
    )
