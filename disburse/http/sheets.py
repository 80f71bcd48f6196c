"""The routes of a payroll sheet's life; one route, one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib import import_module
from typing import Any, Final

from marshmallow import Schema

from disburse import sheetfile
from disburse.domain.orders import ORDER_BYTES_MAX
from disburse.domain.refusal import Refusal
from disburse.http import problems
from disburse.http.asks import ReasonAsked, a_digest, a_number, a_reason, a_text
from disburse.http.routes import JSON, Ask, Bytes, Desk, Routes
from disburse.http.sheet_answers import ExportedTold, FilesWrittenTold, ReceivedTold, SheetTold
from disburse.http.spread import spread
from disburse.sheetfile.draft import BYTES_MAX
from disburse.steps.bank.bundle import bundle
from disburse.steps.payroll import receive as receiving
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.cancel import cancel
from disburse.steps.payroll.clear import clear
from disburse.steps.payroll.export import export
from disburse.steps.payroll.fund import fund
from disburse.steps.payroll.reinstate import reinstate
from disburse.steps.payroll.reject import reject
from disburse.steps.payroll.review import review
from disburse.steps.payroll.revoke import revoke
from disburse.steps.payroll.set_aside import set_aside
from disburse.steps.payroll.unfund import unfund
from disburse.steps.payroll.withdraw import withdraw
from disburse.storage.sheets import Sheet

ONE = "/<number:sheet_id>"


class LineAsked(Schema):
    """One line, and why."""

    line = a_number()
    reason = a_reason()


class ClearAsked(LineAsked):
    """One finding on one line, and why the line may be paid all the same."""

    finding = a_text(64)


class ApproveAsked(Schema):
    """The root that the approver was shown by `GET …/root`."""

    root_seen = a_digest()


# What each step wants to be told, besides who asks, when, and for which sheet.
STEPS: Final[Mapping[Callable[..., Sheet], type[Schema] | None]] = {
    set_aside: LineAsked,
    reinstate: LineAsked,
    clear: ClearAsked,
    review: None,
    fund: None,
    unfund: ReasonAsked,
    approve: ApproveAsked,
    revoke: ReasonAsked,
    cancel: ReasonAsked,
    reject: ReasonAsked,
}


def routes(desk: Desk) -> Routes:
    """Make the routes around what they need."""
    made = Routes("sheets", desk, prefix="/v1/projects/<number:project_id>/sheets")
    _receive(made)
    for step, asks in STEPS.items():
        _step(made, step, asks)
    _files(made)
    _withdraw(made)
    return made


def _receive(made: Routes) -> None:
    def note(ask: Ask, refusal: Refusal, place: Mapping[str, Any]) -> None:
        receiving.note_refusal(
            ask.tx,
            caller=ask.caller,
            content=ask.content,
            refusal=refusal,
            now=ask.now,
            **place,
        )

    sheet = Bytes(
        media_types=(sheetfile.JSON, sheetfile.XLSX, sheetfile.CSV),
        bytes_max=BYTES_MAX,
        signed=True,
        note=note,
    )

    @made.changes("", ReceivedTold, takes=sheet, status=HTTPStatus.CREATED)
    def _receive(ask: Ask, project_id: int) -> object:
        """Submit a signed payroll sheet: all of it is taken, or nothing."""
        taken = receiving.receive(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            content=ask.content,
            media_type=ask.media_type,
            signature=ask.signature,
            banks=made.desk.banks,
            trust=made.desk.trust,
            now=ask.now,
        )
        return {
            "sheet": taken.sheet,
            "covered": taken.coverage.covered,
            "coverage": spread(taken.coverage, taken.sheet.currency),
            **problems.findings(taken.findings),
        }


def _step(made: Routes, step: Callable[..., Sheet], asks: type[Schema] | None) -> None:
    """Let a step that gives back the moved sheet be asked for under its own name."""

    def view(ask: Ask, **sheet: Any) -> object:  # noqa: ANN401
        return step(ask.tx, caller=ask.caller, now=ask.now, **ask.said, **sheet)

    view.__name__ = step.__name__
    view.__doc__ = import_module(step.__module__).__doc__
    made.changes(f"{ONE}/{step.__name__}", SheetTold, asks=asks)(view)


def _files(made: Routes) -> None:
    @made.changes(f"{ONE}/export", ExportedTold)
    def _export(ask: Ask, project_id: int, sheet_id: int) -> object:
        """Write the bank files, and prove each."""
        moved, files = export(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            sheet_id=sheet_id,
            banks=made.desk.banks,
            now=ask.now,
        )
        return {"sheet": moved, "files": files}

    @made.changes(f"{ONE}/bundle", FilesWrittenTold)
    def _bundle(ask: Ask, project_id: int, sheet_id: int) -> object:
        """Write the bank files of countersigned reissues."""
        files = bundle(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            sheet_id=sheet_id,
            banks=made.desk.banks,
            now=ask.now,
        )
        return {"files": files}


def _withdraw(made: Routes) -> None:
    order = Bytes(media_types=(JSON,), bytes_max=ORDER_BYTES_MAX, signed=True)

    @made.changes(f"{ONE}/withdraw", SheetTold, takes=order)
    def _withdraw(ask: Ask, project_id: int, sheet_id: int) -> object:
        """Take the sheet back, by the subcontractor's signed order."""
        return withdraw(
            ask.tx,
            caller=ask.caller,
            project_id=project_id,
            sheet_id=sheet_id,
            content=ask.content,
            signature=ask.signature,
            trust=made.desk.trust,
            now=ask.now,
        )
