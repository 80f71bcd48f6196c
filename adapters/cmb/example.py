"""Plays the bank: the answers to GetAgentDetail and BB6BPDQY, for the certification kit."""

from __future__ import annotations

import json
from typing import Final

from adapters._bodies.body import Body
from adapters._xml import escape
from disburse.adapter import ExampleAnswer, Result, Unrenderable, write_money

PAYMENT: Final = {
    Result.PENDING: "I",
    Result.PAID: "S",
    Result.REJECTED: "F",
    Result.CANCELLED: "C",
}
FILE: Final = {
    None: ("FIN", "S"),
    Result.ACCEPTED: ("BNK", ""),
    Result.PENDING: ("OPR", ""),
    Result.REJECTED: ("FIN", "F"),
}


def in_xml(body: Body, answer: ExampleAnswer) -> bytes:
    """Return GetAgentDetail's answer, or raise `Unrenderable`."""
    if answer.whole is not None:
        raise Unrenderable("GetAgentDetail says nothing of the whole file", faults=())
    lines = [
        f'<?xml version="1.0" encoding="{body.encoding.upper()}"?>',
        "<CMBSDKPGK><INFO><FUNNAM>GetAgentDetail</FUNNAM><DATTYP>2</DATTYP>",
        "<RETCOD>0</RETCOD><ERRMSG></ERRMSG></INFO>",
    ]
    for payment, result in answer.rows:
        lines.append(
            f"<NTQATDQYZ><ACCNBR>{escape(payment.account)}</ACCNBR>"
            f"<CLTNAM>{escape(payment.name)}</CLTNAM>"
            f"<TRSAMT>{write_money(payment.amount, answer.batch.currency)}</TRSAMT>"
            f"<TRSDSP>{escape(payment.reference)}</TRSDSP><STSCOD>{_code(result)}</STSCOD>"
            "<ERRDSP></ERRDSP></NTQATDQYZ>"
        )
    lines += ["</CMBSDKPGK>", ""]
    return "\n".join(lines).encode(body.encoding, "strict")


def in_json(answer: ExampleAnswer) -> bytes:
    """Return BB6BPDQY's answer, or raise `Unrenderable`."""
    batch = answer.batch
    if answer.whole not in FILE:
        raise Unrenderable(f"the bank has no code for a file's {answer.whole}", faults=())
    state, flag = FILE[answer.whole]
    rows = [
        {
            "trxseq": f"{number:08d}",
            "accnbr": payment.account,
            "accnam": payment.name,
            "trsamt": write_money(payment.amount, batch.currency),
            "trsdsp": payment.reference,
            "stscod": _code(result),
            "trsdat": f"{batch.pay_on:%Y%m%d}",
        }
        for number, (payment, result) in enumerate(answer.rows, start=1)
    ]
    file = {
        "yurref": batch.reference, "reqnbr": "0099960770", "reqsta": state, "rtnflg": flag,
        "totamt": write_money(answer.total, batch.currency), "trsnum": str(answer.count),
    }  # fmt: skip
    head = {"funcode": "BB6BPDQY", "resultcode": "SUC0000", "resultmsg": ""}
    body = {"bb6bpdqyz1": [file], "bb6bpdqyz2": rows}
    return json.dumps({"response": {"head": head, "body": body}}, ensure_ascii=False).encode()


def _code(result: Result) -> str:
    if result not in PAYMENT:
        raise Unrenderable(f"the bank has no code for {result}", faults=())
    return PAYMENT[result]
