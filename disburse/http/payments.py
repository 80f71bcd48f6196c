"""What was paid to whom, everything behind one payment, and what to do when it came back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, fields, validate

from disburse.domain.lifecycle.attempt import State
from disburse.domain.orders import ORDER_BYTES_MAX
from disburse.domain.reference import AttemptKey, of_attempt
from disburse.domain.sheet import IdType
from disburse.http.answers import DoneTold
from disburse.http.asks import (
    PLAIN,
    Month,
    PageAsked,
    ReasonAsked,
    Whole,
    a_choice,
    a_filter,
    a_reason,
    a_text,
    plain_text,
)
from disburse.http.payment_answers import (
    AttestedTold,
    ChainTold,
    PayoutsTold,
    ReissueTold,
    chain_told,
)
from disburse.http.routes import Ask, Desk, Routes, Sent
from disburse.queries import payment, payouts
from disburse.queries.paging import PAGE_MAX, PAGE_USUAL
from disburse.queries.payouts import Wanted
from disburse.steps.bank.correct import correct
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.decline import decline
from disburse.steps.bank.give_up import give_up
from disburse.steps.bank.reissue import reissue

SIGNATURE_MAX: Final = 1_300
HERE: Final = "/projects/<number:project_id>/payments"
ONE: Final = f"{HERE}/<word:reference>"


class WantedAsked(Schema):
    """Which payments."""

    period_from = Month(load_default=None)
    period_to = Month(load_default=None)
    subcontractor_id = a_filter()
    worker_id = a_filter()
    state = a_choice(State)
    reference = fields.String(
        load_default=None,
        validate=[validate.Length(max=60), plain_text],
        metadata={"pattern": PLAIN},
    )


class PaymentsAsked(WantedAsked, PageAsked):
    """Which payments, which page."""


class EveryPaymentAsked(PaymentsAsked):
    """Which payments, of which project."""

    project_id = a_filter()


class PersonAsked(PageAsked):
    """Whose payments; the number is in a body because addresses end up in logs."""

    id_type = a_choice(IdType, required=True)
    id_number = a_text(40)
    limit = Whole(load_default=PAGE_USUAL, validate=validate.Range(min=1, max=PAGE_MAX))


class ReissueAsked(Schema):
    """Why it is paid again; and for another account, the subcontractor's signed order."""

    reason = a_reason()
    order = fields.String(load_default=None, validate=validate.Length(max=ORDER_BYTES_MAX))
    signature = a_text(SIGNATURE_MAX, required=False, empty=True)


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("payments", desk)
    _lists(made)
    _one(made)
    _again(made)
    _wrong(made)
    return made


def _lists(made: Routes) -> None:
    @made.reads("/payments", PayoutsTold, asks=EveryPaymentAsked)
    def _every_payment(ask: Ask) -> object:
        """List the payments that the caller may see, on all projects, masked."""
        return _page(ask, {})

    @made.reads(HERE, PayoutsTold, asks=PaymentsAsked)
    def _payments(ask: Ask, project_id: int) -> object:
        """List a project's payments, masked."""
        return _page(ask, {"project_id": project_id})

    @made.searches("/payments/search", PayoutsTold, asks=PersonAsked)
    def _search(ask: Ask) -> object:
        """List one person's payments on every project that the caller may see."""
        return _page(ask, {})

    @made.sends(f"{HERE}.csv", "text/csv", asks=WantedAsked)
    def _payments_csv(ask: Ask, project_id: int) -> Sent:
        """Write a project's payments as CSV, masked, as a stream."""
        lines = payouts.as_csv(ask.tx, ask.caller, Wanted(project_id=project_id, **ask.said))
        return Sent(parts=(line.encode() for line in lines), name="payments.csv")


def _one(made: Routes) -> None:
    @made.reads(ONE, ChainTold)
    def _payment(ask: Ask, project_id: int, reference: str) -> object:
        """Tell everything behind one payment: what is owed, attempts, answers, acts."""
        return chain_told(
            payment.chain(ask.tx, ask.caller, project_id=project_id, reference=reference)
        )


def _again(made: Routes) -> None:
    @made.changes(f"{ONE}/reissue", ReissueTold, asks=ReissueAsked)
    def _reissue(ask: Ask, project_id: int, reference: str) -> object:
        """Ask for a payment that came back to be paid again; another person countersigns."""
        order = ask.said["order"]
        asked = reissue(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            reference=reference,
            reason=ask.said["reason"],
            order=None if order is None else order.encode("utf-8", "replace"),
            signature=ask.said["signature"],
            banks=made.desk.banks,
            trust=made.desk.trust,
            now=ask.now,
        )
        following = of_attempt(AttemptKey(asked.sheet_id, asked.line, asked.attempt))
        return {"reference": following, "not_before": asked.not_before}

    @made.changes(f"{ONE}/countersign", AttestedTold)
    def _countersign(ask: Ask, project_id: int, reference: str) -> object:
        """Attest a reissue by the new payment's reference; another person than who asked."""
        document = countersign(
            ask.tx, caller=ask.caller, project_id=project_id, reference=reference, now=ask.now
        )
        return {"reference": reference, "attested": document}

    @made.changes(f"{ONE}/give_up", DoneTold, asks=ReasonAsked)
    def _give_up(ask: Ask, project_id: int, reference: str) -> object:
        """Stop trying; the money is free again and the worker stays owed."""
        give_up(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            reference=reference,
            reason=ask.said["reason"],
            now=ask.now,
        )
        return {"done": True}


def _wrong(made: Routes) -> None:
    @made.changes(f"{ONE}/decline", DoneTold, asks=ReasonAsked)
    def _decline(ask: Ask, **payment: Any) -> object:  # noqa: ANN401
        """Turn down a wrong reissue, by the new payment's reference, before it is in a file."""
        decline(ask.tx, caller=ask.caller, now=ask.now, **payment, **ask.said)
        return {"done": True}

    @made.changes(f"{ONE}/correct", DoneTold, asks=ReasonAsked)
    def _correct(ask: Ask, **payment: Any) -> object:  # noqa: ANN401
        """Call a payment paid that the bank proved to be paid after all; two people say so."""
        return {"done": correct(ask.tx, caller=ask.caller, now=ask.now, **payment, **ask.said)}


def _page(ask: Ask, place: Mapping[str, Any]) -> Mapping[str, Any]:
    said = dict(ask.said) | dict(place)
    cursor, limit = said.pop("cursor"), said.pop("limit")
    wanted = Wanted(**said)
    page = payouts.payouts(ask.tx, ask.caller, wanted, cursor=cursor, limit=limit)
    return {
        "rows": page.rows,
        "following": page.following,
        "totals": payouts.totals(ask.tx, ask.caller, wanted),
    }
