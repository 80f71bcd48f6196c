"""Published years of bank days, by time zone."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text

from disburse.domain.working_days import Calendar, Year
from disburse.storage.engine import Transaction


def keep(tx: Transaction, year: Year, *, at: datetime) -> None:
    """Store a year, in place of what was said of it before."""
    values = {"zone": year.zone, "year": year.year, "source": year.source, "at": at}
    tx.execute(_KEEP, values | {"closed": sorted(year.closed), "opened": sorted(year.opened)})


def of_zone(tx: Transaction, zone: str) -> Calendar:
    """Return the calendar of one zone."""
    return Calendar([one for one in every(tx) if one.zone == zone])


def every(tx: Transaction) -> list[Year]:
    """Return all years."""
    return [
        Year(
            zone=row.zone,
            year=row.year,
            source=row.source,
            closed=frozenset(row.closed),
            opened=frozenset(row.opened),
        )
        for row in tx.execute(_EVERY)
    ]


def zones(tx: Transaction) -> list[str]:
    """Return the zones that projects are in."""
    return [row.time_zone for row in tx.execute(_ZONES)]


_KEEP: Final = text("""
    INSERT INTO calendar_year (zone, year, source, closed, opened, kept_at)
    VALUES (:zone, :year, :source, CAST(:closed AS date[]), CAST(:opened AS date[]), :at)
    ON CONFLICT (zone, year) DO UPDATE
    SET source = excluded.source, closed = excluded.closed, opened = excluded.opened,
        kept_at = excluded.kept_at
""")
_EVERY: Final = text("""
    SELECT zone, year, source, closed, opened FROM calendar_year ORDER BY zone, year
""")
_ZONES: Final = text("SELECT DISTINCT time_zone FROM project ORDER BY time_zone")
