"""Two people say whose project an entry of a shared account is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from disburse.agreeing import agreed
from disburse.booking import UNASSIGNED
from disburse.domain.access import Act, Caller, Forbidden
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.open_item import OpenItem, Side
from disburse.door import admit, by
from disburse.storage import accounts, acts, inbox, ledger, open_items, parties
from disburse.storage.engine import Transaction
from disburse.storage.open_items import NoSuchOpenItem


def assign(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    item_id: int,
    reason: str,
    now: datetime,
) -> bool:
    """Move an open item from nobody's row of the account to the project's; say if both agreed.

    It stays open: what it was is explained there. Both people need the role on every project that
    is paid from the account, since what one gets another does not. Raises `Forbidden`,
    `NoSuchOpenItem`.
    """
    admit(tx, caller, Act.ASSIGN, project_id)
    item, sharing = _take(tx, caller, project_id, item_id)
    who = by(caller, now)
    facts: dict[str, object] = {"amount": item.amount}
    if not agreed(
        tx,
        by=who,
        act=Act.ASSIGN,
        project_id=project_id,
        subject=("item", item_id),
        version=item_id,  # it is assigned once, so its number says which it was
        facts=facts,
    ):
        return False
    for site in sharing:
        inbox.answer_entry(
            tx, project_id=site, account_id=item.account_id, cause=item.cause,
            resolution=f"assigned to project {project_id}: {reason}", by=who,
        )  # fmt: skip
    open_items.assign(tx, item, project_id)
    inbox.ask_again(tx, replace(item, project_id=project_id), detail=reason, at=now)
    acts.record(
        tx,
        Act.ASSIGN,
        by=who,
        subject="item",
        subject_id=item_id,
        project_id=project_id,
        facts=facts | {"reason": reason},
    )
    kind = _KIND[item.side]
    moved = {
        UNASSIGNED: Transfer(Kind.CORRECT, f"{kind}:{item.cause}", item.amount),
        project_id: Transfer(kind, item.cause, item.amount),
    }
    for site, transfer in moved.items():
        ledger.post(tx, project_id=site, account_id=item.account_id, transfers=[transfer], at=now)
    return True


_KIND: Final = {
    Side.CREDIT: Kind.BOOK_UNKNOWN_CREDIT,
    Side.DEBIT: Kind.BOOK_UNORDERED_DEBIT,
}


def _take(
    tx: Transaction, caller: Caller, project_id: int, item_id: int
) -> tuple[OpenItem, list[int]]:
    """Return the item, locked, and the projects paid from its account, all of them the caller's."""
    item = open_items.take(tx, project_id=UNASSIGNED, item_id=item_id)
    if item.account_id not in accounts.of_project(tx, project_id):
        raise NoSuchOpenItem(f"there is no open item {item_id} on an account of this project")
    sharing, own = parties.sharing(tx, item.account_id), parties.projects_of(tx, caller)
    if not all(site in own and caller.may(Act.ASSIGN, site) for site in sharing):
        raise Forbidden("the account is shared: it takes the role on every project paid from it")
    return item, sharing
