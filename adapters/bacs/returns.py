"""Reads an ARUCS report: credits that could not be applied, and come back.

An item is any element inside ARUCS with the attributes ref, returnCode and valueOf; what the
elements are called is not published, and is no business of this reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from adapters._xml import Damaged, Element, closed, local, pieces_of
from disburse.adapter import (
    PaymentAnswer,
    Quarantined,
    Record,
    Refusal,
    Result,
    UnreadableReport,
    parse_money,
)

ITEMS_MAX: Final = 200_000  # twice the longest sheet; a longer report is another service user's
REASONS: Final = {
    "0": "invalid details",
    "2": "beneficiary deceased",
    "3": "account transferred",
    "5": "no account",
    "B": "account closed",
    "C": "requested by remitter",
}
_ITEM: Final = frozenset({"ref", "returnCode", "valueOf"})
_TOTALS: Final = frozenset({"numberOf", "valueOf"})
_REFERENCE: Final = re.compile("[0-9A-Z]{1,18}", re.ASCII)


def read_report(content: bytes) -> Iterator[Record]:
    """Yield one record per returned credit, numbered from 1 as the report has them.

    An item that cannot be read is quarantined. Raises `UnreadableReport`, before the first record,
    for what is no whole ARUCS report, and for totals that are not the items'.
    """
    try:
        reports = [one for one in closed(pieces_of(content), ("ARUCS",)) if local(one) == "ARUCS"]
    except Damaged as why:
        raise UnreadableReport(f"the report is damaged ({why}); fetch it again") from why
    if len(reports) != 1:
        raise UnreadableReport("this is not one ARUCS report")
    header = reports[0].find("{*}Header")
    day = _day("" if header is None else header.get("currentProcessingDate", ""))
    items = [one for one in reports[0].iter() if set(one.keys()) >= _ITEM]
    if len(items) > ITEMS_MAX:
        raise UnreadableReport(f"the report has more than {ITEMS_MAX} items")
    records = [_record(position, one, day) for position, one in enumerate(items, start=1)]
    _prove(reports[0], records)
    yield from records


def _record(position: int, item: Element, day: date | None) -> Record:
    reference, code = item.get("ref", "").strip(), item.get("returnCode", "").strip()
    try:
        amount = parse_money(item.get("valueOf", "").strip(), "GBP")
    except Refusal:
        return Quarantined(position=position, reason="its amount is none")
    if _REFERENCE.fullmatch(reference) is None:
        return Quarantined(position=position, reason="it names no payment")
    if item.get("currency", "GBP") != "GBP" or not code:
        return Quarantined(position=position, reason="it has no reason, or another currency")
    return PaymentAnswer(
        position=position,
        reference=reference,
        result=Result.RETURNED,
        amount=amount,
        currency="GBP",
        reason=f"ARUCS {code[:10]}",
        text=item.get("returnDescription", "").strip()[:140] or REASONS.get(code, ""),
        on=day,
    )


def _prove(report: Element, records: list[Record]) -> None:
    """Raise `UnreadableReport` unless what the totals state can be the items'."""
    totals = [one for one in report.iter() if set(one.keys()) >= _TOTALS and not one.get("ref")]
    if not totals:
        return
    known = [one.amount or 0 for one in records if isinstance(one, PaymentAnswer)]
    try:
        number = sum(int(one.get("numberOf", "")) for one in totals)
        value = sum(parse_money(one.get("valueOf", ""), "GBP") for one in totals)
    except (ValueError, Refusal) as why:
        raise UnreadableReport("the report's totals are none; fetch it again") from why
    bad = len(records) - len(known)
    if number != len(records) or value < sum(known) or (value > sum(known) and not bad):
        raise UnreadableReport("the report's totals are not its items'; fetch it again")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
