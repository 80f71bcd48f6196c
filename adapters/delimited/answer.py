"""Reads the return file (回盘): one record per payment, and totals that prove that it is whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from adapters.delimited.profile import Profile
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

RECORDS_MAX: Final = 200_000  # twice the longest sheet; a longer report is another bank's
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
            return None if text is None else _amount(self.profile, text)
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
    outer = 1 + bool(profile.answer.trailer)
    if not outer <= len(lines) <= RECORDS_MAX + outer:
        raise UnreadableReport("the return file is empty, cut short or far too long")
    said = _said(profile, lines[0], lines[-1] if profile.answer.trailer else None)
    file_answer = _file_answer(profile, said)
    start = 1 if file_answer is None else 2
    rows = lines[1:-1] if profile.answer.trailer else lines[1:]
    records = [
        _record(profile, said, position, line) for position, line in enumerate(rows, start=start)
    ]
    _prove(said, records)
    if file_answer is not None:
        yield file_answer
    yield from records


def _said(profile: Profile, header: bytes, trailer: bytes | None) -> _Said:
    """Return what header and trailer say, once they are the profile's and agree."""
    answer = profile.answer
    texts: dict[str, str] = {}
    for names, line in ((answer.header, header), (answer.trailer, trailer)):
        if line is None:
            continue
        columns = _split(profile, names, line)
        if isinstance(columns, str):
            raise UnreadableReport(f"the return file's header or trailer is another: {columns}")
        for field, text in columns.items():
            if texts.setdefault(field, text) != text:
                raise UnreadableReport(f"the return file's trailer says another {field}")
    if not texts["reference"]:
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
    if count != len(records):
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
    found = _split(profile, profile.answer.row, line)
    if isinstance(found, str):
        return Quarantined(position=position, reason=found)
    result = profile.answer.statuses.get(found["status"])
    if result is None:
        return Quarantined(
            position=position, reason=f"the profile has no status {found['status'][:20]!r}"
        )
    if not found["reference"]:
        return Quarantined(position=position, reason="it does not say which payment it answers")
    try:
        amount = _amount(profile, found["amount"]) if "amount" in found else None
    except Refusal as why:
        return Quarantined(position=position, reason=f"its amount is unreadable: {why.detail}")
    file_reference = said.texts["reference"]
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
        file_reference=file_reference,
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
    reference = said.texts["reference"]
    return FileAnswer(
        position=1,
        reference=reference,
        result=result,
        reason=status,
        on=said.on,
    )


def _split(profile: Profile, names: tuple[str, ...], line: bytes) -> dict[str, str] | str:
    """Return a line's fields, or the reason why it is not such a line.

    Decoded first: in GBK and GB 18030 the delimiter's byte may be half of a character.
    """
    try:
        texts = line.decode(profile.encoding, "strict").split(profile.delimiter)
    except UnicodeDecodeError:
        return f"it is not {profile.encoding}"
    if len(texts) != len(names):
        return f"it has {len(texts)} columns instead of {len(names)}"
    found = {}
    for name, text in zip(names, texts, strict=True):
        if name.startswith("=") and text != name[1:]:
            return "its constant is another"
        found[name] = text.strip()
    return found


def _amount(profile: Profile, text: str) -> int:
    """Return minor units, or raise the refusal of `parse_money`."""
    if profile.major:
        return parse_money(text, profile.currency)
    return parse_money(text, "JPY")  # a currency without decimals reads whole units as they are


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
