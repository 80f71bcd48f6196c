"""Questions about payroll sheets."""

from __future__ import annotations

from marshmallow import Schema, fields

from disburse.domain.lifecycle.sheet import State
from disburse.http.answers import page_of
from disburse.http.asks import Month, PageAsked, a_choice, a_filter
from disburse.http.routes import Ask, Desk, Routes
from disburse.http.sheet_answers import (
    AttestableTold,
    BlockerTold,
    LineTold,
    SheetDetailTold,
    SheetRowTold,
    blocker,
    detail,
)
from disburse.http.spread import spread
from disburse.queries import sheets
from disburse.queries.evidence import evidence
from disburse.storage import parties
from disburse.storage.views import LineState

HERE = "/projects/<number:project_id>/sheets"
ONE = f"{HERE}/<number:sheet_id>"


class KeyRecordTold(Schema):
    """A signing key as it is kept for good."""

    kid = fields.String()
    organisation_id = fields.Integer()
    algorithm = fields.String()
    public_jwk = fields.String()
    purpose = fields.String()
    valid_from = fields.DateTime()
    valid_to = fields.DateTime()
    revoked_at = fields.DateTime(allow_none=True)
    revoked_as_compromised = fields.Boolean()
    confirmed_at = fields.DateTime(allow_none=True)
    successor_of = fields.String(allow_none=True)
    certificate = fields.String(allow_none=True)


class EvidenceTold(Schema):
    """A kept signature, when it arrived, and the key that made it."""

    sha256 = fields.String()
    signature = fields.String()
    received_at = fields.DateTime()
    organisation = fields.String()
    organisation_name = fields.String()
    key = fields.Nested(KeyRecordTold)


class SheetsAsked(PageAsked):
    """Which sheets."""

    period = Month(load_default=None)
    subcontractor_id = a_filter()
    state = a_choice(State)


class EverySheetAsked(SheetsAsked):
    """Which sheets, of which project."""

    project_id = a_filter()


class LinesAsked(PageAsked):
    """Which lines."""

    state = a_choice(LineState)


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("sheet_reads", desk, topic="sheets")
    _lists(made)
    _one(made)
    return made


def _lists(made: Routes) -> None:
    @made.reads("/sheets", page_of(SheetRowTold), asks=EverySheetAsked)
    def _every_sheet(ask: Ask) -> object:
        """List the sheets that the caller may see, on all projects."""
        return sheets.sheets(ask.tx, ask.caller, **ask.said)

    @made.reads(HERE, page_of(SheetRowTold), asks=SheetsAsked)
    def _sheets(ask: Ask, project_id: int) -> object:
        """List a project's sheets."""
        return sheets.sheets(ask.tx, ask.caller, project_id=project_id, **ask.said)


def _one(made: Routes) -> None:
    @made.reads(ONE, SheetDetailTold)
    def _sheet(ask: Ask, **sheet: int) -> object:
        """Tell one sheet: its state, how far each line is, and whether there is money."""
        return detail(sheets.sheet(ask.tx, ask.caller, now=ask.now, **sheet))

    @made.reads(f"{ONE}/lines", page_of(LineTold), asks=LinesAsked)
    def _lines(ask: Ask, project_id: int, sheet_id: int) -> object:
        """List a sheet's lines, masked."""
        page = sheets.lines(
            ask.tx, ask.caller, project_id=project_id, sheet_id=sheet_id, **ask.said
        )
        return spread(page, parties.project(ask.tx, project_id).currency)

    @made.reads(f"{ONE}/blockers", page_of(BlockerTold), asks=PageAsked)
    def _blockers(ask: Ask, project_id: int, sheet_id: int) -> object:
        """List what keeps lines of a sheet from being paid, masked."""
        page = sheets.blockers(
            ask.tx, ask.caller, project_id=project_id, sheet_id=sheet_id, **ask.said
        )
        return {"rows": [blocker(row) for row in page.rows], "following": page.following}

    @made.reads(f"{ONE}/evidence", EvidenceTold)
    def _evidence(ask: Ask, **sheet: int) -> object:
        """Tell what checking the sheet's signature again takes: `disburse sheet verify`."""
        return spread(evidence(ask.tx, ask.caller, **sheet))

    @made.reads(f"{ONE}/root", AttestableTold)
    def _root(ask: Ask, **sheet: int) -> object:
        """Tell what an approver of this sheet would attest now."""
        return sheets.to_approve(ask.tx, ask.caller, **sheet)
