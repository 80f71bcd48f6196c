"""An explanation that two people agreed on was wrong; two people take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from disburse.agreeing import agreed
from disburse.domain.access import Act, Caller
from disburse.domain.ledger import Kind, Transfer
from disburse.domain.open_item import (
    NAMES_OURS,
    Change,
    Explained,
    ExplanationRefused,
    undone,
)
from disburse.door import admit, by
from disburse.storage import acts, inbox, ledger, open_items
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.open_items import Explanation


def retract(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    explanation_id: int,
    reason: str,
    now: datetime,
) -> bool:
    """Post the reverse of what the explanation moved and open its items again; say if both agreed.

    Nothing is deleted: the first movement stands, and the second beside it. Raises `Short` where
    the money was used since, `ExplanationRefused` where something later rests on the explanation.
    """
    admit(tx, caller, Act.RETRACT, project_id)
    given = open_items.take_explanation(
        tx, project_id=project_id, explanation_id=explanation_id, state="endorsed"
    )
    who = by(caller, now)
    facts: dict[str, object] = {
        "kind": str(given.kind),
        "amount": given.amount,
        "names": given.names,
    }
    if not agreed(
        tx,
        by=who,
        act=Act.RETRACT,
        project_id=project_id,
        subject=("explanation", explanation_id),
        version=explanation_id,  # it is endorsed once, so its number says which it was
        facts=facts,
    ):
        return False
    reference = f"explanation:{given.id}"
    posted = ledger.posted(tx, project_id=project_id, reference=reference)
    _require_nothing_rests_on_it(tx, given)
    _open_again(tx, given, posted, who)
    open_items.retract(tx, given, at=now)
    acts.record(
        tx,
        Act.RETRACT,
        by=who,
        subject="explanation",
        subject_id=given.id,
        project_id=project_id,
        states=("endorsed", "retracted"),
        facts=facts | {"reason": reason},
    )
    back = [Transfer(Kind.CORRECT, f"{one.kind}:{reference}", one.amount) for one in posted]
    ledger.post(tx, project_id=project_id, account_id=given.account_id, transfers=back, at=now)
    return True


def _require_nothing_rests_on_it(tx: Transaction, given: Explanation) -> None:
    """Raise `ExplanationRefused` where what the bank booked since would not add up without it."""
    if given.kind in NAMES_OURS:
        total, booked = open_items.booked_for(
            tx, project_id=given.project_id, account_id=given.account_id, names=given.names
        )
        less = given.amount if given.kind is Explained.OWN_PAYMENT else -given.amount
        if not 0 <= booked - less <= total:
            raise ExplanationRefused(
                f"of {given.names} {booked} of {total} minor units are booked; without this "
                "explanation more would be than can: look at what was booked since",
                total=total,
                booked=booked,
            )


def _open_again(tx: Transaction, given: Explanation, posted: Sequence[Transfer], who: By) -> None:
    """Give the items back what the explanation took, lower number first; close what it opened."""
    absorbed = sum(one.amount for one in posted if one.kind is Kind.UNABSORB)
    for item_id in sorted(one for one in (given.item_id, given.fills_id) if one is not None):
        item = open_items.take(tx, project_id=given.project_id, item_id=item_id)
        changed = undone(given.kind, item, given.amount, unabsorbed=absorbed)
        open_items.reduce(tx, item, changed)
        if item.remaining == 0:
            detail = f"explanation {given.id} was retracted: {given.amount} minor units"
            inbox.ask_again(tx, item, detail=detail, at=who.at)
    if given.kind is Explained.ELSEWHERE:
        opened = open_items.take_opened(
            tx, project_id=given.project_id, cause=f"explanation:{given.id}"
        )
        if opened.remaining != opened.amount:
            raise ExplanationRefused(
                f"open item {opened.id}, which it opened, was explained since: retract that first"
            )
        open_items.reduce(tx, opened, Change(remaining=-opened.amount, absorbed=0))
