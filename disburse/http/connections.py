"""How the files of bank connections travel."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from disburse.http.answers import page_of
from disburse.http.asks import NAME_MAX, Whole, a_text
from disburse.http.routes import Ask, Desk, Routes
from disburse.queries import connections
from disburse.steps.parties.connect import ANSWER_HOURS_MAX, connect
from disburse.transports.wanted import TEXT_MAX

SETTINGS_MAX: Final = 30  # more than any transport has


class ConnectionAsked(Schema):
    """How a connection's files are to travel; secrets by their names only."""

    bank = a_text(NAME_MAX)
    adapter = a_text(NAME_MAX)
    transport = a_text(NAME_MAX)
    settings = fields.Dict(
        keys=fields.String(),
        values=fields.Raw(allow_none=True),
        load_default=dict,
        validate=validate.Length(max=SETTINGS_MAX),
        metadata={"description": f"see `disburse connect --help`; texts of at most {TEXT_MAX}"},
    )
    answer_hours = Whole(
        load_default=None,
        allow_none=True,
        validate=validate.Range(min=1, max=ANSWER_HOURS_MAX),
    )


class ConnectionTold(Schema):
    """A bank by one format, and how its files travel."""

    id = fields.Integer()
    bank = fields.String(metadata={"description": "registration number"})
    bank_name = fields.String()
    adapter = fields.String()
    transport = fields.String()
    settings = fields.Dict(keys=fields.String())
    answer_hours = fields.Integer(allow_none=True)
    can = fields.List(fields.String())


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("connections", desk)

    @made.reads("/connections", page_of(ConnectionTold))
    def _connections(ask: Ask) -> object:
        """List the bank connections."""
        return {"rows": connections.connections(ask.tx, ask.caller), "following": None}

    @made.changes("/connections", ConnectionTold, asks=ConnectionAsked)
    def _connect(ask: Ask) -> object:
        """Let the files of a bank in one format travel by a transport, or `by_hand`."""
        found = connect(ask.tx, caller=ask.caller, now=ask.now, **ask.said)
        return connections.shown(found)

    return made
