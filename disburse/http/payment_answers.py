"""What is told of payments: rows, totals, and the chain behind one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from disburse.http.answers import ActTold
from disburse.http.asks import Month
from disburse.http.spread import Money, spread
from disburse.queries.payment import Chain


class PayoutTold(Schema):
    """One payment to one worker, masked."""

    project_id = fields.Integer()
    project = fields.String()
    period = Month()
    sheet_id = fields.Integer()
    line = fields.Integer()
    attempt = fields.Integer()
    reference = fields.String()
    subcontractor_id = fields.Integer()
    subcontractor = fields.String()
    kind = fields.String()
    worker_id = fields.Integer(allow_none=True)
    name = fields.String()
    id_number = fields.String()
    account = fields.String()
    bank_name = fields.String()
    amount = Money()
    currency = fields.String()
    state = fields.String()
    pay_on = fields.Date()
    file_reference = fields.String(allow_none=True)
    answered_on = fields.Date(allow_none=True)
    reason = fields.String()


class TotalTold(Schema):
    """How many payments of one currency are in one state, and what they add up to."""

    currency = fields.String()
    state = fields.String()
    count = fields.Integer()
    amount = Money()


class PayoutsTold(Schema):
    """One page of payments, and the totals of all pages."""

    rows = fields.List(fields.Nested(PayoutTold))
    following = fields.String(allow_none=True)
    totals = fields.List(fields.Nested(TotalTold))


class EntitlementTold(Schema):
    """What the worker is owed by one line, masked."""

    project_id = fields.Integer()
    project = fields.String()
    period = Month()
    sheet_id = fields.Integer()
    line = fields.Integer()
    kind = fields.String()
    number = fields.Integer()
    subcontractor_id = fields.Integer()
    subcontractor = fields.String()
    worker_id = fields.Integer(allow_none=True)
    name = fields.String()
    id_number = fields.String()
    currency = fields.String()
    owed = Money()
    funded = Money()
    live = Money()
    paid = Money()
    set_aside = fields.Boolean()
    void = fields.Boolean()
    sheet_digest = fields.String()
    sheet_state = fields.String()


class AttemptedTold(Schema):
    """One try to pay it."""

    attempt = fields.Integer()
    reference = fields.String()
    amount = Money()
    state = fields.String()
    name = fields.String()
    account = fields.String()
    bank_name = fields.String()
    evidence = fields.String(allow_none=True)
    reason = fields.String()
    answered_on = fields.Date(allow_none=True)
    file_id = fields.Integer(allow_none=True)
    file_reference = fields.String(allow_none=True)
    file_sha256 = fields.String(allow_none=True)
    file_state = fields.String(allow_none=True)
    reissue_reason = fields.String(allow_none=True)


class BankAnswerTold(Schema):
    """One record of a bank's report, and what it did."""

    at = fields.DateTime()
    report = fields.String(metadata={"description": "SHA-256 of the report"})
    record = fields.Integer()
    attempt = fields.Integer()
    result = fields.String()
    amount = Money(allow_none=True)
    reason = fields.String()
    text = fields.String()
    evidence = fields.String()
    happened_on = fields.Date(allow_none=True)
    state_before = fields.String(allow_none=True)
    state_after = fields.String(allow_none=True)
    effect = fields.String()


class ChainTold(Schema):
    """Everything behind one payment, oldest first."""

    entitlement = fields.Nested(EntitlementTold)
    attempts = fields.List(fields.Nested(AttemptedTold))
    answers = fields.List(fields.Nested(BankAnswerTold))
    acts = fields.List(fields.Nested(ActTold))


class ReissueTold(Schema):
    """The new payment's reference, and from when it can be countersigned."""

    reference = fields.String()
    not_before = fields.DateTime()


class AttestedTold(Schema):
    """What the countersigner attested: the canonical one-line approval."""

    reference = fields.String()
    attested = fields.String()


def chain_told(chain: Chain) -> Mapping[str, Any]:
    """Tell a chain; every amount in it is of the entitlement's currency."""
    told: Mapping[str, Any] = spread(chain, chain.entitlement.currency)
    return told
