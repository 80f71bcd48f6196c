"""What is on the account and not explained, what people say it was, and does it all add up."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from marshmallow import Schema, fields

from disburse.domain.access import Act
from disburse.domain.open_item import Explained
from disburse.door import admit
from disburse.http.answers import BalanceTold, DoneTold, page_of
from disburse.http.asks import (
    Fits,
    PageAsked,
    ReasonAsked,
    a_choice,
    a_number,
    a_reason,
    a_text,
    an_amount,
    exact,
)
from disburse.http.routes import Ask, Desk, Routes
from disburse.http.spread import Money, spread
from disburse.queries.open_items import open_items, unassigned
from disburse.queries.reconciliation import reconciliation
from disburse.steps.money.assign import assign
from disburse.steps.money.dismiss import dismiss
from disburse.steps.money.endorse import endorse
from disburse.steps.money.explain import explain
from disburse.steps.money.retract import retract
from disburse.storage import parties

REFERENCE_MAX: Final = 16  # of ours: the longest names a file
HERE: Final = "/projects/<number:project_id>"


class OpenItemsAsked(PageAsked):
    """Which items."""

    only_open = fields.Boolean(load_default=True)


class ExplainAsked(Schema):
    """What an open item was: an allocation, a payment of ours that went out or came back, a fee."""

    kind = a_choice(Explained, required=True)
    amount = an_amount()
    reason = a_reason()
    item_id = a_number(required=False)
    fills_id = a_number(required=False)
    names = a_text(REFERENCE_MAX, required=False, empty=True)
    evidence_digest = fields.String(load_default="", validate=Fits(r"^([0-9a-f]{64})?$"))


class ExplanationTold(Schema):
    """What somebody said, and whether another person agreed."""

    id = fields.Integer()
    kind = fields.String()
    names = fields.String()
    amount = Money()
    reason = fields.String()
    state = fields.String()
    explained_by = fields.Integer(metadata={"description": "a person's number"})
    endorsed_by = fields.Integer(allow_none=True)


class OpenItemTold(Schema):
    """One amount that waits to be explained, or was."""

    id = fields.Integer()
    side = fields.String(metadata={"description": "credit: in suspense; debit: in missing"})
    cause = fields.String()
    amount = Money()
    remaining = Money()
    absorbed = Money()
    since = fields.DateTime()
    booked_on = fields.Date(allow_none=True)
    text = fields.String(metadata={"description": "the bank's words"})
    explanations = fields.List(fields.Nested(ExplanationTold))


class ExplainedTold(Schema):
    """The explanation's number."""

    id = fields.Integer()


class DayTold(Schema):
    """One statement beside the ledger as it stood when the statement was booked."""

    number = fields.Integer()
    reference = fields.String()
    closes_on = fields.Date()
    opening = Money()
    entries = Money()
    closing = Money()
    booked = Money()
    free = Money()
    held = Money()
    in_flight = Money()
    unconfirmed = Money(metadata={"description": "reported paid, not booked by the bank yet"})
    suspense = Money()
    missing = Money()
    awaited = Money()
    difference = Money()


class ReconciliationTold(Schema):
    """Every statement of the account, oldest first."""

    currency = fields.String()
    shared = fields.Boolean(metadata={"description": "differences are other projects' money"})
    agrees = fields.Boolean()
    days = fields.List(fields.Nested(DayTold))


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("open_items", desk, topic="funds")
    _explanations(made)
    _taken_back(made)
    _unassigned(made)

    @made.reads(f"{HERE}/open_items", page_of(OpenItemTold), asks=OpenItemsAsked)
    def _open_items(ask: Ask, project_id: int) -> object:
        """List what is on the account or gone from it and not explained."""
        found = open_items(ask.tx, ask.caller, project_id=project_id, **ask.said)
        return spread(found, parties.project(ask.tx, project_id).currency)

    @made.reads(f"{HERE}/reconciliation", ReconciliationTold)
    def _reconciliation(ask: Ask, project_id: int) -> object:
        """Hold every statement of the account against the ledger."""
        found = reconciliation(ask.tx, ask.caller, project_id=project_id)
        return spread(found, found.currency)

    return made


def _explanations(made: Routes) -> None:
    explanations = f"{HERE}/explanations"

    @made.changes(explanations, ExplainedTold, asks=ExplainAsked, status=HTTPStatus.CREATED)
    def _explain(ask: Ask, project_id: int) -> object:
        """Say what an open item was; it counts once another person endorses it."""
        currency = admit(ask.tx, ask.caller, Act.EXPLAIN, project_id).currency
        said = {**ask.said, "amount": exact(ask.said["amount"], currency)}
        number = explain(ask.tx, caller=ask.caller, project_id=project_id, **said, now=ask.now)
        return {"id": number}

    @made.changes(f"{explanations}/<number:explanation_id>/endorse", BalanceTold)
    def _endorse(ask: Ask, project_id: int, explanation_id: int) -> object:
        """Agree with an explanation as another person; now the money moves."""
        currency = admit(ask.tx, ask.caller, Act.ENDORSE, project_id).currency
        balance = endorse(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            explanation_id=explanation_id,
            now=ask.now,
        )
        return spread(balance, currency)

    @made.changes(f"{explanations}/<number:explanation_id>/dismiss", DoneTold, asks=ReasonAsked)
    def _dismiss(ask: Ask, project_id: int, explanation_id: int) -> object:
        """Put an explanation aside that nobody endorsed."""
        dismiss(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            explanation_id=explanation_id,
            reason=ask.said["reason"],
            now=ask.now,
        )
        return {"done": True}


def _taken_back(made: Routes) -> None:
    @made.changes(
        f"{HERE}/explanations/<number:explanation_id>/retract", DoneTold, asks=ReasonAsked
    )
    def _retract(ask: Ask, **explanation: Any) -> object:  # noqa: ANN401
        """Take back an explanation that was endorsed and is wrong; two people say so."""
        done = retract(ask.tx, caller=ask.caller, now=ask.now, **explanation, **ask.said)
        return {"done": done}


def _unassigned(made: Routes) -> None:
    @made.reads(f"{HERE}/unassigned", page_of(OpenItemTold), asks=OpenItemsAsked)
    def _unassigned(ask: Ask, project_id: int) -> object:
        """List what is on the project's shared account and could be several projects'."""
        found = unassigned(ask.tx, ask.caller, project_id=project_id, **ask.said)
        return spread(found, parties.project(ask.tx, project_id).currency)

    @made.changes(f"{HERE}/unassigned/<number:item_id>/assign", DoneTold, asks=ReasonAsked)
    def _assign(ask: Ask, **item: Any) -> object:  # noqa: ANN401
        """Say that such an item is this project's; two people say so, then it is explained here."""
        return {"done": assign(ask.tx, caller=ask.caller, now=ask.now, **item, **ask.said)}
