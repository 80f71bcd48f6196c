"""Reads the answers to BB6BPDQY, BB6BTHQY, BB6DTLQY, and to BB6BTHHL itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from adapters._bodies.answer import RECORDS_MAX, Said, file_record, payment_record
from adapters._bodies.body import CURRENCY
from adapters._bodies.json import NotJson, document
from adapters.cmb import codes
from disburse.adapter import Quarantined, Record, Refusal, UnreadableReport, parse_money

DONE: Final = "SUC0000"
FILES: Final = ("bb6bpdqyz1", "bb6bthqyz1")
PAYMENTS: Final = ("bb6bpdqyz2", "bb6dtlqyz1")
TAKEN: Final = "bb6cdcbhz1"

Row = Mapping[str, object]


def read_report(content: bytes) -> Iterator[Record]:
    """Yield the answers about files, then those about payments.

    A result code other than success answers nothing (the query failed, the file may still be paid):
    then, and for anything else than such an answer, raises `UnreadableReport`.
    """
    try:
        response = _object(document(content, str).get("response"))
    except NotJson as why:
        raise UnreadableReport(f"the answer is damaged ({why}); ask the bank again") from why
    head, body = _object(response.get("head")), _object(response.get("body"))
    code = _text(head, "resultcode")
    if code != DONE:
        shown = f"{code[:10]}: {_text(head, 'resultmsg')[:100]}"
        raise UnreadableReport(f"the bank answered nothing ({shown}); ask it again", code=code[:10])
    files = [row for name in FILES for row in _rows(body, name)]
    named = {_text(row, "yurref") for row in files}
    payments = [row for name in PAYMENTS for row in _rows(body, name)]
    missing = _missing(files, payments)
    whose = named.pop() if len(named) == 1 else ""
    position = 0
    for position, row in enumerate(files, start=1):
        yield file_record(position, _file(row), codes.FILE)
    for row in _rows(body, TAKEN):
        position += 1
        number = _text(row, "reqnbr")[:20]
        reason = f"the bank took a request as its number {number}; ask BB6BPDQY with our reference"
        yield Quarantined(position=position, reason=reason)
    for row in payments:
        position += 1
        yield payment_record(position, _payment(row, whose), codes.PAYMENT)
    if missing:
        yield Quarantined(position=position + 1, reason=missing)


def _missing(files: Sequence[Row], payments: Sequence[Row]) -> str:
    """Return what the bank counts and does not list; "" when nothing, or when it lists no rows.

    Raises `UnreadableReport` for rows that cannot be those of the file that the answer is about.
    """
    if len(files) != 1 or not payments:
        return ""
    count, total = _text(files[0], "trsnum"), _text(files[0], "totamt")
    try:
        stated = parse_money(count, "JPY"), parse_money(total, CURRENCY)
        listed = sum(parse_money(_text(row, "trsamt"), CURRENCY) for row in payments)
    except Refusal:
        return "" if not (count or total) else "its count, its sum or an amount is none"
    if len(payments) < stated[0] and listed <= stated[1]:
        return f"the bank counts {stated[0]} payments and lists {len(payments)}: ask for the rest"
    if (len(payments), listed) != stated:
        raise UnreadableReport("the answer's count and sum are not its rows'; ask the bank again")
    return ""


def _file(row: Row) -> Said:
    return Said(
        reference=_text(row, "yurref"),
        code=codes.of_file(_text(row, "reqsta"), _text(row, "rtnflg")),
        text=_text(row, "errdsp"),
        evidence=_text(row, "reqnbr"),
    )


def _payment(row: Row, whose: str) -> Said:
    return Said(
        reference=_text(row, "trsdsp"),
        code=_text(row, "stscod"),
        amount=_text(row, "trsamt"),
        reason=_text(row, "errcod"),
        text=_text(row, "errtxt"),
        on=_text(row, "trsdat"),
        file_reference=whose,
    )


def _object(value: object) -> Row:
    if not isinstance(value, dict):
        raise UnreadableReport("this is no answer of the bank to a request of ours")
    return value


def _rows(body: Row, name: str) -> list[Row]:
    rows = body.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise UnreadableReport(f"the answer's {name} is no list of records; ask the bank again")
    if len(rows) > RECORDS_MAX:
        raise UnreadableReport("the answer is far too long to be about one file")
    return rows


def _text(row: Row, name: str) -> str:
    value = row.get(name, "")
    return value.strip() if isinstance(value, str) else ""
