"""What the codes of pain.002 mean for a payment and for a file: one table, and its exceptions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from adapters._amount import day, minor
from adapters._xml import Element, child, local, text
from adapters.iso20022.tally import Stated
from disburse.adapter import (
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Record,
    Refusal,
    Result,
)

# ISO 20022 external code sets (payment group status, payment transaction status). A code that is
# not here is quarantined, BLCK (money neither posted nor sent back) on purpose: a person decides.
RESULTS: Final = {
    "RCVD": Result.PENDING,  # received
    "ACTC": Result.PENDING,  # syntax and signature are right
    "PDNG": Result.PENDING,
    "PATC": Result.PENDING,  # more signatures are wanted at the bank
    "PRES": Result.PENDING,
    "RCVC": Result.PENDING,  # verification of the payee: about the name, not about the money
    "RVNA": Result.PENDING,
    "RVNM": Result.PENDING,
    "RVMC": Result.PENDING,
    "RVNC": Result.PENDING,
    "RVCM": Result.PENDING,
    "ACCP": Result.ACCEPTED,  # customer profile is right
    "ACFC": Result.ACCEPTED,  # funds are there
    "ACSP": Result.ACCEPTED,  # accepted for execution
    "ACWC": Result.ACCEPTED,  # with a change, such as the date
    "ACWP": Result.ACCEPTED,  # not yet posted to the creditor
    # Settled on the debtor's account: the last word of most banks, and final on our side. What
    # comes back later is a return, which has a way of its own.
    "ACSC": Result.PAID,
    "ACCC": Result.PAID,  # on the creditor's account
    "RJCT": Result.REJECTED,
    "CANC": Result.CANCELLED,
}
DUPLICATES: Final = frozenset({"AM05", "DUPL", "DU01", "DU02", "DU03", "DU04", "DU05"})
# Reasons that say nothing by themselves; some banks tell of a duplicate in words only.
SILENT: Final = frozenset({"", "NARR", "MS02", "MS03"})
_SAYS_DUPLICATE: Final = re.compile(
    r"duplicat|already\s+(?:been\s+)?(?:exist|receiv|process|present|submit|execut)|重复|已存在",
    re.IGNORECASE,
)
# A level says each of these once, however often the element comes.
_ONCE: Final = frozenset(
    {"GrpSts", "PmtInfSts", "TxSts", "OrgnlEndToEndId", "OrgnlMsgId", "OrgnlPmtInfId"}
)
_SAID: Final = _ONCE | {"OrgnlInstrId", "AcctSvcrRef", "StsId"}


@dataclass(slots=True, kw_only=True)
class Status:
    """What one level of a report says: the group, a block or a payment."""

    code: str  # "" when it says none
    reasons: tuple[str, ...]
    words: str
    file_reference: str  # group, block
    payment_reference: str  # payment
    amount: str
    currency: str
    evidence: str
    on: str
    unclear: bool  # it says two different things in one place
    stated: tuple[Stated, ...]  # group, block: how many payments have which status

    def inheriting(self, upper: Status) -> Status:
        """Return this status with the code, reasons and words of the level above."""
        reasons, words = self.reasons + upper.reasons, self.words or upper.words
        return replace(self, code=upper.code, reasons=reasons, words=words)

    @property
    def result(self) -> Result | None:
        """Return what it comes down to; None for a code that has no meaning here."""
        result = RESULTS.get(self.code)
        if result is not Result.REJECTED:
            return result
        silent = all(reason in SILENT for reason in self.reasons)
        if DUPLICATES.intersection(self.reasons) or (silent and _SAYS_DUPLICATE.search(self.words)):
            return Result.DUPLICATE
        return result

    @property
    def reason(self) -> str:
        """Return the bank's reason codes, or its status where it gives none."""
        return " ".join(filter(None, self.reasons)) or self.code


