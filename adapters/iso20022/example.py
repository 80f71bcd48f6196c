"""Plays the bank: a pain.002.001.10 about a batch, for the certification kit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from adapters._xml import escape
from disburse.adapter import ExampleAnswer, Result, Unrenderable, write_money

CODES: Final = {
    Result.PENDING: ("PDNG", ""),
    Result.ACCEPTED: ("ACSP", ""),
    Result.PAID: ("ACSC", ""),
    Result.REJECTED: ("RJCT", "AC04"),
    Result.CANCELLED: ("CANC", ""),
    Result.DUPLICATE: ("RJCT", "DU04"),
}  # a return has a message of its own


def report(answer: ExampleAnswer, message: str) -> bytes:
    """Return the report, or raise `Unrenderable` for a returned payment."""
    batch = answer.batch
    group, reason = ("PART", "") if answer.whole is None else _codes(answer.whole)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10">',
        "<CstmrPmtStsRpt>",
        "<GrpHdr><MsgId>EXAMPLE1</MsgId>",
        f"<CreDtTm>{batch.pay_on.isoformat()}T08:00:00+08:00</CreDtTm></GrpHdr>",
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{batch.reference}</OrgnlMsgId>",
        f"<OrgnlMsgNmId>{message}</OrgnlMsgNmId><GrpSts>{group}</GrpSts>{_why(reason)}",
        "</OrgnlGrpInfAndSts>",
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{batch.reference}</OrgnlPmtInfId>",
        *_stated(answer),
    ]
    for payment, result in answer.rows:
        status, reason = _codes(result)
        amount = write_money(payment.amount, batch.currency)
        lines.append(
            f"<TxInfAndSts><OrgnlEndToEndId>{escape(payment.reference)}</OrgnlEndToEndId>"
            f"<TxSts>{status}</TxSts>{_why(reason)}<AcctSvcrRef>S{escape(payment.reference)}"
            f'</AcctSvcrRef><OrgnlTxRef><Amt><InstdAmt Ccy="{batch.currency}">{amount}</InstdAmt>'
            "</Amt></OrgnlTxRef></TxInfAndSts>"
        )
    lines += ["</OrgnlPmtInfAndSts>", "</CstmrPmtStsRpt>", "</Document>", ""]
    return "\n".join(lines).encode()


def _stated(answer: ExampleAnswer) -> Iterator[str]:
    """Yield count and sum by status; the last has what the answer's own are off by."""
    count: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for payment, result in answer.rows:
        status, _ = _codes(result)
        count[status] += 1
        total[status] += payment.amount
    for place, status in enumerate(count, start=1):
        if place == len(count):
            count[status] += answer.count - count.total()
            total[status] += answer.total - total.total()
        amount = write_money(total[status], answer.batch.currency)
        yield (
            f"<NbOfTxsPerSts><DtldNbOfTxs>{count[status]}</DtldNbOfTxs>"
            f"<DtldSts>{status}</DtldSts><DtldCtrlSum>{amount}</DtldCtrlSum></NbOfTxsPerSts>"
        )


def _codes(result: Result) -> tuple[str, str]:
    if result not in CODES:
        raise Unrenderable(f"pain.002 has no word for {result}", faults=())
    return CODES[result]


def _why(reason: str) -> str:
    return f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
