"""Reads the return file (回盘): one record per payment, and totals that prove that it is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.lines.profile import Profile, read_amount
from adapters.lines.spelling import Column, NotALine
from disburse.adapter import (
    FileAnswer,
    PaymentAnswer,
    Quarantined,
    Record,
    Refusal,
    Result,
    UnreadableReport,
)

RECORDS_MAX: Final = 200_000  # twice the longest sheet; a longer report is another bank's
_OURS: Final = re.compile("[0-9A-Z]{13}", re.ASCII)  # `Payment.reference`, as it is made
FILE_RESULTS: Final = frozenset(
    {Result.ACCEPTED, Result.REJECTED, Result.DUPLICATE, Result.PENDING}
)


@dataclass(frozen=True, slots=True)
class _Said:
    """What header and trailer say, as texts by field."""

    texts: dict[str, str]
    on: date | None
    profile: Profile

    def number(self, field: str) -> int | None:
        """Return a stated count; None where the layout has none."""
        text = self.texts.get(field)
        if text is None:
            return None
        if not (text.isascii() and text.isdecimal()):
            raise UnreadableReport(f"the return file's {field} is not a number")
        return int(text)

    def amount(self, field: str) -> int | None:
        """Return a stated sum in minor units; None where the layout has none."""
        text = self.texts.get(field)
        try:
            return None if text is None else read_amount(self.profile, text)
        except Refusal as why:
            raise UnreadableReport(f"the return file's {field}: {why.detail}") from why


def read_report(profile: Profile, content: bytes) -> Iterator[Record]:
    """Yield the file's own answer, where the layout has one, then the payments', from 1.

    A row that cannot be read is quarantined. Raises `UnreadableReport`, before the first record,
    for a header or trailer that is not the profile's, and for totals that are not the rows': then
    something is missing, and the report has to be fetched again.
    """
    lines = [line.removesuffix(b"\r") for line in content.split(b"\n")]
    while lines and not lines[-1]:
        lines.pop()
    answer = profile.answer
    outer = bool(answer.header) + bool(answer.trailer)
    if not max(outer, 1) <= len(lines) <= RECORDS_MAX + outer:
        raise UnreadableReport("the return file is empty, cut short or far too long")
    header = lines[0] if answer.header else None
    said = _said(profile, header, lines[-1] if answer.trailer else None)
    file_answer = _file_answer(profile, said)
    start = 1 if file_answer is None else 2
    rows = lines[bool(answer.header) : len(lines) - bool(answer.trailer)]
    records = [
        _record(profile, said, position, line) for position, line in enumerate(rows, start=start)
    ]
    if not outer and all(isinstance(one, Quarantined) for one in records):
        raise UnreadableReport("no line of it is a record of this bank's return file")
    _prove(said, records)
    if file_answer is not None:
        yield file_answer
    yield from records


def _said(profile: Profile, header: bytes | None, trailer: bytes | None) -> _Said:
    """Return what header and trailer say, once they are the profile's and agree."""
    answer = profile.answer
    texts: dict[str, str] = {}
    for columns, line in ((answer.header, header), (answer.trailer, trailer)):
        if line is None:
            continue
        found = _split(profile, columns, line)
        if isinstance(found, str):
            raise UnreadableReport(f"the return file's header or trailer is another: {found}")
        for field, text in found.items():
            if texts.setdefault(field, text) != text:
                raise UnreadableReport(f"the return file's trailer says another {field}")
    if "reference" in texts and not texts["reference"]:
        raise UnreadableReport("the return file does not say which file it answers")
    return _Said(texts, _date(texts.get("date", "")), profile)


def _prove(said: _Said, records: Sequence[Record]) -> None:
    """Raise `UnreadableReport` unless the stated totals can be the records'.

    A quarantined row counts, but its amount is not known: sums may then only be too small.
    """
    good = [one for one in records if isinstance(one, PaymentAnswer)]
    paid = [one for one in good if one.result is Result.PAID]
    bad = len(records) - len(good)
    count, total = said.number("count"), said.amount("total")
    paid_count, paid_total = said.number("paid_count"), said.amount("paid_total")
    if count is not None and count != len(records):
        raise UnreadableReport(
            f"the return file says {count} records and has {len(records)}; fetch it again",
            stated=count,
            found=len(records),
        )
    if paid_count is not None and not len(paid) <= paid_count <= len(paid) + bad:
        raise UnreadableReport("the return file's number of paid payments is not its rows'")
    for stated, some in ((total, good), (paid_total, paid)):
        amounts = [one.amount for one in some if one.amount is not None]
        if stated is None or len(amounts) != len(some):
            continue
        if stated < sum(amounts) or (stated > sum(amounts) and not bad):
            raise UnreadableReport("the return file's sum is not its rows'; fetch it again")


def _record(profile: Profile, said: _Said, position: int, line: bytes) -> Record:
    """Return one row's answer, or the reason why it is none."""
    answer = profile.answer
    found = _split(profile, answer.row, line, more=answer.more)
    if isinstance(found, str):
        return Quarantined(position=position, reason=found)
    result = answer.statuses.get(found["status"])
    if result is None:
        return Quarantined(
            position=position, reason=f"the profile has no status {found['status'][:20]!r}"
        )
    if answer.find_reference:
        references = {one for one in _all(profile, line) if _OURS.fullmatch(one)}
        found["reference"] = references.pop() if len(references) == 1 else ""
    if not found["reference"]:
        return Quarantined(position=position, reason="it does not say which payment it answers")
    try:
        amount = read_amount(profile, found["amount"]) if "amount" in found else None
    except Refusal as why:
        return Quarantined(position=position, reason=f"its amount is unreadable: {why.detail}")
    return PaymentAnswer(
        position=position,
        reference=found["reference"],
        result=result,
        amount=amount,
        currency=None if amount is None else profile.currency,
        reason=found.get("reason", "") or found["status"],
        text=found.get("text", ""),
        evidence=found.get("evidence", ""),
        on=_date(found.get("date", "")) or said.on,
        file_reference=said.texts.get("reference", ""),
    )


def _file_answer(profile: Profile, said: _Said) -> Record | None:
    """Return the answer about the whole file where the header has a status."""
    if "status" not in said.texts:
        return None
    status = said.texts["status"]
    result = profile.answer.statuses.get(status)
    result = Result.ACCEPTED if result is Result.PAID else result  # paid is said of payments only
    if result not in FILE_RESULTS or result is None:
        return Quarantined(position=1, reason=f"the profile has no file status {status[:20]!r}")
    reference = said.texts.get("reference", "")
    if not reference:
        return Quarantined(position=1, reason="it does not say which file it answers")
    return FileAnswer(
        position=1,
        reference=reference,
        result=result,
        reason=status,
        on=said.on,
    )


def _split(
    profile: Profile, columns: tuple[Column, ...], line: bytes, *, more: bool = False
) -> dict[str, str] | str:
    """Return a line's fields, or the reason why it is not such a line."""
    try:
        texts = profile.answer.spelling.split(columns, line, more=more)
    except NotALine as why:
        return str(why)
    found = {}
    for column, text in zip(columns, texts, strict=False):
        if not column.field and text.strip() != column.constant:
            return "its constant is another"
        if column.field:
            found[column.field] = text.strip()
    return found


def _all(profile: Profile, line: bytes) -> list[str]:
    """Return every text of a line that was split before, also those of unknown columns."""
    texts = profile.answer.spelling.split(profile.answer.row, line, more=True)
    return [one.strip() for one in texts]


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
