"""Who did what, when and to what: the acts on a project, oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from disburse.domain.access import Act, Caller
from disburse.queries.paging import PAGE_USUAL, Page, number_after, page, rows_for
from disburse.queries.scope import scope_of
from disburse.storage import history
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ActDone:
    """One act; `facts` hold digests and amounts, never a worker's data."""

    id: int
    at: datetime
    act: str
    subject: str
    subject_id: str
    sheet_id: int | None
    member: str | None  # the account's name; None: the clock, through the worker loop
    acting_for: str | None  # the name of the colleague whose role was lent
    organisation: str | None
    state_before: str | None
    state_after: str | None
    facts: Mapping[str, Any]


def acts(
    tx: Transaction,
    caller: Caller,
    *,
    project_id: int,
    sheet_id: int | None = None,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[ActDone]:
    """Return one page of a project's acts, or of one sheet's; a subcontractor sees its own sheets'.

    This pages through what is there. It is no feed: an act with a lower number can be committed
    after one with a higher, so whoever must miss none reads again from the start of the day.
    """
    scope = scope_of(tx, caller, Act.READ_PAYOUTS, project_id)
    rows = history.acts(
        tx,
        project_id=project_id,
        employer_id=scope.employer_id,
        sheet_id=sheet_id,
        after=number_after(cursor),
        limit=rows_for(limit),
    )
    return page([ActDone(**row) for row in rows], limit, lambda row: (row.id,))
