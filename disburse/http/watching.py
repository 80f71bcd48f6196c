"""What people must look at, and who did what."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields

from disburse.http.answers import ActTold, DoneTold, page_of
from disburse.http.asks import REASON_MAX, PageAsked, a_filter, a_text
from disburse.http.routes import Ask, Desk, Routes
from disburse.http.spread import spread
from disburse.queries.acts import acts
from disburse.queries.anomalies import anomalies
from disburse.steps.bank.resolve import resolve
from disburse.storage import parties

HERE: Final = "/projects/<number:project_id>"


class AnomaliesAsked(PageAsked):
    """Which anomalies."""

    only_open = fields.Boolean(load_default=True)


class ActsAsked(PageAsked):
    """Which acts."""

    sheet_id = a_filter()


class ResolveAsked(Schema):
    """What it turned out to be."""

    resolution = a_text(REASON_MAX)


class AnomalyTold(Schema):
    """One thing that does not fit; red: money may be lost or paid twice, look today."""

    id = fields.Integer()
    code = fields.String()
    red = fields.Boolean()
    reference = fields.String()
    detail = fields.String()
    at = fields.DateTime()
    report = fields.String(allow_none=True)
    record = fields.Integer(allow_none=True)
    resolved_by = fields.Integer(allow_none=True)
    resolved_at = fields.DateTime(allow_none=True)
    resolution = fields.String(allow_none=True)


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("watching", desk)

    @made.reads(f"{HERE}/anomalies", page_of(AnomalyTold), asks=AnomaliesAsked)
    def _anomalies(ask: Ask, project_id: int) -> object:
        """List what does not fit and needs a person."""
        return anomalies(ask.tx, ask.caller, project_id=project_id, **ask.said)

    @made.changes(f"{HERE}/anomalies/<number:anomaly_id>/resolve", DoneTold, asks=ResolveAsked)
    def _resolve(ask: Ask, project_id: int, anomaly_id: int) -> object:
        """Note what an anomaly turned out to be."""
        resolve(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            anomaly_id=anomaly_id,
            resolution=ask.said["resolution"],
            now=ask.now,
        )
        return {"done": True}

    @made.reads(f"{HERE}/acts", page_of(ActTold), asks=ActsAsked)
    def _acts(ask: Ask, project_id: int) -> object:
        """List who did what, when and to what."""
        page = acts(ask.tx, ask.caller, project_id=project_id, **ask.said)
        return spread(page, parties.project(ask.tx, project_id).currency)

    return made
