"""How people are let in: invited by one, recovered by two."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import request
from marshmallow import Schema, fields

from disburse.entrance import Entrance
from disburse.http.answers import DoneTold
from disburse.http.asks import ReasonAsked, a_text
from disburse.http.doors import Doors, Entered
from disburse.http.people import CodeAsked, EndedTold, ProvenTold, a_password, dressed, proven
from disburse.http.routes import Ask, Desk, Routes
from disburse.steps.people.confirm_recovery import confirm_recovery
from disburse.steps.people.disable_member import disable_member
from disburse.steps.people.enable_member import enable_member
from disburse.steps.people.end_sessions import end_sessions
from disburse.steps.people.invite import invite
from disburse.steps.people.recover import recover

INVITATION_MAX: Final = 100  # two codes of twenty characters, as people type them
M: Final = "/members/<login:login>"


class InvitationAsked(Schema):
    """The code that was handed over; of a recovery both halves, one after the other."""

    invitation = a_text(INVITATION_MAX)


class OpeningTold(Schema):
    """Whom it lets in, and the secret for the authenticator app."""

    login = fields.String()
    name = fields.String()
    purpose = fields.String(metadata={"description": "join, or recovery"})
    secret = fields.String(metadata={"description": "base32, to be typed into the app"})
    address = fields.String(metadata={"description": "otpauth://, for a QR code"})
    expires_at = fields.DateTime()


class AcceptAsked(InvitationAsked, CodeAsked):
    """A password, and the code that the app shows for the secret."""

    password = a_password()


class InvitedTold(Schema):
    """The code: shown this once, a repeated request gets null."""

    login = fields.String()
    code = fields.String(allow_none=True, metadata={"secret": True})
    expires_at = fields.DateTime()


class HalfCodeTold(Schema):
    """Half of a code, to be handed over: shown this once, a repeated request gets null."""

    half = fields.String(allow_none=True, metadata={"secret": True})


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Doors("invitations", desk, topic="people")
    _doors(made, desk.entrance)

    @made.changes(f"{M}/invite", InvitedTold, status=HTTPStatus.CREATED)
    def _invite(ask: Ask, login: str) -> object:
        """Let one of your organisation's people in, by a code that is good once."""
        return invite(ask.tx, caller=ask.caller, login=login, now=ask.now)

    @made.changes(f"{M}/recover", HalfCodeTold, asks=ReasonAsked, status=HTTPStatus.CREATED)
    def _recover(ask: Ask, login: str) -> object:
        """Ask that somebody who lost password or telephone be let in anew: half a code."""
        half = recover(ask.tx, caller=ask.caller, login=login, now=ask.now, **ask.said)
        return {"half": half}

    @made.changes(f"{M}/confirm_recovery", HalfCodeTold, status=HTTPStatus.CREATED)
    def _confirm_recovery(ask: Ask, login: str) -> object:
        """Stand up, as a second person, for whoever is to be let in anew: the other half."""
        return {"half": confirm_recovery(ask.tx, caller=ask.caller, login=login, now=ask.now)}

    @made.changes(f"{M}/end_sessions", EndedTold, asks=ReasonAsked)
    def _end_sessions(ask: Ask, login: str) -> object:
        """End every session of an account of your organisation."""
        ended = end_sessions(ask.tx, caller=ask.caller, login=login, now=ask.now, **ask.said)
        return {"ended": ended}

    @made.changes(f"{M}/disable", EndedTold, asks=ReasonAsked)
    def _disable_member(ask: Ask, login: str) -> object:
        """Let nobody in by an account of your organisation; its tokens and keys end for good."""
        said = {"login": login, **ask.said}
        return {"ended": disable_member(ask.tx, caller=ask.caller, now=ask.now, **said)}

    @made.changes(f"{M}/enable", DoneTold, asks=ReasonAsked)
    def _enable_member(ask: Ask, login: str) -> object:
        """Let an account of your organisation count again; tokens and keys are made anew."""
        enable_member(ask.tx, caller=ask.caller, login=login, now=ask.now, **ask.said)
        return {"done": True}

    return made


def _doors(made: Doors, entrance: Entrance) -> None:
    @made.opens("/invitation/open", OpeningTold, asks=InvitationAsked)
    def _open(said: Mapping[str, Any]) -> object:
        """Show the code; see whom it lets in, and the secret for the authenticator app."""
        opening = entrance.open_invitation(entrance.visitor(request), code=said["invitation"])
        return Entered(opening, lambda _: None)

    @made.opens("/invitation/accept", ProvenTold, asks=AcceptAsked)
    def _accept(said: Mapping[str, Any]) -> object:
        """Set password and second factor; old sessions are over, and a new one begins."""
        opened, known, caller = entrance.accept_invitation(
            entrance.visitor(request),
            code=said["invitation"],
            password=said["password"],
            totp_code=said["code"],
        )
        return Entered(proven(opened, caller), dressed(entrance, opened, known))
