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
from adapters.iso20022.rules import Rules
from disburse.adapter import Head, Payment, Refusal, UnreadableFile, parse_money

_NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:"
_PAYMENT: Final = "CdtTrfTxInf"
_OUTLINE: Final = (
    "Document", "CstmrCdtTrfInitn", "GrpHdr", "PmtInf",
    "PmtInfId", "PmtMtd", "BtchBookg", "NbOfTxs", "CtrlSum", "PmtTpInf", "ReqdExctnDt",
    "Dbtr", "DbtrAcct", "DbtrAgt", "ChrgBr", _PAYMENT,
)  # fmt: skip
_COUNT: Final = re.compile("[1-9][0-9]{0,14}", re.ASCII)
_AMOUNT_AT: Final = 4  # where the amount stands in every payment

_ACCOUNTS: Final = (("Id", "IBAN=account"), ("Id", "Othr", "Id=account"))
_NOTES: Final = ((), ("RmtInf", "Ustrd=note"))

_Where = tuple[tuple[str, int], ...]


class Reader:
    """Reads the files of one profile's rules."""

    def __init__(self, rules: Rules) -> None:
        """Work out every order of elements that a payment may have."""
        self._rules = rules
        self._space = f"{{{_NAMESPACE}{rules.message}}}"
        self._shapes = self._orders()
        self._fixed = _fixed(rules)

    def read_back(self, content: Iterable[bytes]) -> Iterator[Head | Payment]:
        """Yield the file's head, then its payments; memory does not grow with the file.

        Raises `UnreadableFile` when the bytes are not such a file, when its two headers disagree on
        reference, count, sum or debtor, or when the payments are not that count, sum and currency.
        """
        head: Head | None = None
        count = total = 0
        currency = ""
        root: Element | None = None
        wanted = self._space + _PAYMENT
        try:
            for element in closed(content, (_PAYMENT,)):
                if element.tag != wanted:
                    root = element
                    continue
                if head is None:
                    head = self._head(_parent(element))
                    currency = head.currency or ""
                    yield head
                payment = self._payment(element, currency)
                count, total = count + 1, total + payment.amount
                forget(element)
                yield payment
        except Damaged as why:
            raise UnreadableFile(f"the bytes are not a file of ours: {why}") from why
        _expect(root is not None and self._outlined(root), "it has other parts")
        _expect(
            head is not None and (head.count, head.total) == (count, total),
            "its payments are not its count and sum",
        )

    def _orders(self) -> dict[tuple[str, ...], _Where]:
        """Return every order of elements that a payment may have, with where its fields stand."""
        rules = self._rules
        code = f"{_bic(rules)}=bank_code"
        clearing = ("ClrSysMmbId", "ClrSysId", "Cd=system", "MmbId=bank_code")
        banks = [(), ("CdtrAgt", "FinInstnId", code), ("CdtrAgt", "FinInstnId", *clearing)]
        if rules.bank_names:
            banks += [(*one, "Nm=bank_name") for one in banks if one]
            banks.append(("CdtrAgt", "FinInstnId", "Nm=bank_name"))
        fixed: tuple[str, ...] = ("Purp", "Cd=purpose") if rules.purpose else ()
        if rules.regulatory[1]:
            fixed += ("RgltryRptg", "DbtCdtRptgInd=side", "Dtls", "Ctry=country", "Cd=regulatory")
        found = {}
        for bank, account, note in product(banks, _ACCOUNTS, _NOTES):
            steps = (
                _PAYMENT, "PmtId", "EndToEndId=reference", "Amt", "InstdAmt=amount",
                *bank, "Cdtr", "Nm=name", "CdtrAcct", *account, *fixed, *note,
            )  # fmt: skip
            named = [step.partition("=") for step in steps]
            found[tuple(self._space + tag for tag, _, _ in named)] = tuple(
                (field, at) for at, (_, _, field) in enumerate(named) if field
            )
        return found

    def _outlined(self, root: Element) -> bool:
        """Say whether the document has our parts down to one payment, the others being dropped."""
        blocks = [part for message in root for part in message]
        parts = [root, *root, *blocks, *(part for block in blocks[1:] for part in block)]
        names = tuple([str(part.tag).removeprefix(self._space) for part in parts])
        kinds = self._rules.service_level or self._rules.category_purpose
        return names == tuple(one for one in _OUTLINE if kinds or one != "PmtTpInf")

    def _head(self, block: Element) -> Head:
        """Return what the payment block says of the file, once it agrees with the group header."""
        rules = self._rules
        group = _xml.child(_parent(block), "GrpHdr")
        currency = text(block, "DbtrAcct", "Ccy")
        bank = _xml.child(_xml.child(block, "DbtrAgt"), "FinInstnId")
        account = _xml.child(_xml.child(block, "DbtrAcct"), "Id")
        count, total = text(block, "NbOfTxs"), text(block, "CtrlSum")
        holder = text(block, "Dbtr", "Nm")
        day = ("ReqdExctnDt", "Dt") if rules.is_newer else ("ReqdExctnDt",)
        head = Head(
            reference=text(block, "PmtInfId"),
            pay_on=_date(text(block, *day)),
            currency=currency,
            debtor_number=text(account, "IBAN") or text(account, "Othr", "Id"),
            debtor_holder=holder,
            debtor_bank_code=text(bank, _bic(rules)) or text(bank, "ClrSysMmbId", "MmbId"),
            count=_count(count),
            total=_amount(total, currency),
        )
        group_says = [text(group, name) for name in ("MsgId", "NbOfTxs", "CtrlSum")]
        _expect(group_says == [head.reference, count, total], "its two headers disagree")
        _expect(text(group, "InitgPty", "Nm") == holder, "its two headers disagree")
        kind = _xml.child(block, "PmtTpInf")
        order = (
            text(block, "PmtMtd"), text(block, "BtchBookg"), text(kind, "SvcLvl", "Cd"),
            text(kind, "CtgyPurp", "Cd"), text(block, "ChrgBr"),
        )  # fmt: skip
        wanted = (
            "TRF", "true", rules.service_level, rules.category_purpose,
            rules.charge_bearer(currency),
        )  # fmt: skip
        _expect(order == wanted, "it is not a batch of wages as this bank wants them")
        return head

    def _payment(self, element: Element, currency: str) -> Payment:
        """Return one payment, strictly by the order of its elements."""
        nodes = list(element.iter())
        order = tuple([node.tag for node in nodes])
        where = self._shapes.get(order)  # type: ignore[arg-type]  # no name comes as bytes
        if where is None:
            raise UnreadableFile("the bytes are not a file of ours: a payment has other elements")
        found = {field: nodes[at].text or "" for field, at in where}
        _expect(nodes[_AMOUNT_AT].items() == [("Ccy", currency)], "a payment's currency is another")
        for field, code in self._fixed:
            _expect(found.get(field, code) == code, f"a payment has another {field}")
        latin = self._rules.name_field == "latin_name"
        return Payment(
            reference=found["reference"],
            name="" if latin else found["name"],
            latin_name=found["name"] if latin else "",
            account=found["account"],
            bank_code=found.get("bank_code", ""),
            bank_name=found.get("bank_name", ""),
            amount=_amount(found["amount"], currency),
            note=found.get("note", ""),
        )


def _fixed(rules: Rules) -> tuple[tuple[str, str], ...]:
    """Return what must be the same in every payment that has it."""
    country, code = rules.regulatory
    wanted = {"system": "CNAPS", "purpose": rules.purpose, "side": "CRED", "country": country,
              "regulatory": code}  # fmt: skip
    return tuple((field, value) for field, value in wanted.items() if value)


def _bic(rules: Rules) -> str:
    return "BICFI" if rules.is_newer else "BIC"


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
