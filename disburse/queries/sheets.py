"""Sheets with their progress: where every line stands, is there money, what approvers attest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from disburse.domain.access import Act, Caller
from disburse.domain.coverage import Coverage, cover
from disburse.domain.identity import mask_account, mask_id, mask_name
from disburse.domain.lifecycle.sheet import State
from disburse.domain.policy import Policy
from disburse.door import day
from disburse.payables import root
from disburse.queries.paging import PAGE_USUAL, Page, number_after, page, rows_for
from disburse.queries.scope import Scope, scope_of
from disburse.storage import approvals, ledger, parties, views
from disburse.storage.engine import Transaction
from disburse.storage.sheets import NoSuchSheet, Sheet
from disburse.storage.views import LineState, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetShown:
    """A sheet as lists show it; amounts in minor units."""

    project_id: int
    project: str
    id: int
    period: date
    subcontractor_id: int
    subcontractor: str
    kind: str
    number: int
    currency: str
    pay_on: date
    head_count: int
    total_net: int
    digest: str
    state: State
    received_at: datetime
    reviewed_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a sheet is, as a view over its lines; each line is in exactly one tally."""

    lines: Mapping[LineState, Tally]
    settled: bool  # exported, and every funded line is paid
    answered: bool  # exported, and the bank's word on every payment is final for now
    arrears: int  # owed and not paid, minor units; nothing once the sheet is rejected or withdrawn
    open_blockers: int  # findings that nobody cleared, on lines that are not set aside


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDetail:
    """One sheet, how far it is, and whether there is money for it."""

    sheet: SheetShown
    progress: Progress
    covered: bool | None  # None once it is funded, or has ended
    coverage: Coverage | None  # the figures, for callers who may read the account's balance


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShown:
    """One line, masked; amounts in minor units."""

    number: int
    worker_id: int | None
    name: str
    id_number: str
    account: str
    bank_name: str
    team: str
    trade: str
    gross: int
    deductions: int
    net: int
    state: LineState
    reference: str | None  # of the latest attempt


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockerShown:
    """A finding on a line; `shown` is the value, masked."""

    line: int
    code: str
    field: str
    shown: str
    facts: Mapping[str, Any]
    clearable: bool
    cleared: bool
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestable:
    """What an approver attests: exactly these payments, on these terms."""

    root: str  # hand it back to `approve` as `root_seen`
    lines: str  # such as "1-4,6-120"
    count: int
    total: int
    currency: str
    special_account: str
    pay_on: date
    sheet_digest: str
    needed: int  # approvers
    given: tuple[int, ...]  # persons who approved this round


