"""One entry of a camt statement, and the movements inside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from adapters._amount import day, minor
from adapters._statements.camt_told import Said, Told, told_in
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

Found = tuple[Told, Said]  # what a form says something of, and its texts


class EntryReader:
    """Reads the entries of one file; it remembers their forms."""

    def __init__(self) -> None:
        self._alone = Table(_ENTRY, told_in)  # entries of one movement at most, in a statement
        self._others = Table(_ENTRY, told_in)
        self._movements = Table(_MOVEMENT, told_in)
        self.lift = self._alone.lift
        self.leave = self._alone.leave

    def read(self, element: Element, *, alone: bool) -> Found:
        """Return what an entry says; the next like it may be lifted where it is `alone`."""
        return (self._alone if alone else self._others).read(element)

    def part(self, position: int, element: Element, currency: str, sign: int) -> EntryPart:
        """Return one of several movements of an entry with this sign."""
        told, said = self._movements.read(element)
        sign = _SIGN.get(said.get("direction", ""), sign)
        return EntryPart(
            position=position,
            amount=_or_none(said, "moved", currency, sign),
            **{field: read(said, sign) for field, read in told},
        )


def entry_of(found: Found, position: int, currency: str, parts: int) -> StatementEntry:
    """Return an entry with its only movement, if it has just one; or raise a `Refusal`."""
    told, said = found
    sign = _SIGN.get(said.get("sign", ""), 0)
    status = _STATUS.get(said.get("status", ""))
    if status is None:
        raise UnreadableStatement(f"its status {said.get('status', '')[:10]!r} has no meaning here")
    return StatementEntry(
        position=position,
        amount=_exact(said, "amount", currency, sign),
        status=status,
        booked_on=day(said.get("booked", "")[:10]),
        batch_total=_or_none(said, "batch_total", currency, 1),
        parts=parts,
        **{field: read(said, sign) for field, read in told},
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
