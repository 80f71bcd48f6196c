"""A request body as Chinese banks' interfaces take it: facts of the file, then one row a payment.

A layout is data: markup and tags in the order in which the bank wants them. What writes it is here;
what reads it back is in `reader` and shares the layout with it, and no code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta, timezone
from itertools import islice
from typing import Final

from adapters._limits import Limit
from adapters._vetted import require_fits, vetted
from disburse.adapter import (
    Batch,
    Capabilities,
    Fault,
    Head,
    Payment,
    write_money,
)

PIECE_ROWS: Final = 256
CHINA: Final = timezone(timedelta(hours=8))  # one zone and no summer time since 1991
CURRENCY: Final = "CNY"
PAYMENT_FIELDS: Final = frozenset(one.name for one in fields(Payment)) - {"wage"}
HEAD_FIELDS: Final = frozenset(one.name for one in fields(Head))
DIGITS: Final = re.compile("[0-9]+", re.ASCII)
LATIN: Final = re.compile("[0-9A-Za-z]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One named text: a constant, or a field with what the bank takes in it.

    `field` is one of `Payment` in a row and one of `Head` above; in a row also "number", and one of
    `Head` that every row repeats; anywhere a word that the format itself fills in.
    """

    name: str
    field: str = ""  # "" for a constant
    constant: str = ""
    most: int = 0
    optional: bool = False
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """How a tag and a row are spelt."""

    spelt: Callable[[str, str], str]  # name, text
    row_start: str
    row_end: str
    between_tags: str = ""
    between_rows: str = ""
    refused: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One bank's layout by one profile."""

    version: str
    capabilities: Capabilities
    encoding: str
    syntax: Syntax
    opening: tuple[Tag | str, ...]  # texts are markup
    row: tuple[Tag, ...]
    closing: tuple[Tag | str, ...]
    major: bool = True  # amounts in yuan with two decimals; else in whole fen
    characters: bool = False  # lengths count characters; else bytes of the encoding
    number_width: int = 1  # of a row's number, with zeros before it
    unique: Mapping[str, re.Pattern[str]] = field(default_factory=dict)  # own words: their form

    def head_tags(self) -> tuple[Tag, ...]:
        """Return the tags before and behind the rows."""
        return tuple(one for one in (*self.opening, *self.closing) if isinstance(one, Tag))

    def numbered(self, number: int) -> str:
        """Return a row's number as this bank writes it."""
        return f"{number:0{self.number_width}d}"

    def amount(self, minor: int) -> str:
        """Return minor units as this bank writes them."""
        return write_money(minor, CURRENCY) if self.major else str(minor)


def carried(row: Iterable[Tag]) -> frozenset[str]:
    """Return the payment's fields that these tags hold."""
    return frozenset(one.field for one in row) & PAYMENT_FIELDS


def needed(row: Iterable[Tag]) -> frozenset[str]:
    """Return the payment's fields that these tags cannot do without."""
    return frozenset(one.field for one in row if not one.optional) & PAYMENT_FIELDS


def stated(opening: Iterable[Tag | str], row: Iterable[Tag]) -> frozenset[str]:
    """Return what the file says of itself; "reference" in a row is the payment's."""
    above = {one.field for one in opening if isinstance(one, Tag)} & HEAD_FIELDS
    repeated = {one.field for one in row} & HEAD_FIELDS - PAYMENT_FIELDS
    return frozenset(above | repeated)


HeadWords = Callable[[Batch], Mapping[str, str]]
RowWords = Callable[[Payment], Mapping[str, str]]
MoreFaults = Callable[[Payment], Iterator[Fault]]


