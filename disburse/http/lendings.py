"""Roles that people lend each other on a project."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from marshmallow import Schema, fields

from disburse.domain.access import Role
from disburse.domain.lending import LENT_FOR_MAX
from disburse.http.answers import DoneTold
from disburse.http.asks import a_choice, a_text
from disburse.http.people import LOGIN_MAX
from disburse.http.routes import Ask, Desk, Routes
from disburse.queries.lendings import lent_on
from disburse.steps.people.end_lending import end_lending
from disburse.steps.people.lend import lend

HERE: Final = "/projects/<number:project_id>/lendings"


class LendAsked(Schema):
    """Which of the own roles, to which colleague, through which day."""

    login = a_text(LOGIN_MAX)
    role = a_choice(Role, required=True)
    ends_on = fields.Date(
        required=True,
        metadata={"description": f"the last day; at most {LENT_FOR_MAX.days} days ahead"},
    )


class LentTold(Schema):
    """The lending's number."""

    id = fields.Integer()


class LendingTold(Schema):
    """A role that somebody lent, with logins and names of both."""

    id = fields.Integer()
    role = fields.String()
    lender = fields.String()
    lender_name = fields.String()
    delegate = fields.String()
    delegate_name = fields.String()
    made_at = fields.DateTime()
    ends_on = fields.Date()
    revoked_at = fields.DateTime(allow_none=True)
    good = fields.Boolean(metadata={"description": "it counts now"})


class LendingsTold(Schema):
    """Lendings, newest first."""

    rows = fields.List(fields.Nested(LendingTold))


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("lendings", desk, topic="people")

    @made.reads(HERE, LendingsTold)
    def _lendings(ask: Ask, project_id: int) -> object:
        """List who stands in for whom among your people; an authority sees everybody's."""
        return {"rows": lent_on(ask.tx, ask.caller, project_id=project_id, now=ask.now)}

    @made.changes(HERE, LentTold, asks=LendAsked, status=HTTPStatus.CREATED)
    def _lend(ask: Ask, project_id: int) -> object:
        """Lend a role of yours to a colleague; it needs a fresh second factor."""
        number = lend(ask.tx, caller=ask.caller, project_id=project_id, now=ask.now, **ask.said)
        return {"id": number}

    @made.changes(f"{HERE}/<number:lending_id>/end", DoneTold)
    def _end_lending(ask: Ask, project_id: int, lending_id: int) -> object:
        """Take a lent role back, or give it back, at once."""
        end_lending(
            ask.tx, caller=ask.caller, project_id=project_id, lending_id=lending_id, now=ask.now
        )
        return {"done": True}

    return made
