"""A person says what an open item was."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.open_item import (
    Explained,
    ExplanationRefused,
    OpenItem,
    change,
    require_fitting,
)
from disburse.door import admit, by
from disburse.storage import acts, open_items
from disburse.storage.engine import Transaction
from disburse.storage.ledger import NoSuchAccount
from disburse.storage.open_items import Explanation


def explain(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    kind: Explained,
    amount: int,
    reason: str,
    item_id: int | None = None,
    fills_id: int | None = None,
    names: str = "",
    evidence_digest: str = "",
    now: datetime,
) -> int:
    """Keep the explanation until another person endorses it; return its number.

    Raises `ExplanationRefused` when it cannot be true: another column, more than is open, or a
    payment that this account never made.
    """
    project = admit(tx, caller, Act.EXPLAIN, project_id)
    require_other_person(caller.persons)
    who = by(caller, now)
    if project.account_id is None:
        raise NoSuchAccount("the project has no special account yet")
    item = _item(tx, project_id, item_id)
    other = _item(tx, project_id, fills_id)
    require_fitting(kind, item, names=names, other=other)
    for one in (item, other):
        if one is not None:
            change(kind, one, amount)
    given = Explanation(
        project_id=project_id,
        id=0,
        account_id=item.account_id if item else project.account_id,
        kind=kind,
        item_id=item_id,
        fills_id=fills_id,
        names=names,
        amount=amount,
        reason=particulars.nameless("reason", reason),
        state="proposed",
        explained_by=who.person_id or 0,
        explained_for=who.for_person,
    )
    _require_ours(tx, given)
    number = open_items.explain(tx, given, evidence_digest=evidence_digest, by=who)
    acts.record(
        tx,
        Act.EXPLAIN,
        by=who,
        subject="explanation",
        subject_id=number,
        project_id=project_id,
        states=(None, "proposed"),
        facts={"kind": kind, "amount": amount, "names": names, "evidence": evidence_digest},
    )
    return number


def _require_ours(tx: Transaction, given: Explanation) -> None:
    """Raise `ExplanationRefused` when it names what this account never paid, or not so much."""
    if not given.names:
        return
    total, _ = open_items.booked_for(
        tx, project_id=given.project_id, account_id=given.account_id, names=given.names
    )
    if not 0 < given.amount <= total:
        raise ExplanationRefused(
            f"{given.names} is no payment or file of this account that comes to that much",
            total=total,
        )


def _item(tx: Transaction, project_id: int, item_id: int | None) -> OpenItem | None:
    return None if item_id is None else open_items.take(tx, project_id=project_id, item_id=item_id)