class BodyWriter:
    """Turns batches into one layout; what does not fit is refused, never cut or replaced."""

    def __init__(
        self,
        body: Body,
        *,
        head_words: HeadWords = lambda _: {},
        row_words: RowWords = lambda _: {},
        more_faults: MoreFaults = lambda _: iter(()),
    ) -> None:
        """Remember the layout, and how the format's own words and further faults are found."""
        self._body = body
        self._head_words, self._row_words, self._more = head_words, row_words, more_faults
        self._limits = {
            tag: Limit(
                field=tag.field,
                most=tag.most,
                encoding=body.encoding,
                characters=body.characters,
                optional=tag.optional,
                pattern=tag.pattern,
                refused=body.syntax.refused,
            )
            for tag in (*body.head_tags(), *body.row)
            if tag.field
        }

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        able = self._body.capabilities
        if currency not in able.currencies:
            return (Fault("amount", "amount", f"this bank's files carry {CURRENCY} only"),)
        faults: list[Fault] = []
        if not 1 <= payment.amount <= able.amount_max:
            faults.append(
                Fault("amount", "amount", f"pay between 1 and {able.amount_max} minor units")
            )
        for tag in self._body.row:
            if tag.field in PAYMENT_FIELDS and tag.field != "amount":
                text, limit = str(getattr(payment, tag.field)), self._limits[tag]
                if not limit.fits(text):
                    faults += limit.faults(text)
        faults += self._more(payment)
        return tuple(faults)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the body in pieces, or raise `Unrenderable`; memory does not grow."""
        body, syntax = self._body, self._body.syntax
        payments = vetted(batch, body.capabilities, self.preflight)
        head = self._head(batch)
        yield self._outer(body.opening, head)
        parts = self._row_parts(head)
        rows = (self._row(parts, number, one) for number, one in enumerate(payments, start=1))
        before = ""
        while some := list(islice(rows, PIECE_ROWS)):
            yield (before + syntax.between_rows.join(some)).encode(body.encoding, "strict")
            before = syntax.between_rows
        yield self._outer(body.closing, head)

    def _outer(self, parts: Iterable[Tag | str], head: Mapping[str, str]) -> bytes:
        spelt = self._body.syntax.spelt
        texts = (
            one
            if isinstance(one, str)
            else spelt(one.name, head[one.field] if one.field else one.constant)
            for one in parts
        )
        return "".join(texts).encode(self._body.encoding, "strict")

    def _row_parts(self, head: Mapping[str, str]) -> list[str | Tag]:
        """Return a row's markup with all that is the same in every row, and the tags between."""
        syntax, parts = self._body.syntax, list[str | Tag]([self._body.syntax.row_start])
        for at, tag in enumerate(self._body.row):
            parts.append(syntax.between_tags if at else "")
            if tag.field in PAYMENT_FIELDS or (tag.field and tag.field not in head):
                parts.append(tag)
            else:
                text = head[tag.field] if tag.field else tag.constant
                parts.append(syntax.spelt(tag.name, text))
        parts.append(syntax.row_end)
        merged: list[str | Tag] = []
        for one in parts:
            if isinstance(one, str) and merged and isinstance(merged[-1], str):
                merged[-1] += one
            else:
                merged.append(one)
        return merged

    def _row(self, parts: list[str | Tag], number: int, payment: Payment) -> str:
        spelt, words = self._body.syntax.spelt, self._row_words(payment)
        return "".join([
            one if isinstance(one, str)
            else spelt(one.name, self._text(one.field, number, payment, words))
            for one in parts
        ])  # fmt: skip

    def _text(self, word: str, number: int, payment: Payment, words: Mapping[str, str]) -> str:
        if word == "number":
            return self._body.numbered(number)
        if word == "amount":
            return self._body.amount(payment.amount)
        return str(getattr(payment, word)) if word in PAYMENT_FIELDS else words[word]

    def _head(self, batch: Batch) -> Mapping[str, str]:
        """Return the file's facts as texts, or raise `Unrenderable` with each that does not fit."""
        texts = {
            name: self._written(name, getattr(Head.of(batch), name)) for name in HEAD_FIELDS
        } | dict(self._head_words(batch))
        repeated = [tag for tag in self._body.row if tag.field not in PAYMENT_FIELDS]
        faults = [
            fault
            for tag in dict.fromkeys((*self._body.head_tags(), *repeated))
            if tag.field in texts
            for fault in self._limits[tag].faults(texts[tag.field])
        ]
        require_fits(batch, faults)
        return texts

    def _written(self, name: str, value: object) -> str:
        if name == "total":
            return self._body.amount(int(str(value)))
        return f"{value:%Y%m%d}" if isinstance(value, date) else str(value)
