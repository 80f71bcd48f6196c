"""The board of stuck money."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields

from disburse.http.answers import page_of
from disburse.http.asks import PageAsked
from disburse.http.routes import Ask, Desk, Routes
from disburse.http.spread import Money
from disburse.queries.board import board

HERE: Final = "/projects/<number:project_id>"


class BoardAsked(PageAsked):
    """Which part of the board."""

    only_late = fields.Boolean(load_default=False)


class ExitTold(Schema):
    """One thing that a person can do: the route's last word, and what people call it."""

    act = fields.String()
    en = fields.String()
    zh = fields.String()


class StuckTold(Schema):
    """One thing that stands still: since when, who has to act, what happens next."""

    project_id = fields.Integer()
    project = fields.String()
    thing = fields.String()
    state = fields.String()
    id = fields.Integer(metadata={"description": "of payments the file's, of reissues the sheet's"})
    sheet_id = fields.Integer(allow_none=True)
    name = fields.String()
    count = fields.Integer(allow_none=True)
    amount = Money(allow_none=True)
    currency = fields.String()
    since = fields.DateTime()
    age_seconds = fields.Integer()
    late_at = fields.DateTime()
    alarm = fields.Boolean(metadata={"description": "late, or an alarm from the first moment"})
    owner_organisation = fields.String()
    owner_role = fields.String()
    en = fields.String()
    zh = fields.String()
    next_act = fields.String(allow_none=True)
    next_at = fields.DateTime(allow_none=True)
    exits = fields.List(fields.Nested(ExitTold))


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("board", desk)

    @made.reads("/board", page_of(StuckTold), asks=BoardAsked)
    def _everywhere(ask: Ask) -> object:
        """List what stands still on every project of the caller's, oldest first."""
        return board(ask.tx, ask.caller, banks=desk.banks, now=ask.now, **ask.said)

    @made.reads(f"{HERE}/board", page_of(StuckTold), asks=BoardAsked)
    def _on_a_project(ask: Ask, project_id: int) -> object:
        """List what stands still on one project, oldest first."""
        return board(
            ask.tx,
            ask.caller,
            banks=desk.banks,
            now=ask.now,
            project_id=project_id,
            **ask.said,
        )

    return made
