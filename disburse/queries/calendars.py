"""Published years of bank days, and which zones lack one that is near."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from disburse.domain.access import Act, Caller
from disburse.domain.working_days import Year
from disburse.door import enter
from disburse.storage import calendars as stored
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What is published, and what is not although it is near."""

    years: Sequence[Year]
    missing: Mapping[str, int]  # zone of projects, and the year


def published(tx: Transaction, caller: Caller, *, now: datetime) -> Published:
    """Return every year, and the zones whose next year nobody published within 60 days of it."""
    enter(tx, caller, Act.READ_CALENDARS)
    return Published(years=stored.every(tx), missing=missing(tx, now=now))


def missing(tx: Transaction, *, now: datetime) -> dict[str, int]:
    """Return by zone the near years that nobody published: wages in them are planned before."""
    found = {}
    for zone in stored.zones(tx):
        today = now.astimezone(ZoneInfo(zone)).date()
        if (year := stored.of_zone(tx, zone).missing_year(today)) is not None:
            found[zone] = year
    return found
