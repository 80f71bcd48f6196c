"""Organisations and their people: accounts, roles, tokens, signing keys."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from marshmallow import Schema, fields, validate

from disburse.domain.access import OrganisationKind, Role
from disburse.domain.particulars import Identity
from disburse.domain.sheet import IdType
from disburse.domain.signing_key import Purpose
from disburse.http.asks import ReasonAsked, Truth, a_choice, a_number, a_text
from disburse.http.routes import Ask, Desk, Routes
from disburse.steps.parties.add_member import add_member
from disburse.steps.parties.add_organisation import add_organisation
from disburse.steps.parties.grant_roles import grant_roles
from disburse.steps.parties.issue_token import VALID_FOR_MAX, issue_token
from disburse.steps.parties.register_key import VALID_FOR_MAX as KEY_VALID_FOR_MAX
from disburse.steps.parties.register_key import Offered, register_key
from disburse.steps.parties.register_request_key import VALID_FOR_MAX as REQUEST_KEY_VALID_FOR_MAX
from disburse.steps.parties.register_request_key import register_request_key
from disburse.steps.parties.revoke_key import revoke_key
from disburse.steps.parties.revoke_request_key import revoke_request_key
from disburse.steps.parties.revoke_token import revoke_token

LOGIN_MAX: Final = 100
JWK_MAX: Final = 4_096
CHAIN_MAX: Final = 32 * 1024
PROOF_MAX: Final = 24 * 1024  # CMS brings its certificates along; a JWS takes 1,300


class OrganisationAsked(Schema):
    """An organisation."""

    kind = a_choice(OrganisationKind, required=True)
    registration = a_text()
    name = a_text()
    region = a_text(required=False, empty=True)
    sector = a_text(required=False, empty=True)


class OrganisationTold(OrganisationAsked):
    """An organisation, by its number here."""

    id = fields.Integer()


class IdentityAsked(Schema):
    """Which paper proves who a person is; only a keyed digest of the number is kept."""

    id_type = a_choice(IdType, required=True)
    number = a_text(40)


class MemberAsked(Schema):
    """An account of an organisation; without an identity it is a machine's."""

    registration = a_text()
    login = a_text(LOGIN_MAX)
    name = a_text()
    identity = fields.Nested(IdentityAsked, load_default=None)


class MemberTold(Schema):
    """An account."""

    id = fields.Integer()
    organisation_id = fields.Integer()
    organisation_kind = fields.String()
    person_id = fields.Integer(allow_none=True)
    name = fields.String()
    login = fields.String()


class GrantAsked(Schema):
    """Roles, on one project or (null) on all of the organisation's."""

    roles = fields.List(
        fields.Enum(Role, by_value=True),
        required=True,
        validate=validate.Length(min=1, max=len(Role)),
    )
    project_id = a_number(required=False)


class TokenAsked(Schema):
    """What the token is for, and for how many days."""

    label = a_text()
    days = a_number(most=VALID_FOR_MAX.days)


class TokenTold(Schema):
    """The new token: shown this once, a repeated request gets null."""

    token = fields.String(allow_none=True, metadata={"secret": True})
    login = fields.String()


class LabelAsked(Schema):
    """Which tokens of the account."""

    label = a_text()


class RevokedTokensTold(Schema):
    """How many tokens are worthless now."""

    revoked = fields.Integer()


class KeyAsked(Schema):
    """A public key or its certificate, and the proof that its owner holds the private half.

    `named_by` is the word of the organisation's good key before, which names this one its
    successor: nobody else needs to confirm it then.
    """

    registration = a_text()
    public_jwk = a_text(JWK_MAX, required=False, empty=True)
    certificate = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, CHAIN_MAX)
    )
    named_by = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(1, PROOF_MAX)
    )
    purpose = a_choice(Purpose, required=True)
    challenge = a_text()
    proof = a_text(PROOF_MAX)
    days = a_number(most=KEY_VALID_FOR_MAX.days)


class KeyTold(Schema):
    """A registered key."""

    kid = fields.String()
    organisation_id = fields.Integer()
    algorithm = fields.String()
    purpose = fields.String()
    valid_from = fields.DateTime()
    valid_to = fields.DateTime()
    confirmed_at = fields.DateTime(allow_none=True)
    successor_of = fields.String(allow_none=True)


class RevokeKeyAsked(ReasonAsked):
    """Whose key, why, and whether it fell into other hands."""

    registration = a_text()
    compromised = Truth(required=True)


class RevokedTold(Schema):
    """The sheets whose approval is void because of this."""

    sheets = fields.List(fields.Integer())


