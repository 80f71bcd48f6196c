"""Files are dated before holidays, in the bank's zone; calendars are loaded and warned of."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from disburse import calendars
from disburse.domain.working_days import CalendarRefused
from disburse.queries.calendars import missing
from disburse.steps.parties.keep_calendar import keep_calendar
from tests.http.site import Site
from tests.sheets import a_sheet_json, lines


def load(world):
    for year in calendars.shipped():
        with world.begin() as tx:
            keep_calendar(tx, caller=world.caller("administrator"), year=year, now=world.now)


def dated(world, wanted):
    _, [file] = world.exported(a_sheet_json(*lines(world.workers), pay_on=wanted))
    return file.pay_on


@pytest.mark.parametrize(
    ("wanted", "paid"),
    [
        (date(2026, 8, 15), date(2026, 8, 14)),  # a Saturday
        (date(2026, 10, 5), date(2026, 9, 30)),  # National Day
    ],
)
def test_a_file_is_paid_before_the_holiday(world, wanted, paid):
    load(world)
    assert dated(world, wanted) == paid


def test_without_a_calendar_the_day_is_as_it_was_signed(world):
    assert dated(world, date(2026, 8, 15)) == date(2026, 8, 15)


def test_a_near_year_that_nobody_published_is_told(world):
    with world.begin() as tx:
        assert missing(tx, now=world.now) == {"Asia/Shanghai": 2026}
    load(world)
    with world.begin() as tx:
        assert missing(tx, now=world.now) == {}
        assert missing(tx, now=world.now + timedelta(days=100)) == {"Asia/Shanghai": 2027}


def test_over_http(world):
    site = Site(world)
    year = {
        "zone": "Asia/Shanghai",
        "year": 2027,
        "source": "a notice that is invented",
        "closed": ["2027-01-01..2027-01-03"],
        "opened": ["2027-01-09"],
    }
    answer = site.post("/v1/calendars", "administrator", json=year)
    assert answer.json["closed"] == ["2027-01-01", "2027-01-02", "2027-01-03"]
    told = site.get("/v1/calendars", "signer").json
    assert told == {"years": [answer.json], "missing": {"Asia/Shanghai": 2026}}
    again = site.post("/v1/calendars", "administrator", json=year | {"closed": []})
    assert again.json["closed"] == []
    for wrong in ({"zone": "Nowhere"}, {"opened": ["2027-01-08"]}, {"closed": ["tomorrow"]},
                  {"closed": ["2027-02-02..2027-02-01"]}, {"year": 1999}):  # fmt: skip
        refused = site.post("/v1/calendars", "administrator", json=year | wrong)
        assert (refused.status_code, refused.json["type"]) == (422, "/problems/calendar-refused")


@pytest.mark.parametrize("content", [b"\xff", b"zone =", b"zone = 'x'", b"closed = 1"])
def test_a_file_that_is_no_calendar_is_refused(content):
    with pytest.raises(CalendarRefused):
        calendars.read(content)


def test_days_are_a_list_of_texts():
    told = {"zone": "Asia/Shanghai", "year": 2026, "source": "x", "opened": []}
    with pytest.raises(CalendarRefused):
        calendars.year_of(**told, closed="2026-01-01")
