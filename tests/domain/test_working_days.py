"""Bank days: make-up days, holidays, year ends, midnight; nobody is paid after a holiday."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from disburse import calendars
from disburse.domain.capabilities import CutOff
from disburse.domain.working_days import Calendar, CalendarRefused, Year

SHANGHAI = "Asia/Shanghai"
[CN] = [Calendar([year for year in calendars.shipped() if year.zone == SHANGHAI])]
LONG_AGO = date(2026, 1, 1)


def day(text):
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("wanted", "paid"),
    [
        ("2026-08-10", "2026-08-10"),  # a Monday
        ("2026-08-15", "2026-08-14"),  # a Saturday
        ("2026-02-20", "2026-02-14"),  # in the Spring Festival: a Saturday that banks work on
        ("2026-02-15", "2026-02-14"),
        ("2026-02-28", "2026-02-28"),  # a make-up Saturday is a day like any other
        ("2026-10-05", "2026-09-30"),  # National Day: before, never after
        ("2026-09-20", "2026-09-20"),  # a make-up Sunday
        ("2026-10-10", "2026-10-10"),
        ("2026-12-31", "2026-12-31"),
        ("2027-06-01", "2026-12-31"),
        ("2027-01-05", "2026-12-31"),  # nobody published 2027: the last certain day before
    ],
)
def test_wages_are_paid_on_the_last_working_day_before(wanted, paid):
    assert CN.pay_day(day(wanted), earliest=LONG_AGO) == day(paid)


def test_what_cannot_be_before_any_more_is_on_the_next_working_day():
    assert CN.pay_day(day("2026-10-05"), earliest=day("2026-10-02")) == day("2026-10-08")
    assert CN.pay_day(day("2026-08-10"), earliest=day("2026-08-15")) == day("2026-08-17")


def test_in_a_year_that_nobody_published_wages_do_not_wait():
    assert CN.pay_day(day("2027-03-10"), earliest=day("2027-03-08")) == day("2027-03-10")
    assert Calendar([]).pay_day(day("2026-10-05"), earliest=LONG_AGO) == day("2026-10-05")


@pytest.mark.parametrize(
    ("today", "count", "worked"),
    [
        ("2026-08-12", 1, "2026-08-11"),
        ("2026-08-10", 2, "2026-08-06"),  # over a weekend
        ("2026-10-08", 2, "2026-09-29"),  # over National Day
        ("2026-02-16", 1, "2026-02-14"),  # a make-up Saturday before the Spring Festival
        ("2027-01-06", 2, "2027-01-04"),  # nobody published 2027: Monday to Friday
        ("2026-08-12", 31, "2026-06-30"),
    ],
)
def test_days_on_which_banks_worked_are_counted_back(today, count, worked):
    assert CN.worked_before(day(today), count) == day(worked)


def test_counting_back_ends_where_no_day_is_open():
    closed = frozenset(date(2026, 1, 1) + timedelta(n) for n in range(365))
    never = Year(zone=SHANGHAI, year=2026, source="made up", closed=closed, opened=frozenset())
    assert Calendar([never]).worked_before(day("2026-12-01"), 1) == day("2026-10-01")


def test_people_are_warned_sixty_days_ahead():
    assert CN.missing_year(day("2026-11-01")) is None
    assert CN.missing_year(day("2026-11-02")) == 2027
    assert CN.missing_year(day("2027-01-01")) == 2027


def test_a_leap_day_is_a_day():
    leap = Year(zone=SHANGHAI, year=2028, source="x", closed=frozenset(), opened=frozenset())
    calendar = Calendar([leap])
    assert calendar.certain(day("2028-02-29")) is True
    assert calendar.pay_day(day("2028-02-29"), earliest=LONG_AGO) == day("2028-02-29")
    assert calendar.earliest(datetime(2028, 2, 28, 16, 0, tzinfo=UTC), SHANGHAI, ()) == day(
        "2028-02-29"
    )


@pytest.mark.parametrize(
    ("local", "earliest"),
    [
        ("2026-08-10 23:59:59", "2026-08-10"),
        ("2026-08-11 00:00:00", "2026-08-11"),
        ("2026-12-31 23:59:59", "2026-12-31"),
        ("2027-01-01 00:00:00", "2027-01-01"),
        ("2028-02-28 23:59:59", "2028-02-28"),
        ("2028-02-29 00:00:00", "2028-02-29"),
    ],
)
def test_the_day_is_the_banks_and_changes_at_its_midnight(local, earliest):
    now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(SHANGHAI)).astimezone(UTC)
    assert CN.earliest(now, SHANGHAI, ()) == day(earliest)


@pytest.mark.parametrize(
    ("local", "days_before", "earliest"),
    [
        ("2026-08-10 15:00:00", 0, "2026-08-10"),  # the very second
        ("2026-08-10 15:00:01", 0, "2026-08-11"),
        ("2026-08-10 15:00:00", 1, "2026-08-11"),
        ("2026-08-10 15:00:01", 1, "2026-08-12"),
        ("2026-08-14 15:00:00", 1, "2026-08-15"),  # a Friday's file is in time for what follows
        ("2026-09-30 15:00:01", 1, "2026-10-09"),  # holidays are no working days before
        ("2026-09-18 15:00:01", 1, "2026-09-21"),  # the make-up Sunday is one
    ],
)
def test_a_cut_off_counts_in_the_banks_zone_and_in_working_days(local, days_before, earliest):
    cut = CutOff(at=time(15), zone=SHANGHAI, days_before=days_before)
    now = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(SHANGHAI)).astimezone(UTC)
    assert CN.earliest(now, SHANGHAI, [cut]) == day(earliest)


def test_cut_offs_that_are_never_met_hold_up_nobody():
    cut = CutOff(at=time(15), zone=SHANGHAI, days_before=90)
    now = datetime(2026, 8, 10, 1, 0, tzinfo=UTC)
    assert CN.earliest(now, SHANGHAI, [cut]) == day("2026-08-10")


@given(st.dates(date(2026, 1, 20), date(2026, 12, 31)), st.integers(0, 20))
def test_no_holiday_lies_between_the_wanted_day_and_the_pay_day(wanted, days):
    paid = CN.pay_day(wanted, earliest=wanted - timedelta(days=days))
    assert CN.certain(paid)
    if paid <= wanted:
        between = [paid + timedelta(days=n) for n in range(1, (wanted - paid).days + 1)]
        assert not any(CN.certain(one) for one in between)
    else:
        before = [wanted - timedelta(days=n) for n in range(days + 1)]
        assert not any(CN.certain(one) for one in before)


@pytest.mark.parametrize(
    "changed",
    [
        {"closed": frozenset({date(2027, 1, 1)})},
        {"opened": frozenset({date(2026, 8, 10)})},
        {"closed": frozenset({date(2026, 8, 15)}), "opened": frozenset({date(2026, 8, 15)})},
        {"source": " "},
    ],
)
def test_a_year_that_contradicts_itself_is_refused(changed):
    values = {"zone": SHANGHAI, "year": 2026, "source": "x",
              "closed": frozenset(), "opened": frozenset()}  # fmt: skip
    with pytest.raises(CalendarRefused):
        Year(**values | changed).require_sound()


def test_the_shipped_year_has_the_days_of_the_notice():
    [year] = CN.years
    year.require_sound()
    assert len(year.opened) == 6
    assert sum(1 for one in year.closed if one.weekday() < 5) == 19
    assert "2025-11-04" in year.source
    path = Path(calendars.__file__).parent / "cn_2026.toml"
    assert tomllib.loads(path.read_text(encoding="utf-8"))["year"] == 2026
