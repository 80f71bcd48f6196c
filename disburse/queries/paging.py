"""Pages of a list: a cursor names the last row seen, so rows that come later move nothing."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, TypeVar

from disburse.domain.refusal import Refusal

PAGE_MAX: Final = 500  # rows that one answer holds; whoever wants all of them takes the export
PAGE_USUAL: Final = 100
_CURSOR_CHARACTERS_MAX: Final = 200

Row = TypeVar("Row")
Key = tuple[int | date, ...]


class BadPage(Refusal):
    """The cursor was not given out by this list, or the page is too large."""

    code = "bad-page"


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows of a list; `following` is the cursor of the next page, None on the last."""

    rows: tuple[Row, ...]
    following: str | None


def read_cursor(cursor: str | None, *kinds: type) -> Key | None:
    """Return the key of the last row seen, whose parts are of these `kinds`; or raise `BadPage`."""
    if cursor is None:
        return None
    try:
        parts = json.loads(urlsafe_b64decode(cursor[:_CURSOR_CHARACTERS_MAX].encode("ascii")))
        key = tuple(_part(kind, part) for kind, part in zip(kinds, parts, strict=True))
    except (ValueError, TypeError, RecursionError):
        raise BadPage("the cursor is not one that this list gave out; begin again") from None
    return key


def number_after(cursor: str | None) -> int:
    """Return the last number seen of a list that goes by numbers; 0 before its first page."""
    (number,) = read_cursor(cursor, int) or (0,)
    return number if isinstance(number, int) else 0


def rows_for(limit: int) -> int:
    """Return how many rows to fetch for a page of `limit`: one more, to see if others follow."""
    if not 1 <= limit <= PAGE_MAX:
        raise BadPage(f"a page has from 1 to {PAGE_MAX} rows")
    return limit + 1


def page(rows: Sequence[Row], limit: int, key: Callable[[Row], Key]) -> Page[Row]:
    """Cut fetched rows to the page; `key` tells what its cursor is made of."""
    if len(rows) <= limit:
        return Page(tuple(rows), None)
    shown = tuple(rows[:limit])
    parts = [part.isoformat() if isinstance(part, date) else part for part in key(shown[-1])]
    text = json.dumps(parts, separators=(",", ":"))
    return Page(shown, urlsafe_b64encode(text.encode()).decode())


def _part(kind: type, part: object) -> int | date:
    if kind is date and isinstance(part, str):
        return date.fromisoformat(part)
    if kind is int and type(part) is int and 0 <= part < 1 << 63:
        return part
    raise ValueError
