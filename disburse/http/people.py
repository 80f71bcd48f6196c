"""How people come in and leave: sign-in, second factor, their sessions and passwords."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Response, request
from marshmallow import Schema, fields, validate

from disburse.domain.access import Caller, Role
from disburse.domain.password import CHARACTERS_MAX
from disburse.domain.signed_in import FRESH_FOR
from disburse.entrance import Entrance, forged
from disburse.http.answers import DoneTold
from disburse.http.asks import a_text
from disburse.http.doors import Doors, Entered
from disburse.http.guard import caller
from disburse.http.routes import Ask, Desk, Routes
from disburse.queries.sessions import own_sessions, whoami
from disburse.steps.people.end_session import end_session
from disburse.steps.people.sign_out import sign_out
from disburse.steps.people.stop_recovery import stop_recovery
from disburse.storage.sessions import Opened

LOGIN_MAX: Final = 100
CODE_MAX: Final = 20  # six digits, and blanks as people type them


def a_password() -> fields.String:
    """Return the field for a password, which may hold any character."""
    return fields.String(required=True, validate=validate.Length(min=1, max=CHARACTERS_MAX * 4))


class SignInAsked(Schema):
    """What a person knows."""

    login = a_text(LOGIN_MAX)
    password = a_password()


class HalfTold(Schema):
    """Half a session: it takes the second factor, at `POST /v1/session/prove`, and nothing else."""

    csrf = fields.String(metadata={"description": f"to be shown in {forged.HEADER}"})
    expires_at = fields.DateTime()


class CodeAsked(Schema):
    """The code that the authenticator app shows now."""

    code = a_text(CODE_MAX)


class ProvenTold(Schema):
    """The session, whole and with a new secret; good for what needs a fresh proof until then."""

    session_id = fields.Integer()
    csrf = fields.String()
    expires_at = fields.DateTime()
    fresh_until = fields.DateTime()


class PasswordAsked(Schema):
    """A new password."""

    password = a_password()


class EndedTold(Schema):
    """How many sessions are over because of this."""

    ended = fields.Integer()


class SessionTold(Schema):
    """One session of the own account."""

    id = fields.Integer()
    own = fields.Boolean(metadata={"description": "the one that this was asked in"})
    browser = fields.String()
    factor = fields.String()
    began_at = fields.DateTime()
    seen_at = fields.DateTime()
    proven_at = fields.DateTime()
    expires_at = fields.DateTime()


class SessionsTold(Schema):
    """Every session of the own account that goes on."""

    rows = fields.List(fields.Nested(SessionTold))


class RecoveryTold(Schema):
    """A recovery of the own account that others began; `POST /v1/session/stop_recovery` ends it."""

    made_by = fields.String(metadata={"description": "login of who asked for it"})
    reason = fields.String()
    confirmed = fields.Boolean(metadata={"description": "a second person confirmed it"})
    made_at = fields.DateTime()
    expires_at = fields.DateTime()


class WhoTold(Schema):
    """Who asks; outside a session, its members are null."""

    login = fields.String()
    name = fields.String()
    organisation_id = fields.Integer()
    roles = fields.List(fields.Enum(Role, by_value=True))
    session_id = fields.Integer(allow_none=True)
    csrf = fields.String(allow_none=True)
    fresh_until = fields.DateTime(allow_none=True)
    recovery = fields.Nested(RecoveryTold, allow_none=True)


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Doors("people", desk)
    _doors(made, desk.entrance)
    _own(made, desk.entrance)
    return made


def _doors(made: Doors, entrance: Entrance) -> None:
    @made.opens("/sign_in", HalfTold, asks=SignInAsked)
    def _sign_in(said: Mapping[str, Any]) -> object:
        """Say login and password; the second factor comes next."""
        opened = entrance.sign_in(entrance.visitor(request), **said)
        told = {"csrf": forged.token_of(opened.token), "expires_at": opened.expires_at}
        return Entered(told, dressed(entrance, opened))

    @made.opens("/session/prove", ProvenTold, asks=CodeAsked)
    def _prove(said: Mapping[str, Any]) -> object:
        """Show the second factor: to finish signing in, or before something that matters."""
        visitor = entrance.visitor(request)
        forged.require_token(request, visitor.session, public_url=entrance.public_url)
        opened, known, caller = entrance.prove(visitor, **said)
        return Entered(proven(opened, caller), dressed(entrance, opened, known))


def proven(opened: Opened, caller: Caller) -> dict[str, object]:
    """Tell of a session that was proven just now."""
    assert caller.signed_in is not None  # noqa: S101  (it was)
    return {
        "session_id": caller.signed_in.session_id,
        "csrf": forged.token_of(opened.token),
        "expires_at": opened.expires_at,
        "fresh_until": caller.signed_in.proven_at + FRESH_FOR,
    }


def dressed(
    entrance: Entrance, opened: Opened | None, known: Opened | None = None
) -> Callable[[Response], None]:
    """Return what gives a response the cookies of a session."""
    cookies = entrance.cookies

    def dress(response: Response) -> None:
        if opened is not None:
            cookies.give(response, cookies.session, opened.token, until=opened.expires_at)
        if known is not None:
            cookies.give(response, cookies.known, known.token, until=known.expires_at)

    return dress


def _own(made: Doors, entrance: Entrance) -> None:
    @made.reads("/session", WhoTold)
    def _session(ask: Ask) -> object:
        """Tell who asks, and what a change in this session has to show."""
        secret = entrance.cookies.read(request, entrance.cookies.session)
        csrf = forged.token_of(secret) if ask.caller.signed_in else None
        return whoami(ask.tx, ask.caller, now=ask.now) | {"csrf": csrf}

    @made.reads("/sessions", SessionsTold)
    def _sessions(ask: Ask) -> object:
        """List the sessions of your account that go on."""
        return {"rows": own_sessions(ask.tx, ask.caller, now=ask.now)}

    @made.changes("/sessions/<number:session_id>/end", DoneTold)
    def _end_session(ask: Ask, session_id: int) -> object:
        """End a session of your account, wherever it is open."""
        end_session(ask.tx, caller=ask.caller, session_id=session_id, now=ask.now)
        return {"done": True}

    @made.changes("/session/stop_recovery", DoneTold)
    def _stop_recovery(ask: Ask) -> object:
        """Stop a recovery of your account; it needs a fresh second factor."""
        stop_recovery(ask.tx, caller=ask.caller, now=ask.now)
        return {"done": True}

    @made.changes("/session/sign_out", DoneTold)
    def _sign_out(ask: Ask) -> object:
        """End this session."""
        sign_out(ask.tx, caller=ask.caller, now=ask.now)
        return {"done": True}

    @made.opens("/session/change_password", EndedTold, asks=PasswordAsked)
    def _change_password(said: Mapping[str, Any]) -> object:
        """Take another password; it needs a fresh second factor, and ends all other sessions."""
        ended, known = entrance.change_password(caller(), **said)
        return Entered({"ended": ended}, dressed(entrance, None, known))