def status_of(element: Element, name: str) -> Status:
    """Read one level; `name` is the element with its status code."""
    said: dict[str, str] = {}
    unclear = False
    reasons: list[str] = []
    words: list[str] = []
    stated: list[Stated] = []
    money: Element | None = None
    for part in element:
        key = local(part)
        if key == "StsRsnInf":
            _reason(part, reasons, words)
        elif key == "OrgnlTxRef":
            money = money_of(part) if money is None else money
        elif key == "NbOfTxsPerSts":
            stated.append(_stated(part))
        elif key == "FctvIntrBkSttlmDt":
            said.setdefault(key, text(part, "Dt").strip())
        elif key in _SAID and (word := (part.text or "").strip()):
            unclear = unclear or (key in _ONCE and said.get(key, word) != word)
            said.setdefault(key, word)
    told = said.get
    return Status(
        code=told(name, ""),
        reasons=tuple(reasons),
        words="".join(words).strip(),
        file_reference=told("OrgnlMsgId", "") or told("OrgnlPmtInfId", ""),
        payment_reference=told("OrgnlEndToEndId", "") or told("OrgnlInstrId", ""),
        amount="" if money is None else (money.text or "").strip(),
        currency="" if money is None else (money.get("Ccy") or "").strip(),
        evidence=told("AcctSvcrRef", "") or told("StsId", ""),
        on=told("FctvIntrBkSttlmDt", ""),
        unclear=unclear,
        stated=tuple(stated),
    )


def _reason(element: Element, reasons: list[str], words: list[str]) -> None:
    """Note a reason; its words come in pieces that may break inside a word: no blank between."""
    reason = child(element, "Rsn")
    reasons.append((text(reason, "Cd") or text(reason, "Prtry")).strip())
    words += [piece.text or "" for piece in element.iterfind("{*}AddtlInf")]


def money_of(original: Element) -> Element | None:
    """Return the amount of the payment that was sent."""
    instructed = next(original.iter("{*}InstdAmt"), None)
    return instructed if instructed is not None else child(original, "IntrBkSttlmAmt")


def _stated(element: Element) -> Stated:
    said = (text(element, name).strip() for name in ("DtldSts", "DtldNbOfTxs", "DtldCtrlSum"))
    return Stated(*said)


class Reported(NamedTuple):
    """What a report says of itself: the evidence and the date where its answers give no other."""

    identification: str
    on: date | None


def payment_record(
    position: int, status: Status, result: Result | None, file_reference: str, reported: Reported
) -> Record:
    """Return the answer about one payment, or the reason why it is none."""
    try:
        wrong = _wrong(status)
        amount = minor(status.amount, status.currency) if status.amount else None
    except Refusal as why:
        return Quarantined(position=position, reason=f"its amount is unreadable: {why.detail}")
    if wrong or result is None:
        return Quarantined(position=position, reason=wrong or _unknown(status))
    return PaymentAnswer(
        position=position,
        reference=status.payment_reference,
        result=result,
        amount=amount,
        currency=status.currency or None,
        reason=status.reason,
        text=status.words,
        evidence=status.evidence or reported.identification,
        on=day(status.on) or reported.on,
        file_reference=file_reference,
    )


def file_record(
    position: int, status: Status, file_reference: str, reported: Reported, *, all_dead: bool
) -> Record:
    """Return the answer about the whole file, or the reason why it is none.

    "PART" only says that the payments' own answers differ. A rejected file is one only where
    everything below it is rejected or cancelled (`all_dead`): nobody may pay again on the word of
    a report that contradicts itself.
    """
    result = Result.PENDING if status.code == "PART" else status.result
    if result is Result.PAID:
        result = Result.ACCEPTED  # no payment counts as paid that the report does not name
    reason = ""
    if not file_reference or status.unclear:
        reason = "it does not say which file it answers, or says two things of it"
    elif result is None or result is Result.CANCELLED:
        reason = _unknown(status)
    elif result is Result.REJECTED and not all_dead:
        reason = "it rejects the file, but not everything that it lists"
    if reason or result is None:
        return Quarantined(position=position, reason=reason)
    return FileAnswer(
        position=position,
        reference=file_reference,
        result=result,
        reason=status.reason,
        text=status.words,
        evidence=status.evidence or reported.identification,
        on=reported.on,
    )


def _wrong(status: Status) -> str:
    if status.unclear:
        return "it names two references or two statuses"
    if status.payment_reference in {"", "NOTPROVIDED"}:
        return "it does not say which payment it answers"
    if not status.code:
        return "it has no status of its own, and the level above gives none"
    return ""


def _unknown(status: Status) -> str:
    return f"the status {status.code[:10]!r} has no meaning here; ask the bank"
