"""Plays the bank: QPAYPER's answer about a batch, for the certification kit."""

from __future__ import annotations

from typing import Final

from adapters._bodies.body import Body
from adapters._xml import escape
from disburse.adapter import ExampleAnswer, Result, Unrenderable

CODES: Final = {
    Result.PENDING: "9",
    Result.PAID: "7",
    Result.REJECTED: "6",
    Result.CANCELLED: "11",
}


def report(body: Body, answer: ExampleAnswer) -> bytes:
    """Return the answer, or raise `Unrenderable` for a result that the bank has no code for."""
    if answer.whole is not None:
        raise Unrenderable("a query's answer says nothing of the whole file", faults=())
    (tag,) = (one.name for one in body.row if one.field == "reference")
    lines = [
        f'<?xml version="1.0" encoding="{body.encoding.upper()}"?>',
        "<CMS><eb><pub><TransCode>QPAYPER</TransCode><RetCode>0</RetCode><RetMsg></RetMsg></pub>",
        "<out>",
    ]
    for payment, result in answer.rows:
        if result not in CODES:
            raise Unrenderable(f"the bank has no code for {result}", faults=())
        lines.append(
            f"<rd><{tag}>{escape(payment.reference)}</{tag}>"
            f"<RecAccNo>{escape(payment.account)}</RecAccNo>"
            f"<RecAccNameCN>{escape(payment.name)}</RecAccNameCN>"
            f"<PayAmt>{body.amount(payment.amount)}</PayAmt><Result>{CODES[result]}</Result>"
            "<iRetCode>0</iRetCode><iRetMsg></iRetMsg></rd>"
        )
    lines += ["</out></eb></CMS>", ""]
    return "\n".join(lines).encode(body.encoding, "strict")
