"""Which days a bank works, make-up days included, and the day on which wages are paid.

Wages are paid before a holiday and never after it (Order 724: in full, on the day). A year that
nobody published yet is not guessed: days in it are certain neither way, so that what falls there is
planned on the last certain working day before, while there is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from disburse.domain.capabilities import CutOff
from disburse.domain.refusal import Refusal

SATURDAY: Final = 5
DAY: Final = timedelta(days=1)
LOOKED_AHEAD_MAX: Final = 60  # days; no holiday is longer
WARNED_BEFORE: Final = timedelta(days=60)  # of a year that nobody published


class CalendarRefused(Refusal):
    """The year's working days contradict each other, or are not of that year."""

    code = "calendar-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """One published year: what is closed besides weekends, and open in spite of one."""

    zone: str  # IANA name: of the banks that follow it
    year: int
    source: str  # the notice, with its date
    closed: frozenset[date]
    opened: frozenset[date]

    def require_sound(self) -> None:
        """Raise `CalendarRefused` with all that is wrong."""
        wrong = [f"{day} is of another year" for day in self.all() if day.year != self.year]
        wrong += [f"{day} is both closed and open" for day in self.closed & self.opened]
        wrong += [f"{day} is no weekend day" for day in self.opened if day.weekday() < SATURDAY]
        if wrong or not self.source.strip():
            told = "; ".join(sorted(wrong)) or "its source is missing"
            raise CalendarRefused(f"the year {self.year} of {self.zone} cannot be kept: {told}")

    def all(self) -> Iterator[date]:
        """Return every day that the year names."""
        return iter(sorted(self.closed | self.opened))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The published years of one zone; without any, every day will do."""

    years: Sequence[Year]

    def certain(self, day: date) -> bool | None:
        """Say whether banks work on `day`; None: its year is not published."""
        found = next((one for one in self.years if one.year == day.year), None)
        if found is None:
            return None
        return day in found.opened or (day.weekday() < SATURDAY and day not in found.closed)

    def pay_day(self, wanted: date, *, earliest: date) -> date:
        """Return the last certain working day up to `wanted`, or else the first from `earliest`.

        `earliest` is the first day that can still be reached. Where nothing near is certain it is
        the later of both: people were warned, and wages do not wait for a notice.
        """
        if not self.years:
            return max(wanted, earliest)
        day = wanted
        while day >= earliest:
            if self.certain(day):
                return day
            day -= DAY
        after = (earliest + DAY * ahead for ahead in range(LOOKED_AHEAD_MAX))
        return next((day for day in after if self.certain(day)), max(wanted, earliest))

    def worked_before(self, day: date, count: int) -> date:
        """Return the `count`-th day before `day` on which banks worked.

        In a year that nobody published that is taken of Monday to Friday.
        """
        left = count
        for _ in range(LOOKED_AHEAD_MAX + count):
            day -= DAY
            known = self.certain(day)
            left -= day.weekday() < SATURDAY if known is None else known
            if not left:
                break
        return day

    def earliest(self, now: datetime, zone: str, cut_offs: Sequence[CutOff]) -> date:
        """Return the first day for which a file that leaves now is in time for every cut-off."""
        today = now.astimezone(ZoneInfo(zone)).date()
        days = (today + DAY * ahead for ahead in range(LOOKED_AHEAD_MAX))
        in_time = (day for day in days if all(now <= self._cut_off(day, one) for one in cut_offs))
        return next(in_time, today)

    def missing_year(self, today: date) -> int | None:
        """Return a year that is near and not published; None while there is nothing to warn of."""
        near = (today + WARNED_BEFORE).year
        known = {one.year for one in self.years}
        return next((year for year in range(today.year, near + 1) if year not in known), None)

    def _cut_off(self, pay_day: date, cut: CutOff) -> datetime:
        day, left = pay_day, cut.days_before
        for _ in range(LOOKED_AHEAD_MAX):
            if not left:
                break
            day -= DAY
            left -= self.certain(day) is not False
        return datetime.combine(day, cut.at, tzinfo=ZoneInfo(cut.zone))
