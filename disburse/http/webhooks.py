"""What happened, to be asked for or to be told: the feed of events, and webhooks."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from marshmallow import Schema, fields, validate

from disburse.domain.event import TYPES_MAX, URL_CHARACTERS_MAX
from disburse.http.answers import DoneTold, Facts, page_of
from disburse.http.asks import NAME_MAX, NUMBER_MAX, Truth, Whole, a_text
from disburse.http.routes import Ask, Desk, Routes
from disburse.queries.events import events, webhooks
from disburse.queries.paging import PAGE_MAX, PAGE_USUAL
from disburse.steps.parties.renew import renew
from disburse.steps.parties.replay import replay
from disburse.steps.parties.subscribe import subscribe
from disburse.steps.parties.unsubscribe import unsubscribe

ONE: Final = "/webhooks/<number:webhook_id>"
_A_SEQUENCE: Final = validate.Range(min=0, max=NUMBER_MAX)


class EventsAsked(Schema):
    """Behind which event, and how many."""

    after = fields.Integer(load_default=0, validate=_A_SEQUENCE)
    limit = fields.Integer(load_default=PAGE_USUAL, validate=validate.Range(min=1, max=PAGE_MAX))


class EventTold(Schema):
    """One act: by digests, amounts and numbers."""

    sequence = fields.Integer()
    type = fields.String()
    at = fields.DateTime()
    project_id = fields.Integer()
    project = fields.String()
    currency = fields.String()
    object = fields.String()
    sheet_id = fields.Integer(allow_none=True)
    state_before = fields.String(allow_none=True)
    state_after = fields.String(allow_none=True)
    facts = Facts(keys=fields.String())


class FeedTold(Schema):
    """Events in their order; ask on with `after` = `last`."""

    rows = fields.List(fields.Nested(EventTold))
    last = fields.Integer()


class SubscribeAsked(Schema):
    """Where to tell what: subjects such as `file`, or `file.claim`; none means all."""

    url = a_text(URL_CHARACTERS_MAX)
    types = fields.List(
        a_text(NAME_MAX), load_default=list, validate=validate.Length(max=TYPES_MAX)
    )


class ReplayAsked(Schema):
    """From where on to tell again."""

    after = Whole(load_default=0, validate=_A_SEQUENCE)
    only_parked = Truth(load_default=False)


class SubscribedTold(Schema):
    """The new webhook, and the public key to verify its deliveries with."""

    id = fields.Integer()
    public = fields.String()


class RenewedTold(Schema):
    """The further public key; both sign for a week."""

    public = fields.String()


class ReplayedTold(Schema):
    """How many events are told again."""

    count = fields.Integer()


class WebhookTold(Schema):
    """One webhook of the own organisation."""

    id = fields.Integer()
    url = fields.String()
    types = fields.List(fields.String())
    made_at = fields.DateTime()
    keys = fields.List(fields.String())
    pending = fields.Integer()
    parked = fields.Integer()
    trouble = fields.String()


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("webhooks", desk, topic="events")
    _reads(made)

    @made.changes("/webhooks", SubscribedTold, asks=SubscribeAsked, status=HTTPStatus.CREATED)
    def _subscribe(ask: Ask) -> object:
        """Let the own organisation be told of events at an address."""
        found = subscribe(ask.tx, caller=ask.caller, vet=desk.vet, now=ask.now, **ask.said)
        return {"id": found.id, "public": found.public}

    @made.changes(f"{ONE}/unsubscribe", DoneTold)
    def _unsubscribe(ask: Ask, webhook_id: int) -> object:
        """End a webhook."""
        unsubscribe(ask.tx, caller=ask.caller, webhook_id=webhook_id, now=ask.now)
        return {"done": True}

    @made.changes(f"{ONE}/renew", RenewedTold)
    def _renew(ask: Ask, webhook_id: int) -> object:
        """Give a webhook a new signing key; the old one signs beside it for a week."""
        public = renew(ask.tx, caller=ask.caller, webhook_id=webhook_id, now=ask.now)
        return {"public": public}

    @made.changes(f"{ONE}/replay", ReplayedTold, asks=ReplayAsked)
    def _replay(ask: Ask, webhook_id: int) -> object:
        """Tell a webhook again what lies behind a sequence, or what was parked."""
        count = replay(ask.tx, caller=ask.caller, webhook_id=webhook_id, now=ask.now, **ask.said)
        return {"count": count}

    return made


def _reads(made: Routes) -> None:
    @made.reads("/events", FeedTold, asks=EventsAsked)
    def _events(ask: Ask) -> object:
        """List what happened, in one order that nothing is ever put into later."""
        return events(ask.tx, ask.caller, **ask.said)

    @made.reads("/webhooks", page_of(WebhookTold))
    def _webhooks(ask: Ask) -> object:
        """List the own organisation's webhooks."""
        return {"rows": webhooks(ask.tx, ask.caller, now=ask.now), "following": None}
