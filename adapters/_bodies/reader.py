"""Reads back the bodies that `body` writes, by the same layout and with none of its code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from adapters._bodies.body import CURRENCY, HEAD_FIELDS, PAYMENT_FIELDS, Body, Tag
from disburse.adapter import Head, Payment, Refusal, UnreadableFile, parse_money, write_money

Texts = Sequence[tuple[str, str]]  # name and text, in the file's order
Value = str | int | date

NOT_OURS: Final = "not a file of ours"


def read_back(
    body: Body, tables: Iterable[tuple[bool, Sequence[Tag], Texts]]
) -> Iterator[Head | Payment]:
    """Yield the payments, then the head, from (is it a row?, its tags, texts); the head comes last.

    Of a row, tags may be the ones with a field only, where the others were seen to be right.

    Raises `UnreadableFile` unless names, order and constants are the layout's, rows are numbered
    without a gap, what every row repeats is the same, and count and sum are the payments'.
    """
    said: dict[str, Value] = {}
    count = total = 0
    for is_row, tags, texts in tables:
        if is_row:
            count += 1
            values = _values(body, tags, texts)
            payment = _payment(values, said, count)
            total += payment.amount
            yield payment
        else:
            _agree(said, _values(body, tags, texts))
    if said.get("count", count) != count or said.get("total", total) != total:
        raise UnreadableFile(f"{NOT_OURS}: its payments are not its count and sum")
    yield Head(**{name: said[name] for name in HEAD_FIELDS & set(said)})  # type: ignore[arg-type]  # each has its field's type by `_value`


def _payment(values: dict[str, Value], said: dict[str, Value], number: int) -> Payment:
    if values.pop("number", number) != number:
        raise UnreadableFile(f"{NOT_OURS}: row {number} has another number")
    texts: dict[str, Any] = {name: values.pop(name, "") for name in PAYMENT_FIELDS}
    repeated = {name: value for name, value in values.items() if name in HEAD_FIELDS}
    _agree(said, repeated)
    return Payment(**texts)


def _agree(said: dict[str, Value], more: Mapping[str, Value]) -> None:
    for name, value in more.items():
        if said.setdefault(name, value) != value:
            raise UnreadableFile(f"{NOT_OURS}: it says two things of its {name}")


def _values(body: Body, tags: Sequence[Tag], texts: Texts) -> dict[str, Value]:
    """Return the fields' values, each in the one form that the writer has for it."""
    if [tag.name for tag in tags] != [name for name, _ in texts]:
        raise UnreadableFile(f"{NOT_OURS}: its tags are others, or in another order")
    values: dict[str, Value] = {}
    for tag, (_, text) in zip(tags, texts, strict=True):
        if not tag.field:
            if text != tag.constant:
                raise UnreadableFile(f"{NOT_OURS}: {tag.name} is another")
            continue
        value = _value(body, tag.field, text)
        if values.setdefault(tag.field, value) != value:
            raise UnreadableFile(f"{NOT_OURS}: it says two things of its {tag.field}")
    return values


def _value(body: Body, word: str, text: str) -> Value:
    form = body.unique.get(word)
    if form is not None:
        if form.fullmatch(text) is None:
            raise UnreadableFile(f"{NOT_OURS}: {word} has another form")
        return text
    if word in {"amount", "total"}:
        return _amount(body, text)
    if word in {"number", "count", "sequence"}:
        number = _number(text)
        if text != str(number).zfill(body.number_width if word == "number" else 1):
            raise UnreadableFile(f"{NOT_OURS}: a number has another form")
        return number
    return _date(text) if word == "pay_on" else text


def _amount(body: Body, text: str) -> int:
    try:
        minor = parse_money(text, CURRENCY) if body.major else _number(text)
    except Refusal as why:
        raise UnreadableFile(f"{NOT_OURS}: an amount is none") from why
    if (write_money(minor, CURRENCY) if body.major else str(minor)) != text:
        raise UnreadableFile(f"{NOT_OURS}: an amount has another form")
    return minor


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):  # noqa: PLR2004  (BIGINT)
        raise UnreadableFile(f"{NOT_OURS}: a number is none")
    return int(text)


def _date(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as why:
        raise UnreadableFile(f"{NOT_OURS}: a date is none") from why
    if f"{day:%Y%m%d}" != text:
        raise UnreadableFile(f"{NOT_OURS}: a date has another form")
    return day
