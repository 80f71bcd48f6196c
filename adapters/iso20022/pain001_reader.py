"""Reads back the pain.001 files that `pain001` writes, and nothing else; it shares no code with it.

Strict where the report's reader is lenient: an element or an order that the writer never writes
means that the bytes are not ours any more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import product
from typing import Final

from adapters import _xml
from adapters._xml import Damaged, Element, closed, forget, text
from disburse.adapter import Head, Payment, Refusal, UnreadableFile, parse_money

_SPACE: Final = "{urn:iso:std:iso:20022:tech:xsd:pain.001.001.09}"
_PAYMENT: Final = "CdtTrfTxInf"
_OUTLINE: Final = (
    "Document", "CstmrCdtTrfInitn", "GrpHdr", "PmtInf",
    "PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt",
    "Dbtr", "DbtrAcct", "DbtrAgt", "ChrgBr", _PAYMENT,
)  # fmt: skip
_COUNT: Final = re.compile("[1-9][0-9]{0,14}", re.ASCII)

_BANKS: Final = (
    (),
    ("CdtrAgt", "FinInstnId", "BICFI=bank_code"),
    ("CdtrAgt", "FinInstnId", "BICFI=bank_code", "Nm=bank_name"),
    ("CdtrAgt", "FinInstnId", "ClrSysMmbId", "ClrSysId", "Cd=system", "MmbId=bank_code"),
    ("CdtrAgt", "FinInstnId", "ClrSysMmbId", "ClrSysId", "Cd=system", "MmbId=bank_code",
     "Nm=bank_name"),
    ("CdtrAgt", "FinInstnId", "Nm=bank_name"),
)  # fmt: skip
_ACCOUNTS: Final = (("Id", "IBAN=account"), ("Id", "Othr", "Id=account"))
_NOTES: Final = ((), ("RmtInf", "Ustrd=note"))

Shape = tuple[tuple[str, ...], tuple[tuple[str, int], ...]]


def _shapes() -> dict[tuple[str, ...], tuple[tuple[str, int], ...]]:
    """Return every order of elements that a payment may have, with where its fields stand."""
    found = {}
    for bank, account, note in product(_BANKS, _ACCOUNTS, _NOTES):
        steps = (
            _PAYMENT, "PmtId", "EndToEndId=reference", "Amt", "InstdAmt=amount",
            *bank, "Cdtr", "Nm=name", "CdtrAcct", *account, *note,
        )  # fmt: skip
        named = [step.partition("=") for step in steps]
        found[tuple(_SPACE + tag for tag, _, _ in named)] = tuple(
            (field, at) for at, (_, _, field) in enumerate(named) if field
        )
    return found


_SHAPES: Final = _shapes()


def read_back(content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Yield the file's head, then its payments; memory does not grow with the file.

    Raises `UnreadableFile` when the bytes are not such a file, when its two headers disagree on
    reference, count, sum or debtor, or when the payments are not that count, sum and currency.
    """
    head: Head | None = None
    count = total = 0
    root: Element | None = None
    try:
        for element in closed(content, (_PAYMENT,)):
            if element.tag != _SPACE + _PAYMENT:
                root = element
                continue
            if head is None:
                head = _head(_parent(element))
                yield head
            payment = _payment(element, head.currency or "")
            count, total = count + 1, total + payment.amount
            forget(element)
            yield payment
    except Damaged as why:
        raise UnreadableFile(f"the bytes are not a file of ours: {why}") from why
    _expect(root is not None and _outline(root) == _OUTLINE, "it has other parts")
    _expect(
        head is not None and (head.count, head.total) == (count, total),
        "its payments are not its count and sum",
    )


def _outline(root: Element) -> tuple[str, ...]:
    """Return the names of the document's parts down to one payment, the others being dropped."""
    blocks = [part for message in root for part in message]
    parts = [root, *root, *blocks, *(part for block in blocks[1:] for part in block)]
    return tuple([str(part.tag).removeprefix(_SPACE) for part in parts])


def _head(block: Element) -> Head:
    """Return what the payment block says of the file, once it agrees with the group header."""
    group = _xml.child(_parent(block), "GrpHdr")
    currency = text(block, "DbtrAcct", "Ccy")
    bank = _xml.child(_xml.child(block, "DbtrAgt"), "FinInstnId")
    account = _xml.child(_xml.child(block, "DbtrAcct"), "Id")
    count, total, holder = text(block, "NbOfTxs"), text(block, "CtrlSum"), text(block, "Dbtr", "Nm")
    head = Head(
        reference=text(block, "PmtInfId"),
        pay_on=_date(text(block, "ReqdExctnDt", "Dt")),
        currency=currency,
        debtor_number=text(account, "IBAN") or text(account, "Othr", "Id"),
        debtor_holder=holder,
        debtor_bank_code=text(bank, "BICFI") or text(bank, "ClrSysMmbId", "MmbId"),
        count=_count(count),
        total=_amount(total, currency),
    )
    group_says = [text(group, name) for name in ("MsgId", "NbOfTxs", "CtrlSum")]
    _expect(group_says == [head.reference, count, total], "its two headers disagree")
    _expect(text(group, "InitgPty", "Nm") == holder, "its two headers disagree")
    purpose = text(block, "PmtTpInf", "CtgyPurp", "Cd")
    charges = "SLEV" if currency == "EUR" else "DEBT"
    order = (text(block, "PmtMtd"), text(block, "BtchBookg"), purpose, text(block, "ChrgBr"))
    _expect(order == ("TRF", "true", "SALA", charges), "it is not a batch of wages")
    return head


def _payment(element: Element, currency: str) -> Payment:
    """Return one payment, strictly by the order of its elements."""
    nodes = list(element.iter())
    where = _SHAPES.get(tuple([str(node.tag) for node in nodes]))
    if where is None:
        raise UnreadableFile("the bytes are not a file of ours: a payment has other elements")
    found = {field: nodes[at].text or "" for field, at in where}
    paid_in = dict(nodes[4].attrib)
    _expect(paid_in == {"Ccy": currency}, "a payment's currency is another")
    _expect(found.get("system", "CNAPS") == "CNAPS", "a payment's clearing system is another")
    return Payment(
        reference=found["reference"],
        name=found["name"],
        account=found["account"],
        bank_code=found.get("bank_code", ""),
        bank_name=found.get("bank_name", ""),
        amount=_amount(found["amount"], currency),
        note=found.get("note", ""),
    )


def _amount(decimal: str, currency: str) -> int:
    try:
        return parse_money(decimal, currency)
    except Refusal as why:
        raise UnreadableFile(f"the bytes are not a file of ours: {why.detail}") from why


def _count(digits: str) -> int:
    _expect(_COUNT.fullmatch(digits) is not None, "a count is not a number")
    return int(digits)


def _date(day: str) -> date:
    try:
        return date.fromisoformat(day)
    except ValueError as why:
        raise UnreadableFile("the bytes are not a file of ours: its date is none") from why


def _parent(element: Element) -> Element:
    parent = element.getparent()
    if parent is None:
        raise UnreadableFile("the bytes are not a file of ours: its root is another")
    return parent


def _expect(holds: bool, wrong: str) -> None:  # noqa: FBT001  (it reads as a sentence)
    if not holds:
        raise UnreadableFile(f"the bytes are not a file of ours: {wrong}")
