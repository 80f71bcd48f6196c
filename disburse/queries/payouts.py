"""The payout history: what was paid to whom, by project, month, subcontractor, worker and state."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from disburse.domain.access import Act, Caller
from disburse.domain.identity import mask_account, mask_id, mask_name, normalise
from disburse.domain.lifecycle.attempt import State
from disburse.domain.money import write
from disburse.domain.sheet import IdType
from disburse.queries.paging import PAGE_USUAL, Page, page, read_cursor, rows_for
from disburse.queries.scope import scope_of
from disburse.storage import history, workers
from disburse.storage.engine import Transaction
from disburse.storage.history import Selection

# What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection").
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
_BYTE_ORDER_MARK: Final = "\ufeff"  # without it Excel reads UTF-8 as the machine's own code page


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which payments; None leaves a condition out. `project_id` None: all the caller may see."""

    project_id: int | None = None
    period_from: date | None = None  # first day of a month, likewise `period_to`, both included
    period_to: date | None = None
    subcontractor_id: int | None = None
    worker_id: int | None = None  # the number on the project's roster
    id_type: IdType = IdType.RESIDENT_CARD
    id_number: str | None = None  # finds a person on every project; compared by keyed digest only
    state: State | None = None
    reference: str | None = None  # what the bank knows: of the payment or of its file


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One payment to one worker, masked; amounts in minor units."""

    project_id: int
    project: str  # its code
    period: date
    sheet_id: int
    line: int
    attempt: int
    reference: str
    subcontractor_id: int
    subcontractor: str  # its name
    kind: str  # of the sheet: regular, back_pay, …
    worker_id: int | None
    name: str  # masked, as are the next two
    id_number: str
    account: str
    bank_name: str
    amount: int
    currency: str
    state: State
    pay_on: date
    file_reference: str | None
    answered_on: date | None
    reason: str  # the bank's code


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How many payments of one currency are in one state, and what they add up to."""

    currency: str
    state: State
    count: int
    amount: int


def payouts(
    tx: Transaction,
    caller: Caller,
    wanted: Wanted,
    *,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[Payout]:
    """Return one page of payments, by project, month, sheet and line; void ones are among them.

    Raises `NoSuchParty` and `Forbidden` as every query, `BadPage` for a cursor of another list.
    """
    after = read_cursor(cursor, int, date, int, int, int)
    selection = _selection(tx, caller, wanted)
    rows = history.payouts(tx, selection, after=after, limit=rows_for(limit))
    return page([_payout(row) for row in rows], limit, _key)


def totals(tx: Transaction, caller: Caller, wanted: Wanted) -> tuple[Total, ...]:
    """Return count and sum of the wanted payments by currency and state."""
    rows = history.totals(tx, _selection(tx, caller, wanted))
    return tuple(Total(**{**row, "state": State(row["state"])}) for row in rows)


def every(tx: Transaction, caller: Caller, wanted: Wanted) -> Iterator[Payout]:
    """Walk all the wanted payments at constant memory, while the transaction is open."""
    selection = _selection(tx, caller, wanted)
    return (_payout(row) for row in history.payouts(tx, selection))


def as_csv(tx: Transaction, caller: Caller, wanted: Wanted) -> Iterator[str]:
    """Write the wanted payments as CSV (RFC 4180), line by line, while the transaction is open.

    Amounts are decimal text of the row's currency. No cell can start a formula.
    """
    rows = every(tx, caller, wanted)  # now, so that a refusal comes before the first line
    return _csv(rows)


def _csv(rows: Iterable[Payout]) -> Iterator[str]:
    names = [field.name for field in fields(Payout)]
    yield _BYTE_ORDER_MARK + _line(names)
    for row in rows:
        cells = {name: getattr(row, name) for name in names}
        cells |= {"amount": write(row.amount, row.currency), "period": f"{row.period:%Y-%m}"}
        yield _line("" if cell is None else str(cell) for cell in cells.values())


def _line(cells: Iterable[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream).writerow(
        f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells
    )
    return stream.getvalue()


def _selection(tx: Transaction, caller: Caller, wanted: Wanted) -> Selection:
    scope = scope_of(tx, caller, Act.READ_PAYOUTS, wanted.project_id)
    person = None
    if wanted.id_number is not None:
        number = normalise(wanted.id_type, wanted.id_number)
        person = workers.index(tx).of_identity(wanted.id_type, number)
    return Selection(
        project_ids=scope.project_ids,
        own_employer_id=scope.employer_id,
        employer_id=wanted.subcontractor_id,
        period_from=wanted.period_from,
        period_to=wanted.period_to,
        worker_id=wanted.worker_id,
        person=person,
        state=wanted.state,
        reference=wanted.reference,
    )


def _payout(row: Mapping[str, Any]) -> Payout:
    return Payout(
        **{
            **row,
            "name": mask_name(row["name"]),
            "id_number": mask_id(row["id_number"]),
            "account": mask_account(row["account"]),
            "state": State(row["state"]),
        }
    )


def _key(row: Payout) -> tuple[int | date, ...]:
    return row.project_id, row.period, row.sheet_id, row.line, row.attempt
