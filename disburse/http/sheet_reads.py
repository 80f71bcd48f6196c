"""Questions about payroll sheets."""

from __future__ import annotations

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
from disburse.storage import parties
from disburse.storage.views import LineState

HERE = "/projects/<number:project_id>/sheets"
ONE = f"{HERE}/<number:sheet_id>"


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

    @made.reads(f"{ONE}/root", AttestableTold)
    def _root(ask: Ask, **sheet: int) -> object:
        """Tell what an approver of this sheet would attest now."""
        return sheets.to_approve(ask.tx, ask.caller, **sheet)