def sheets(
    tx: Transaction,
    caller: Caller,
    *,
    project_id: int | None = None,
    period: date | None = None,
    subcontractor_id: int | None = None,
    state: State | None = None,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[SheetShown]:
    """Return one page of the sheets that the caller may see, in order of receipt."""
    scope = scope_of(tx, caller, Act.READ_SHEETS, project_id)
    rows = views.sheets(
        tx,
        project_ids=scope.project_ids,
        own_employer_id=scope.employer_id,
        employer_id=subcontractor_id,
        period=period,
        state=state,
        after=number_after(cursor),
        limit=rows_for(limit),
    )
    return page([_shown(row) for row in rows], limit, lambda row: (row.id,))


def sheet(
    tx: Transaction, caller: Caller, *, project_id: int, sheet_id: int, now: datetime
) -> SheetDetail:
    """Return one sheet, or raise `NoSuchSheet`, also for another subcontractor's."""
    stored, scope = _find(tx, caller, project_id, sheet_id)
    rows = views.sheets(
        tx,
        project_ids=scope.project_ids,
        own_employer_id=scope.employer_id,
        after=sheet_id - 1,
        limit=1,
    )
    coverage = _coverage(tx, stored, now)
    return SheetDetail(
        sheet=_shown(rows[0]),
        progress=_progress(tx, stored),
        covered=coverage.covered if coverage else None,
        coverage=coverage if caller.may(Act.READ_BALANCE, project_id) else None,
    )


def lines(
    tx: Transaction,
    caller: Caller,
    *,
    project_id: int,
    sheet_id: int,
    state: LineState | None = None,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[LineShown]:
    """Return one page of a sheet's lines, all of them or those in one state."""
    stored, _ = _find(tx, caller, project_id, sheet_id)
    rows = views.lines(tx, stored, state=state, after=number_after(cursor), limit=rows_for(limit))
    return page([_line(row) for row in rows], limit, lambda row: (row.number,))


def blockers(
    tx: Transaction,
    caller: Caller,
    *,
    project_id: int,
    sheet_id: int,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[BlockerShown]:
    """Return one page of what keeps lines of a sheet from being paid; whole lines to a page."""
    stored, _ = _find(tx, caller, project_id, sheet_id)
    rows = views.blockers(tx, stored, after=number_after(cursor), lines=rows_for(limit))
    found = [BlockerShown(**row) for row in rows]
    numbers = sorted({row.line for row in found})
    cut = page(numbers, limit, lambda number: (number,))
    last = cut.rows[-1] if cut.rows else 0
    return Page(tuple(row for row in found if row.line <= last), cut.following)


def to_approve(tx: Transaction, caller: Caller, *, project_id: int, sheet_id: int) -> Attestable:
    """Return what an approver of this sheet would attest now: its funded lines and their root."""
    stored, _ = _find(tx, caller, project_id, sheet_id)
    project = parties.project(tx, project_id)
    what = root(tx, stored)
    return Attestable(
        root=what.digest,
        lines=what.lines,
        count=what.count,
        total=what.total,
        currency=stored.currency,
        special_account=views.account_number(tx, stored.account_id),
        pay_on=stored.pay_on,
        sheet_digest=stored.digest,
        needed=Policy.read(project.policy).approvers_needed(what.total),
        given=tuple(one.approver for one in approvals.current(tx, stored)),
    )


def _find(tx: Transaction, caller: Caller, project_id: int, sheet_id: int) -> tuple[Sheet, Scope]:
    scope = scope_of(tx, caller, Act.READ_SHEETS, project_id)
    stored = views.sheet(tx, project_id=project_id, sheet_id=sheet_id)
    if stored is None or scope.employer_id not in {None, stored.employer_id}:
        raise NoSuchSheet(f"there is no sheet {sheet_id} on this project")
    return stored, scope


def _progress(tx: Transaction, stored: Sheet) -> Progress:
    tallies = views.progress(tx, stored)
    exported = stored.state is State.EXPORTED
    funded = {state for state in tallies if state in views.FUNDED_LINES}
    return Progress(
        lines=tallies,
        settled=exported and funded == {LineState.PAID},
        answered=exported and funded <= views.ANSWERED_LINES,
        arrears=sum(
            tally.amount
            for state, tally in tallies.items()
            if state not in {LineState.PAID, LineState.VOID}
        ),
        open_blockers=views.open_blockers(tx, stored),
    )


def _coverage(tx: Transaction, stored: Sheet, now: datetime) -> Coverage | None:
    if stored.state not in {State.RECEIVED, State.REVIEWED}:
        return None
    project = parties.project(tx, stored.project_id)
    return cover(
        ledger.balance_of(tx, project_id=stored.project_id, account_id=stored.account_id),
        needed=views.needed(tx, stored),
        due_on=stored.pay_on,
        payer=project.owner_name,
        today=day(project, now),
    )


def _shown(row: Mapping[str, Any]) -> SheetShown:
    return SheetShown(**{**row, "state": State(row["state"])})


def _line(row: Mapping[str, Any]) -> LineShown:
    return LineShown(
        **{
            **row,
            "name": mask_name(row["name"]),
            "id_number": mask_id(row["id_number"]),
            "account": mask_account(row["account"]),
            "state": LineState(row["state"]),
        }
    )