class RequestKeyAsked(Schema):
    """A public key to sign requests with, and the proof that the account holds the private half."""

    public_jwk = a_text(JWK_MAX)
    proof = a_text(PROOF_MAX)
    days = a_number(most=REQUEST_KEY_VALID_FOR_MAX.days)


class RequestKeyTold(Schema):
    """A key that requests of an account are signed with; `kid` is their `keyid`."""

    kid = fields.String()
    algorithm = fields.String()
    valid_from = fields.DateTime()
    valid_to = fields.DateTime()
    revoked_at = fields.DateTime(allow_none=True)


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("organisations", desk)
    _members(made)
    _tokens(made)
    _keys(made)
    _request_keys(made)

    @made.changes(
        "/organisations", OrganisationTold, asks=OrganisationAsked, status=HTTPStatus.CREATED
    )
    def _add_organisation(ask: Ask) -> object:
        """Make an organisation known."""
        return add_organisation(ask.tx, caller=ask.caller, now=ask.now, **ask.said)

    return made


def _members(made: Routes) -> None:
    @made.changes("/members", MemberTold, asks=MemberAsked, status=HTTPStatus.CREATED)
    def _add_member(ask: Ask) -> object:
        """Give a person or a machine client an account; it has no roles yet."""
        said: dict[str, Any] = dict(ask.said)
        shown = said.pop("identity")
        identity = Identity(shown["id_type"], shown["number"]) if shown else None
        return add_member(ask.tx, caller=ask.caller, identity=identity, now=ask.now, **said)

    @made.changes("/members/<login:login>/roles", MemberTold, asks=GrantAsked)
    def _grant_roles(ask: Ask, login: str) -> object:
        """Give an account roles."""
        return grant_roles(ask.tx, caller=ask.caller, login=login, now=ask.now, **ask.said)


def _tokens(made: Routes) -> None:
    @made.changes(
        "/members/<login:login>/tokens", TokenTold, asks=TokenAsked, status=HTTPStatus.CREATED
    )
    def _issue_token(ask: Ask, login: str) -> object:
        """Issue a token; only its digest is stored, so nobody sees it again."""
        token = issue_token(
            ask.tx,
            caller=ask.caller,
            login=login,
            label=ask.said["label"],
            valid_for=timedelta(days=ask.said["days"]),
            now=ask.now,
        )
        return {"token": token, "login": login}

    @made.changes("/members/<login:login>/tokens/revoke", RevokedTokensTold, asks=LabelAsked)
    def _revoke_token(ask: Ask, login: str) -> object:
        """Make the account's tokens with this label worthless."""
        count = revoke_token(ask.tx, caller=ask.caller, login=login, now=ask.now, **ask.said)
        return {"revoked": count}


def _keys(made: Routes) -> None:
    @made.changes("/keys", KeyTold, asks=KeyAsked, status=HTTPStatus.CREATED)
    def _register_key(ask: Ask) -> object:
        """Register an organisation's public key."""
        said: dict[str, Any] = dict(ask.said)
        return register_key(
            ask.tx,
            caller=ask.caller,
            registration=said.pop("registration"),
            purpose=said.pop("purpose"),
            valid_for=timedelta(days=said.pop("days")),
            offered=Offered(**said),
            trust=made.desk.trust,
            now=ask.now,
        )

    @made.changes("/keys/<word:kid>/revoke", RevokedTold, asks=RevokeKeyAsked)
    def _revoke_key(ask: Ask, kid: str) -> object:
        """Revoke a key; if it fell into other hands, approvals of what it signed are void."""
        revoked = revoke_key(ask.tx, caller=ask.caller, kid=kid, now=ask.now, **ask.said)
        return {"sheets": [sheet.id for sheet in revoked]}


def _request_keys(made: Routes) -> None:
    @made.changes(
        "/members/<login:login>/request_keys",
        RequestKeyTold,
        asks=RequestKeyAsked,
        status=HTTPStatus.CREATED,
    )
    def _register_request_key(ask: Ask, login: str) -> object:
        """Register a key that the account signs its requests with; older ones stay good."""
        said: dict[str, Any] = dict(ask.said)
        valid_for = timedelta(days=said.pop("days"))
        return register_request_key(
            ask.tx, caller=ask.caller, login=login, valid_for=valid_for, now=ask.now, **said
        )

    @made.changes(
        "/members/<login:login>/request_keys/<word:kid>/revoke", RequestKeyTold, asks=ReasonAsked
    )
    def _revoke_request_key(ask: Ask, login: str, kid: str) -> object:
        """Revoke a key; what it signs from now on is turned away."""
        return revoke_request_key(
            ask.tx, caller=ask.caller, login=login, kid=kid, now=ask.now, **ask.said
        )
