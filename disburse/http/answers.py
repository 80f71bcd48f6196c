"""What several topics tell: balances, coverage, tallies, acts; amounts as decimal text."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from marshmallow import Schema, fields

from disburse.domain import money
from disburse.http.spread import Money, plain

# Facts of acts that are minor units of the project's currency; see the steps.
AMOUNTS: Final = frozenset({"amount", "total", "total_net", "closing", "contract_amount"})


class Facts(fields.Dict):
    """The facts of one act, whose amounts are told as decimal text like any other."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:  # noqa: ANN401, ARG002
        return {
            name: money.write(fact, obj["currency"])
            if name in AMOUNTS and isinstance(fact, int)
            else plain(fact)
            for name, fact in value.items()
        }


class CoverageTold(Schema):
    """Is there money: what a special account has and what a sheet needs."""

    free = Money()
    held = Money()
    missing = Money()
    declared = Money(metadata={"description": "of the free money: declared and not yet booked"})
    needed = Money()
    shortage = Money()
    due_on = fields.Date()
    payer = fields.String()
    days_late = fields.Integer()
    currency = fields.String()


class BalanceTold(Schema):
    """The nine columns of the ledger; they add up to zero."""

    bank = Money()
    drawn = Money()
    awaited = Money()
    missing = Money()
    suspense = Money()
    free = Money()
    held = Money()
    in_flight = Money()
    paid = Money()
    currency = fields.String()


class TallyTold(Schema):
    """How many, and what they add up to."""

    count = fields.Integer()
    amount = Money()


class FindingTold(Schema):
    """Something wrong on a sheet, masked, and what to do about it."""

    code = fields.String()
    effect = fields.String()
    line = fields.Integer(allow_none=True)
    row = fields.Integer(allow_none=True)
    column = fields.String()
    value = fields.String()
    clearable = fields.Boolean()
    en = fields.String()
    zh = fields.String()


class ActTold(Schema):
    """One act of the history."""

    id = fields.Integer()
    at = fields.DateTime()
    act = fields.String()
    subject = fields.String()
    subject_id = fields.String()
    sheet_id = fields.Integer(allow_none=True)
    member = fields.String(allow_none=True)
    acting_for = fields.String(
        allow_none=True, metadata={"description": "whose role the member was lent"}
    )
    organisation = fields.String(allow_none=True)
    state_before = fields.String(allow_none=True)
    state_after = fields.String(allow_none=True)
    facts = Facts(metadata={"description": "digests, counts and amounts; nobody's data"})


class DoneTold(Schema):
    """It is done."""

    done = fields.Boolean()


@cache  # one page of a row is one schema, however many routes tell it
def page_of(row: type[Schema]) -> type[Schema]:
    """Return the schema of one page of a list of `row`."""
    return Schema.from_dict(
        {
            "rows": fields.List(fields.Nested(row)),
            "following": fields.String(
                allow_none=True, metadata={"description": "cursor of the next page; null: none"}
            ),
        },
        name=row.__name__.replace("Told", "Page"),
    )
