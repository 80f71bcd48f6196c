"""A year of bank days is published; what falls in it is planned by it from now on."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.working_days import Year
from disburse.door import by, enter
from disburse.storage import acts, calendars
from disburse.storage.engine import Transaction


def keep_calendar(tx: Transaction, *, caller: Caller, year: Year, now: datetime) -> Year:
    """Keep the year in place of an earlier version; files that are written keep their days."""
    enter(tx, caller, Act.KEEP_CALENDAR)
    year.require_sound()
    calendars.keep(tx, year, at=now)
    acts.record(
        tx,
        Act.KEEP_CALENDAR,
        by=by(caller, now),
        subject="calendar",
        subject_id=f"{year.zone} {year.year}",
        facts={
            "source": year.source,
            "closed": [str(day) for day in sorted(year.closed)],
            "open": [str(day) for day in sorted(year.opened)],
        },
    )
    return year
