"""What a camt statement says of itself: account, balances, pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from adapters._amount import day, minor
from adapters._xml import Element, child, local, text
from disburse.adapter import Refusal, UnreadableStatement

# Booked balances by rank. Interim ones open and close a page, or a day that goes on.
_OPENING: Final = ("OPBD", "PRCD", "ITBD")
_CLOSING: Final = ("CLBD", "ITBD")
_YES: Final = frozenset({"true", "1", "yes", "y"})  # the last two from banks that know no schema
_SENT_BEFORE: Final = frozenset({"DUPL", "CODU"})


class Balance(NamedTuple):
    """One booked balance; minor units, negative where the account is overdrawn."""

    code: str
    amount: int
    on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A statement without its entries."""

    message: str  # local name of the message around it
    reference: str
    account: str
    currency: str
    number: str
    page: int | None
    is_last_page: bool
    is_copy: bool
    opening: int | None
    opens_on: date | None
    closing: int | None
    closes_on: date | None


def head_of(statement: Element) -> Head:
    """Read a statement's own parts; raise `UnreadableStatement` for a balance that is none."""
    message = statement.getparent()
    account = child(statement, "Acct")
    number = child(account, "Id")
    currency = text(account, "Ccy").strip() or _currency_of(statement)
    balances = list(_balances(statement, currency))
    opening = _first(balances, _OPENING)
    closing = _first(balances[::-1], _CLOSING)
    page, is_last = _page(statement, message)
    return Head(
        message="" if message is None else local(message),
        reference=text(statement, "Id").strip(),
        account=(text(number, "IBAN") or text(number, "Othr", "Id")).strip(),
        currency=currency,
        number=(text(statement, "ElctrncSeqNb") or text(statement, "LglSeqNb")).strip(),
        page=page,
        is_last_page=is_last,
        is_copy=text(statement, "CpyDplctInd").strip() in _SENT_BEFORE,
        opening=None if opening is None else opening.amount,
        opens_on=None if opening is None else opening.on,
        closing=None if closing is None else closing.amount,
        closes_on=None if closing is None else closing.on,
    )


def _currency_of(statement: Element) -> str:
    """Return the currency of the first amount, of a balance or else of an entry."""
    for part in statement:
        amount = child(part, "Amt")
        if amount is not None:
            return (amount.get("Ccy") or "").strip()
    return ""


def _balances(statement: Element, currency: str) -> Iterator[Balance]:
    """Yield the booked balances; available and forward ones are none of ours."""
    for part in statement:
        if local(part) != "Bal":
            continue
        code = text(part, "Tp", "CdOrPrtry", "Cd").strip()
        if code not in _OPENING + _CLOSING:
            continue
        amount = child(part, "Amt")
        try:
            value = minor(text(amount).strip(), currency)
        except Refusal as why:
            raise UnreadableStatement(f"its balance {code} is unreadable: {why.detail}") from why
        if amount is None or (amount.get("Ccy") or "").strip() not in {currency, ""}:
            raise UnreadableStatement(f"its balance {code} is in another currency than the account")
        if text(part, "CdtDbtInd").strip() == "DBIT":
            value = -value
        moment = child(part, "Dt")
        on = day((text(moment, "Dt") or text(moment, "DtTm")[:10]).strip())
        yield Balance(code, value, on)


def _first(balances: list[Balance], codes: tuple[str, ...]) -> Balance | None:
    found = (one for code in codes for one in balances if one.code == code)
    return next(found, None)


def _page(statement: Element, message: Element | None) -> tuple[int | None, bool]:
    """Return the page's number, and whether it is the last; newer versions have it inside."""
    header = child(message, "GrpHdr")
    places = ((statement, "StmtPgntn"), (statement, "RptPgntn"), (header, "MsgPgntn"))
    found = (child(around, name) for around, name in places)
    pages = next((one for one in found if one is not None), None)
    said, last = text(pages, "PgNb").strip(), text(pages, "LastPgInd").strip()
    number = int(said) if said.isascii() and said.isdigit() and len(said) <= 5 else None  # noqa: PLR2004
    return number, not last or last.lower() in _YES
