"""What people must look at: answers and entries that do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.queries.paging import PAGE_USUAL, Page, number_after, page, rows_for
from disburse.queries.scope import scope_of
from disburse.storage import figures
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyShown:
    """One thing that does not fit; `red`: money may be lost or paid twice, look today."""

    id: int
    code: str
    red: bool
    reference: str
    detail: str
    at: datetime
    report: str | None  # digest of the report or statement
    record: int | None
    resolved_by: int | None  # the person
    resolved_at: datetime | None
    resolution: str | None


def anomalies(
    tx: Transaction,
    caller: Caller,
    *,
    project_id: int,
    only_open: bool = True,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[AnomalyShown]:
    """Return one page of the project's anomalies, oldest first."""
    scope_of(tx, caller, Act.READ_ANOMALIES, project_id)
    rows = figures.anomalies(
        tx,
        project_id=project_id,
        only_open=only_open,
        after=number_after(cursor),
        limit=rows_for(limit),
    )
    return page([AnomalyShown(**row) for row in rows], limit, lambda row: (row.id,))
