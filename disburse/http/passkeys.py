"""Passkeys: made, shown, listed, removed; the forms of answers are the W3C's own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import request
from marshmallow import Schema, fields

from disburse.entrance import Entrance
from disburse.http.answers import DoneTold
from disburse.http.asks import a_text
from disburse.http.doors import Doors, Entered
from disburse.http.guard import caller
from disburse.http.people import ProvenTold, dressed, proven
from disburse.http.routes import Ask, Desk, Routes
from disburse.steps.people.add_passkey import add_passkey
from disburse.steps.people.remove_passkey import remove_passkey
from disburse.storage import passkeys

LABEL_MAX = 60


class NothingAsked(Schema):
    """Nothing."""


class QuestionTold(Schema):
    """What the browser's own `navigator.credentials` is to be given, as JSON."""

    options = fields.Dict()


class AnswerAsked(Schema):
    """What it answered, as `toJSON()` writes it."""

    answer = fields.Dict(required=True)


class PasskeyAsked(AnswerAsked):
    """A new passkey, and what its owner calls it."""

    label = a_text(LABEL_MAX)


class PasskeyTold(Schema):
    """A passkey of the own account."""

    id = fields.Integer()
    label = fields.String()
    made_at = fields.DateTime()
    used_at = fields.DateTime(allow_none=True)


class PasskeysTold(Schema):
    """Every passkey of the own account."""

    rows = fields.List(fields.Nested(PasskeyTold))


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Doors("passkeys", desk, topic="people")
    _doors(made, desk.entrance)
    _own(made, desk.entrance)
    return made


def _doors(made: Doors, entrance: Entrance) -> None:
    @made.opens("/passkeys/question", QuestionTold, asks=NothingAsked)
    def _question(_: Mapping[str, Any]) -> object:
        """Ask for a question that any passkey may answer, once and within five minutes."""
        options = entrance.ask_passkey(entrance.visitor(request), request)
        return Entered({"options": options}, lambda _: None)

    @made.opens("/passkeys/show", ProvenTold, asks=AnswerAsked)
    def _show(said: Mapping[str, Any]) -> object:
        """Show a passkey: to sign in, or before something that matters."""
        opened, known, who = entrance.show_passkey(entrance.visitor(request), request, **said)
        return Entered(proven(opened, who), dressed(entrance, opened, known))

    @made.opens("/passkeys/offer", QuestionTold, asks=NothingAsked)
    def _offer(_: Mapping[str, Any]) -> object:
        """Ask for what your browser needs to make a passkey; it takes a fresh second factor."""
        options = entrance.offer_passkey(caller(), request)
        return Entered({"options": options}, lambda _: None)


def _own(made: Doors, entrance: Entrance) -> None:
    @made.reads("/passkeys", PasskeysTold)
    def _passkeys(ask: Ask) -> object:
        """List your passkeys."""
        return {"rows": passkeys.of_member(ask.tx, ask.caller.member_id)}

    @made.changes("/passkeys", PasskeyTold, asks=PasskeyAsked, status=HTTPStatus.CREATED)
    def _add_passkey(ask: Ask) -> object:
        """Register the passkey that your browser made."""
        number = add_passkey(
            ask.tx, caller=ask.caller, place=entrance.place(request), now=ask.now, **ask.said
        )
        return {"id": number, "label": ask.said["label"], "made_at": ask.now, "used_at": None}

    @made.changes("/passkeys/<number:passkey_id>/remove", DoneTold)
    def _remove_passkey(ask: Ask, passkey_id: int) -> object:
        """Remove a passkey of yours."""
        remove_passkey(ask.tx, caller=ask.caller, passkey_id=passkey_id, now=ask.now)
        return {"done": True}
