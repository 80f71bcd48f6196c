"""On which day a file's wages are paid: before a holiday, in time for the bank's cut-off."""

from __future__ import annotations

from datetime import date, datetime

from disburse.adapter import Adapter
from disburse.storage import calendars
from disburse.storage.engine import Transaction
from disburse.storage.parties import Project


def pay_day(
    tx: Transaction, project: Project, wanted: date, *, adapter: Adapter, now: datetime
) -> date:
    """Return the day, in the bank's zone, that a file written at `now` is paid on."""
    calendar = calendars.of_zone(tx, project.time_zone)
    cut_offs = adapter.capabilities.cut_offs
    earliest = calendar.earliest(now, project.time_zone, cut_offs)
    return calendar.pay_day(wanted, earliest=earliest)
