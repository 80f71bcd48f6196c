"""Published years of bank days, as dated files: read, checked, and the ones that come along."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from disburse.domain.working_days import CalendarRefused, Year

BYTES_MAX: Final = 64 * 1024  # a year has a dozen lines
YEARS: Final = range(2000, 2100)
_KEYS: Final = {"zone", "year", "source", "closed", "open"}


def shipped() -> list[Year]:
    """Return the years that come along, oldest first."""
    found = [one for one in files(__name__).iterdir() if one.name.endswith(".toml")]
    years = [read(one.read_bytes()) for one in found]
    return sorted(years, key=lambda year: (year.zone, year.year))


def read(content: bytes) -> Year:
    """Read one year's file, or raise `CalendarRefused`."""
    try:
        told = tomllib.loads(content[:BYTES_MAX].decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CalendarRefused(f"the calendar is no TOML: {error}") from None
    if set(told) != _KEYS:
        raise CalendarRefused(f"a calendar has exactly these keys: {', '.join(sorted(_KEYS))}")
    return year_of(**{"opened" if name == "open" else name: value for name, value in told.items()})


def year_of(*, zone: object, year: object, source: object, closed: object, opened: object) -> Year:
    """Check what a file or a request says of a year, or raise `CalendarRefused`."""
    if not isinstance(zone, str) or not isinstance(source, str) or year not in YEARS:
        raise CalendarRefused("a calendar needs a zone, a source, and a year from 2000 on")
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CalendarRefused(f"there is no time zone {zone[:60]!r}") from None
    assert isinstance(year, int)  # noqa: S101  (it is one of `YEARS`)
    found = Year(
        zone=zone,
        year=year,
        source=source,
        closed=frozenset(_days(closed)),
        opened=frozenset(_days(opened)),
    )
    found.require_sound()
    return found


def _days(told: object) -> Iterator[date]:
    if not isinstance(told, list) or not all(isinstance(one, str) for one in told):
        raise CalendarRefused("days are a list of texts such as 2026-10-01..2026-10-07")
    for one in told:
        first, _, last = one.partition("..")
        try:
            day, end = date.fromisoformat(first), date.fromisoformat(last or first)
        except ValueError:
            raise CalendarRefused(f"{one[:40]!r} is no day or range of days") from None
        if not 0 <= (end - day).days <= 366:  # noqa: PLR2004  (a year)
            raise CalendarRefused(f"{one[:40]!r} ends before it begins, or is too long")
        yield from (day + timedelta(days=n) for n in range((end - day).days + 1))
