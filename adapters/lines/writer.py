"""Writes a file of lines by its profile; what does not fit is refused, never cut or replaced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Final

from adapters._limits import Limit
from adapters._vetted import look_at_each, require_fits, vetted_pieces
from adapters.lines.profile import Profile, written_amount
from adapters.lines.row import looking, writing
from adapters.lines.spelling import Column
from disburse.adapter import Batch, Fault, Head, Payment

PIECE_ROWS: Final = 256


class Writer:
    """Turns batches into lines of one profile."""

    def __init__(self, profile: Profile) -> None:
        """Remember the profile, what its columns take, and which hold a payment's fields."""
        self._profile = profile
        self._limits = {
            column: Limit(
                field=column.field,
                most=column.width,
                encoding=profile.encoding,
                characters=profile.spelling.characters,
                optional=column.optional,
                pattern=column.pattern,
                refused=profile.spelling.refused,
            )
            for column in (*profile.header, *profile.row, *profile.trailer)
        }
        self._checks = tuple(
            (self._limits[c], c.field) for c in profile.row if c.field not in {"", "number"}
        )
        self._look = looking(profile)
        self._write_rows = writing(profile)

    def preflight(self, payment: Payment, currency: str) -> tuple[Fault, ...]:
        """Return every reason why the bank would refuse `payment`."""
        able = self._profile.capabilities
        faults: list[Fault] = []
        if currency not in able.currencies:
            want = self._profile.currency
            return (Fault("amount", "amount", f"this bank's files carry {want} only"),)
        if not 1 <= payment.amount <= able.amount_max:
            faults.append(
                Fault("amount", "amount", f"pay between 1 and {able.amount_max} minor units")
            )
        if not faults and self._look is not None and self._look.at_one(payment):
            return ()
        for limit, field in self._checks:
            text = self._payment_text(payment, field)
            if not limit.fits(text):
                faults += limit.faults(text)
        return tuple(faults)

    def render(self, batch: Batch) -> Iterator[bytes]:
        """Write the file in pieces, or raise `Unrenderable`; memory does not grow."""
        able, profile = self._profile.capabilities, self._profile
        look = look_at_each if self._look is None else self._look.at_all
        pieces = vetted_pieces(batch, able, self.preflight, look, PIECE_ROWS)
        head = self._outer(profile.header, batch) if profile.header else b""
        tail = self._outer(profile.trailer, batch) if profile.trailer else b""
        yield head
        count = 0
        for some in pieces:
            yield self._write_rows(count + 1, some)
            count += len(some)
        yield tail

    def _outer(self, columns: tuple[Column, ...], batch: Batch) -> bytes:
        """Return the header or the trailer, or raise `Unrenderable`."""
        head = Head.of(batch)
        texts: list[str] = []
        faults: list[Fault] = []
        for column in columns:
            text = self._head_text(head, column.field) if column.field else column.constant
            if column.field:
                faults += self._limits[column].faults(text)
            texts.append(text)
        require_fits(batch, faults)
        return self._line(columns, texts)

    def _line(self, columns: Sequence[Column], texts: Iterable[str]) -> bytes:
        return self._profile.spelling.join(columns, texts) + self._profile.line_end

    def _payment_text(self, payment: Payment, field: str) -> str:
        return self._amount(payment.amount) if field == "amount" else str(getattr(payment, field))

    def _head_text(self, head: Head, field: str) -> str:
        value = getattr(head, field)
        if field == "total":
            return self._amount(value)
        if isinstance(value, date):
            return f"{value:%Y%m%d}" if self._profile.basic_dates else value.isoformat()
        return str(value)

    def _amount(self, minor: int) -> str:
        return written_amount(self._profile, minor)
