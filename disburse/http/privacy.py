"""Personal data in full for a reason, legal holds, and the end of retention."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from marshmallow import Schema, fields

from disburse.http.asks import ReasonAsked
from disburse.http.routes import Ask, Desk, Routes
from disburse.steps.privacy.hold import hold
from disburse.steps.privacy.lift_hold import lift_hold
from disburse.steps.privacy.reveal import reveal
from disburse.steps.privacy.shred import shred

HERE: Final = "/projects/<number:project_id>"
LINE: Final = f"{HERE}/sheets/<number:sheet_id>/lines/<number:line>"


def _told_once() -> fields.String:
    return fields.String(allow_none=True, metadata={"secret": True})


class RevealedTold(Schema):
    """One worker in full; told once, and null when the same request is repeated."""

    name = _told_once()
    latin_name = _told_once()
    id_type = _told_once()
    id_number = _told_once()
    mobile = _told_once()
    account = _told_once()
    bank_code = _told_once()
    bank_name = _told_once()


class HeldTold(Schema):
    """The hold's number."""

    id = fields.Integer()


class LiftedTold(Schema):
    """False: another person has to agree."""

    lifted = fields.Boolean()


class ShreddedTold(Schema):
    """How much was destroyed."""

    keys = fields.Integer()
    indexes = fields.Integer()
    salts = fields.Integer()
    persons = fields.Integer()


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("privacy", desk)

    @made.changes(f"{LINE}/reveal", RevealedTold, asks=ReasonAsked)
    def _reveal(ask: Ask, **line: Any) -> object:  # noqa: ANN401
        """Show one line's worker in full; the history says who saw it and why."""
        return reveal(ask.tx, caller=ask.caller, now=ask.now, **line, **ask.said)

    @made.changes(f"{HERE}/holds", HeldTold, asks=ReasonAsked, status=HTTPStatus.CREATED)
    def _hold(ask: Ask, project_id: int) -> object:
        """Keep a project's personal data from being deleted, at once."""
        number = hold(ask.tx, caller=ask.caller, project_id=project_id, now=ask.now, **ask.said)
        return {"id": number}

    @made.changes(f"{HERE}/holds/<number:hold_id>/lift", LiftedTold, asks=ReasonAsked)
    def _lift_hold(ask: Ask, **hold: Any) -> object:  # noqa: ANN401
        """Ask for the end of a hold, or agree as another person."""
        return {"lifted": lift_hold(ask.tx, caller=ask.caller, now=ask.now, **hold, **ask.said)}

    @made.changes(f"{HERE}/shred", ShreddedTold, asks=ReasonAsked)
    def _shred(ask: Ask, project_id: int) -> object:
        """Delete a project's personal data for good, when retention is over."""
        return shred(ask.tx, caller=ask.caller, project_id=project_id, now=ask.now, **ask.said)

    return made
