"""What is on a special account, or gone from it, and waits to be explained."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from disburse.booking import UNASSIGNED
from disburse.domain.access import Act, Caller
from disburse.queries.paging import PAGE_USUAL, Page, number_after, page, rows_for
from disburse.queries.scope import scope_of
from disburse.storage import accounts
from disburse.storage import open_items as stored
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationShown:
    """What one person said the item was; amounts in minor units."""

    id: int
    kind: str
    names: str  # the payment or file of ours, or ""
    amount: int
    reason: str
    state: str  # proposed, endorsed, dismissed, retracted
    explained_by: int  # persons
    endorsed_by: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemShown:
    """One amount in `suspense` (credit) or `missing` (debit)."""

    id: int
    side: str
    cause: str
    amount: int
    remaining: int
    absorbed: int  # of a debit: made good by free money meanwhile
    since: datetime
    booked_on: date | None
    text: str
    explanations: tuple[ExplanationShown, ...]


def open_items(
    tx: Transaction,
    caller: Caller,
    *,
    project_id: int,
    only_open: bool = True,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[OpenItemShown]:
    """Return one page of the project's open items, oldest first."""
    scope_of(tx, caller, Act.READ_BALANCE, project_id)
    return _page(tx, project_id, None, only_open=only_open, cursor=cursor, limit=limit)


def unassigned(
    tx: Transaction,
    caller: Caller,
    *,
    project_id: int,
    only_open: bool = True,
    cursor: str | None = None,
    limit: int = PAGE_USUAL,
) -> Page[OpenItemShown]:
    """Return one page of what is on the project's accounts and of no single project, likewise."""
    scope_of(tx, caller, Act.READ_BALANCE, project_id)
    here = accounts.of_project(tx, project_id)
    return _page(tx, UNASSIGNED, here, only_open=only_open, cursor=cursor, limit=limit)


def _page(
    tx: Transaction,
    project_id: int,
    account_ids: list[int] | None,
    *,
    only_open: bool,
    cursor: str | None,
    limit: int,
) -> Page[OpenItemShown]:
    rows = stored.page(
        tx,
        project_id=project_id,
        account_ids=account_ids,
        only_open=only_open,
        after=number_after(cursor),
        limit=rows_for(limit),
    )
    shown = [
        OpenItemShown(
            **row | {"explanations": tuple(ExplanationShown(**x) for x in row["explanations"])}
        )
        for row in rows
    ]
    return page(shown, limit, lambda row: (row.id,))
