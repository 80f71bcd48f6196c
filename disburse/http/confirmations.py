"""What waits for a second organisation's word, and that word."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

from disburse.domain.access import Role
from disburse.http.asks import a_text
from disburse.http.routes import Ask, Desk, Routes
from disburse.http.spread import spread
from disburse.queries.waiting import waiting
from disburse.steps.parties.confirm import confirm

AT_ONCE_MAX: Final = 100  # what a person can really look at
LOGIN_MAX: Final = 100
KID_MAX: Final = 64  # a thumbprint has 43


class RolesConfirmedAsked(Schema):
    """An account, and the roles that were shown to wait."""

    login = a_text(LOGIN_MAX)
    roles = fields.List(
        fields.Enum(Role, by_value=True),
        required=True,
        validate=validate.Length(min=1, max=len(Role)),
    )


class ConfirmAsked(Schema):
    """Whom you know, and whose keys these are: the key ids as the owners read them to you."""

    people = fields.List(
        fields.Nested(RolesConfirmedAsked),
        load_default=list,
        validate=validate.Length(max=AT_ONCE_MAX),
    )
    keys = fields.List(
        a_text(KID_MAX), load_default=list, validate=validate.Length(max=AT_ONCE_MAX)
    )


class ConfirmedTold(Schema):
    """What counts from now on."""

    logins = fields.List(fields.String())
    kids = fields.List(fields.String())


class WaitingAccountTold(Schema):
    """An account, and its roles that wait."""

    login = fields.String()
    name = fields.String()
    organisation = fields.String()
    organisation_name = fields.String()
    roles = fields.List(fields.String())


class WaitingKeyTold(Schema):
    """A key that waits; `login` where it signs the requests of one account."""

    kid = fields.String()
    purpose = fields.String()
    login = fields.String(allow_none=True)
    organisation = fields.String()
    organisation_name = fields.String()
    valid_to = fields.DateTime()


class WaitingTold(Schema):
    """Everything that waits for the caller's word; for an administrator, everybody's."""

    people = fields.List(fields.Nested(WaitingAccountTold))
    keys = fields.List(fields.Nested(WaitingKeyTold))


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("confirmations", desk)

    @made.reads("/confirmations", WaitingTold)
    def _waiting(ask: Ask) -> object:
        """Tell what waits to be confirmed by the caller."""
        return spread(waiting(ask.tx, ask.caller))

    @made.changes("/confirmations", ConfirmedTold, asks=ConfirmAsked)
    def _confirm(ask: Ask) -> object:
        """Let people's roles and keys count from now on: all that are named, or none."""
        people = {one["login"]: one["roles"] for one in ask.said["people"]}
        return confirm(ask.tx, caller=ask.caller, people=people, keys=ask.said["keys"], now=ask.now)

    return made
