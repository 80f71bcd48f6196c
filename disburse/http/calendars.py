"""Bank days: published years, holidays and make-up days."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from marshmallow import Schema, fields, validate

from disburse import calendars as read
from disburse.domain.working_days import Year
from disburse.http.asks import NAME_MAX, REASON_MAX, Whole, a_text
from disburse.http.routes import Ask, Desk, Routes
from disburse.queries.calendars import published
from disburse.steps.parties.keep_calendar import keep_calendar

DAYS_MAX: Final = 366
RANGE_CHARACTERS: Final = len("2026-10-01..2026-10-07")


def _days() -> fields.List[str]:
    one = fields.String(validate=validate.Length(max=RANGE_CHARACTERS))
    return fields.List(one, required=True, validate=validate.Length(max=DAYS_MAX))


class CalendarAsked(Schema):
    """A published year; days such as 2026-10-01 or 2026-10-01..2026-10-07."""

    zone = a_text(NAME_MAX)
    year = Whole(required=True)
    source = a_text(REASON_MAX)
    closed = _days()
    opened = _days()


class YearTold(Schema):
    """A published year."""

    zone = fields.String()
    year = fields.Integer()
    source = fields.String()
    closed = fields.List(fields.Date())
    opened = fields.List(fields.Date())


class PublishedTold(Schema):
    """All published years, and what is missing."""

    years = fields.List(fields.Nested(YearTold))
    missing = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "by zone: a near year that nobody published; load it"},
    )


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("calendars", desk)

    @made.reads("/calendars", PublishedTold)
    def _calendars(ask: Ask) -> object:
        """List the published years, and warn of years that are near and missing."""
        found = published(ask.tx, ask.caller, now=ask.now)
        return {"years": [_told(year) for year in found.years], "missing": found.missing}

    @made.changes("/calendars", YearTold, asks=CalendarAsked)
    def _keep_calendar(ask: Ask) -> object:
        """Publish a year of bank days, in place of what was said of it before."""
        year = read.year_of(**ask.said)
        return _told(keep_calendar(ask.tx, caller=ask.caller, year=year, now=ask.now))

    return made


def _told(year: Year) -> dict[str, object]:
    told = asdict(year)
    return told | {"closed": sorted(year.closed), "opened": sorted(year.opened)}
