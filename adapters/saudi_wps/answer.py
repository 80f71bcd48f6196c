"""Reads the bank's answer: the file that was sent, with the bank's own columns filled in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final, NoReturn

from adapters.saudi_wps.profile import Profile
from disburse.adapter import (
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Record,
    Refusal,
    Result,
    UnreadableReport,
    parse_money,
)

ROWS_MAX: Final = 200_000  # twice the longest sheet; a longer report is another bank's
HEADER_COLUMNS: Final = 10
ROW_COLUMNS: Final = 14


def read_report(profile: Profile, content: bytes) -> Iterator[Record]:
    """Yield the answer about the whole file, where it was rejected, then one record per row.

    A row that cannot be read is quarantined. Raises `UnreadableReport`, before the first record,
    for a file that is cut, whose total is not its rows', or in which the bank filled in nothing.
    """
    header, rows = _parts(content)
    rejected, reference = header[8], header[7]
    start = 2 if rejected else 1
    records = [
        _record(profile, position, row, reference) for position, row in enumerate(rows, start=start)
    ]
    _prove(profile, header[5], records)
    if not rejected and not any(_answered(row) for row in rows):
        raise UnreadableReport("the bank filled in nothing: it is the file as it was sent")
    if rejected:
        yield FileAnswer(
            position=1, reference=reference, result=Result.REJECTED, reason=rejected[:35]
        )
    yield from records


def _parts(content: bytes) -> tuple[list[str], list[list[str]]]:
    """Return header and rows, as texts by column; a row may have another number of them."""
    text = content.decode("latin-1").removeprefix("\xef\xbb\xbf")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    if not lines or lines[-1] != "-" or len(lines) > ROWS_MAX:
        _damaged("it is empty, cut short or far too long")
    header = lines[0].split("\t")
    if len(header) != HEADER_COLUMNS or header[3] != "SAR" or not header[7]:
        _damaged("its first line is no header of a wages file")
    return header, [line.split("\t") for line in lines[1:-1]]


def _prove(profile: Profile, stated: str, records: list[Record]) -> None:
    """Raise `UnreadableReport` unless the total can be the rows'."""
    amounts = [one.amount for one in records if isinstance(one, PaymentAnswer)]
    known = sum(amount for amount in amounts if amount is not None)
    total = _minor(profile, stated)
    bad = len(records) - len(amounts)
    if total is None or total < known or (total > known and not bad):
        _damaged("its total is not its rows'")


def _record(profile: Profile, position: int, row: list[str], file_reference: str) -> Record:
    """Return one row's answer, or the reason why it is none."""
    if len(row) != ROW_COLUMNS:
        return _bad(position, f"it has {len(row)} columns instead of {ROW_COLUMNS}")
    amount, reference, status = _minor(profile, row[0]), row[4].strip(), row[12].strip()
    result = profile.statuses.get(status) if status else Result.PENDING
    if not all(text.isascii() for text in (row[0], row[4], *row[10:])):
        return _bad(position, "its bytes are damaged")
    if amount is None or not reference:
        return _bad(position, "it has no amount, or does not say which payment it answers")
    if result is None:
        return _bad(position, f"the profile has no status {status[:20]!r}")
    if result is Result.PAID and row[5].strip():
        return _bad(position, "it is paid, and has a return code")
    return PaymentAnswer(
        position=position,
        reference=reference,
        result=result,
        amount=amount,
        currency="SAR",
        reason=row[5].strip() or status,
        evidence=row[11].strip(),
        on=_day(row[13].strip()),
        file_reference=file_reference,
    )


def _answered(row: list[str]) -> bool:
    """Return whether the bank filled in anything, or the row is damaged."""
    return len(row) != ROW_COLUMNS or any(row[at].strip() for at in (5, 11, 12, 13))


def _minor(profile: Profile, text: str) -> int | None:
    try:
        return parse_money(text.strip().replace(profile.decimal_mark, "."), "SAR")
    except Refusal:
        return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _bad(position: int, why: str) -> Quarantined:
    return Quarantined(position=position, reason=why)


def _damaged(why: str) -> NoReturn:
    raise UnreadableReport(f"the answer is damaged ({why}); fetch it from the bank again")
