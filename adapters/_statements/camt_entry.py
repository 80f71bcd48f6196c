"""One entry of a camt statement, and the movements inside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters._amount import day, minor
from adapters._statements.shape import Table
from adapters._xml import Element
from disburse.adapter import EntryPart, EntryStatus, Refusal, StatementEntry, UnreadableStatement

_STATUS: Final = {
    "BOOK": EntryStatus.BOOKED,
    "PDNG": EntryStatus.PENDING,
    "INFO": EntryStatus.INFORMATION,
    "FUTR": EntryStatus.INFORMATION,
}
_SIGN: Final = {"CRDT": 1, "DBIT": -1}
_NOTHING: Final = frozenset({"NOTPROVIDED", "NONREF", "NOTAVAILABLE"})  # words for "no reference"
_YES: Final = frozenset({"true", "1"})
_COUNT_DIGITS_MAX: Final = 15  # Max15NumericText
_UNSAID_REASON: Final = "NARR"  # what ISO calls a reason that stands in words

# Newer versions put a party's name one level deeper, and the movement's amount higher.
_MOVEMENT: Final = {
    "payment": ("Refs/EndToEndId",),
    "instruction": ("Refs/InstrId",),
    "block": ("Refs/PmtInfId",),
    "message": ("Refs/MsgId",),
    "own": ("Refs/AcctSvcrRef",),
    "moved": ("Amt", "AmtDtls/TxAmt/Amt"),
    "moved@": ("Amt", "AmtDtls/TxAmt/Amt"),
    "direction": ("CdtDbtInd",),
    "payer": ("RltdPties/Dbtr/Pty/Nm", "RltdPties/Dbtr/Nm"),
    "payer_account": ("RltdPties/DbtrAcct/Id/IBAN", "RltdPties/DbtrAcct/Id/Othr/Id"),
    "payee": ("RltdPties/Cdtr/Pty/Nm", "RltdPties/Cdtr/Nm"),
    "payee_account": ("RltdPties/CdtrAcct/Id/IBAN", "RltdPties/CdtrAcct/Id/Othr/Id"),
    "remittance": ("RmtInf/Ustrd",),
    "words": ("AddtlTxInf",),
    "return": ("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry", "RtrInf"),
}
_ENTRY_REFERENCES: Final = ("reference", "own")
_PAYMENT_REFERENCES: Final = ("payment", "instruction")
_FILE_REFERENCES: Final = ("block", "message", "batch_block", "batch_message")
_INSIDE: Final = "NtryDtls/TxDtls/"
_ENTRY: Final = {
    "amount": ("Amt",),
    "amount@": ("Amt",),
    "sign": ("CdtDbtInd",),
    "status": ("Sts/Cd", "Sts/Prtry", "Sts"),
    "booked": ("BookgDt/Dt", "BookgDt/DtTm"),
    "value": ("ValDt/Dt", "ValDt/DtTm"),
    "reference": ("AcctSvcrRef",),
    "reversal": ("RvslInd",),
    "domain": ("BkTxCd/Domn/Cd",),
    "family": ("BkTxCd/Domn/Fmly/Cd",),
    "subfamily": ("BkTxCd/Domn/Fmly/SubFmlyCd",),
    "proprietary": ("BkTxCd/Prtry/Cd",),
    "entry_words": ("AddtlNtryInf",),
    "batch_block": ("NtryDtls/Btch/PmtInfId",),
    "batch_message": ("NtryDtls/Btch/MsgId",),
    "batch_count": ("NtryDtls/Btch/NbOfTxs",),
    "batch_total": ("NtryDtls/Btch/TtlAmt",),
    "batch_total@": ("NtryDtls/Btch/TtlAmt",),
} | {name: tuple(_INSIDE + path for path in paths) for name, paths in _MOVEMENT.items()}


class EntryReader:
    """Reads the entries of one file; it remembers their forms."""

    def __init__(self) -> None:
        self._entries = Table(_ENTRY)
        self._movements = Table(_MOVEMENT)

    def part(self, position: int, element: Element, currency: str, sign: int) -> EntryPart:
        """Return one of several movements of an entry with this sign."""
        said = self._movements.read(element)
        sign = _SIGN.get(said.get("direction", ""), sign)
        name, account = _counterparty(said, sign)
        return EntryPart(
            position=position,
            amount=_or_none(said, "moved", currency, sign),
            reference=_known(said, ("own",)),
            payment_reference=_known(said, _PAYMENT_REFERENCES),
            file_reference=_known(said, _FILE_REFERENCES[:2]),
            counterparty_account=account,
            counterparty_name=name,
            return_reason=_return_reason(said),
            text=said.get("remittance", "") or said.get("words", ""),
        )

    def entry(self, position: int, element: Element, currency: str, parts: int) -> StatementEntry:
        """Return an entry with its only movement, if it has just one; or raise a `Refusal`."""
        said = self._entries.read(element)
        told = said.get
        sign = _SIGN.get(told("sign", ""), 0)
        status = _STATUS.get(told("status", ""))
        if status is None:
            raise UnreadableStatement(f"its status {told('status', '')[:10]!r} has no meaning here")
        name, account = _counterparty(said, sign)
        return StatementEntry(
            position=position,
            amount=_exact(said, "amount", currency, sign),
            status=status,
            booked_on=day(told("booked", "")[:10]),
            reference=_known(said, _ENTRY_REFERENCES),
            value_on=day(told("value", "")[:10]),
            is_reversal=told("reversal") in _YES,
            payment_reference=_known(said, _PAYMENT_REFERENCES),
            file_reference=_known(said, _FILE_REFERENCES),
            batch_count=_count(told("batch_count", "")),
            batch_total=_or_none(said, "batch_total", currency, 1),
            counterparty_account=account,
            counterparty_name=name,
            return_reason=_return_reason(said),
            code=_code(said),
            text=_text(said),
            parts=parts,
        )


def sign_of(word: str) -> int:
    """Return 1 for a credit, -1 for a debit, 0 where it does not say."""
    return _SIGN.get(word.strip(), 0)


def _exact(said: Mapping[str, str], field: str, currency: str, sign: int) -> int:
    """Return an amount with its sign, or raise a `Refusal`: nothing can be booked without one."""
    if not sign:
        raise UnreadableStatement("it says neither credit nor debit")
    paid_in = said.get(f"{field}@", "")
    if paid_in != currency:
        raise UnreadableStatement(f"it is in {paid_in[:10]!r}, its account in {currency[:10]!r}")
    return sign * minor(said.get(field, ""), currency)


def _or_none(said: Mapping[str, str], field: str, currency: str, sign: int) -> int | None:
    if field not in said:
        return None
    try:
        return _exact(said, field, currency, sign)
    except Refusal:
        return None  # the entry itself has the amount that counts


def _known(said: Mapping[str, str], fields: tuple[str, ...]) -> str:
    """Return the first of the fields that names something; "" where none does."""
    for field in fields:
        if field in said and (word := said[field]) and word not in _NOTHING:
            return word
    return ""


def _counterparty(said: Mapping[str, str], sign: int) -> tuple[str, str]:
    """Return name and account of who paid a credit, or was meant to get a debit or its return."""
    role = "payer" if sign > 0 and "return" not in said else "payee"
    return said.get(role, ""), said.get(f"{role}_account", "")


def _return_reason(said: Mapping[str, str]) -> str:
    return (said["return"] or _UNSAID_REASON) if "return" in said else ""


def _code(said: Mapping[str, str]) -> str:
    """Return the kind of transaction, such as "PMNT/ICDT/SALA", or the bank's own word."""
    if "domain" not in said:
        return said.get("proprietary", "")
    return f"{said['domain']}/{said.get('family', '')}/{said.get('subfamily', '')}"


def _text(said: Mapping[str, str]) -> str:
    words = said.get("remittance", "") or said.get("words", "")
    more = said.get("entry_words", "")
    return f"{words} {more}" if words and more else words or more


def _count(digits: str) -> int | None:
    if digits and digits.isascii() and digits.isdigit() and len(digits) <= _COUNT_DIGITS_MAX:
        return int(digits)
    return None
