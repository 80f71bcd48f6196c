"""What the codes of pain.002 mean for a payment and for a file: one table, and its exceptions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from adapters._xml import Element, child, local, text
from disburse.adapter import (
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Record,
    Refusal,
    Result,
    parse_money,
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
_DECIMAL: Final = re.compile(r"\+?0*([0-9]+)(?:\.([0-9]*?)0*)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
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
    """Read one level; `name` is the element with its status code.

    Words come in pieces that may break inside a word, so they are joined without a blank.
    """
    parts: dict[str, list[Element]] = {}
    for part in element:
        parts.setdefault(local(part), []).append(part)
    reasons, words = [], []
    for because in parts.get("StsRsnInf", ()):
        reason = child(because, "Rsn")
        reasons.append((text(reason, "Cd") or text(reason, "Prtry")).strip())
        words += [piece.text or "" for piece in because.iterfind("{*}AddtlInf")]
    original = parts.get("OrgnlTxRef", (None,))[0]
    money = child(child(original, "Amt"), "InstdAmt")
    money = money if money is not None else child(original, "IntrBkSttlmAmt")
    effective = parts.get("FctvIntrBkSttlmDt", (None,))[0]
    return Status(
        code=_first(parts, name),
        reasons=tuple(reasons),
        words="".join(words).strip(),
        file_reference=_first(parts, "OrgnlMsgId", "OrgnlPmtInfId"),
        payment_reference=_first(parts, "OrgnlEndToEndId", "OrgnlInstrId"),
        amount=text(money).strip(),
        currency="" if money is None else (money.get("Ccy") or "").strip(),
        evidence=_first(parts, "AcctSvcrRef", "StsId"),
        on=text(effective, "Dt").strip(),
        unclear=any(
            len({(one.text or "").strip() for one in parts.get(key, ())}) > 1
            for key in (name, "OrgnlEndToEndId", "OrgnlMsgId", "OrgnlPmtInfId")
        ),
    )


def payment_record(
    position: int, status: Status, file_reference: str, reported: tuple[str, str]
) -> Record:
    """Return the answer about one payment, or the reason why it is none.

    `reported` is the report's own identification, which is the evidence where the bank gives no
    other, and its time, which is the date where the bank gives no other.
    """
    try:
        wrong = _wrong(status)
        amount = _amount(status)
    except Refusal as why:
        return Quarantined(position=position, reason=f"its amount is unreadable: {why.detail}")
    result = status.result
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
        evidence=status.evidence or reported[0],
        on=_date(status.on) or _date(reported[1][:10]),
        file_reference=file_reference,
    )


def file_record(
    position: int,
    status: Status,
    file_reference: str,
    below: list[Status],
    reported: tuple[str, str],
) -> Record:
    """Return the answer about the whole file, or the reason why it is none.

    "PART" only says that the payments' own answers differ. A rejected file with something `below`
    that was accepted, paid or left open contradicts itself: nobody may pay again on its word.
    """
    result = Result.PENDING if status.code == "PART" else status.result
    if result is Result.PAID:
        result = Result.ACCEPTED  # no payment counts as paid that the report does not name
    reason = ""
    if not file_reference or status.unclear:
        reason = "it does not say which file it answers, or says two things of it"
    elif result is None or result is Result.CANCELLED:
        reason = _unknown(status)
    elif result is Result.REJECTED:
        dead = {Result.REJECTED, Result.CANCELLED}
        if any(one.result not in dead for one in below):
            reason = "it rejects the file, but not everything that it lists"
    if reason or result is None:
        return Quarantined(position=position, reason=reason)
    return FileAnswer(
        position=position,
        reference=file_reference,
        result=result,
        reason=status.reason,
        text=status.words,
        evidence=status.evidence or reported[0],
        on=_date(reported[1][:10]),
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


def _amount(status: Status) -> int | None:
    """Return minor units where the report says an amount; zeros behind the minor unit are fine."""
    if not status.amount:
        return None
    match = _DECIMAL.fullmatch(status.amount)
    if match is None:
        return parse_money(status.amount, status.currency)  # refuses it with the right words
    whole, fraction = match[1], match[2] or ""
    return parse_money(f"{whole}.{fraction}" if fraction else whole, status.currency)


def _date(words: str) -> date | None:
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


def _first(parts: dict[str, list[Element]], *names: str) -> str:
    """Return the first text that is not empty under the first of `names` that has one."""
    found = ((part.text or "").strip() for name in names for part in parts.get(name, ()))
    return next(filter(None, found), "")
