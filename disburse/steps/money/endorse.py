"""Another person agrees with an explanation; now the money moves."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.ledger import Balance, Transfer
from disburse.domain.open_item import (
    NAMES_OURS,
    Change,
    Explained,
    ExplanationRefused,
    change,
    transfers,
)
from disburse.door import admit, by
from disburse.storage import acts, inbox, ledger, open_items
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.open_items import Explanation


def endorse(
    tx: Transaction, *, caller: Caller, project_id: int, explanation_id: int, now: datetime
) -> Balance:
    """Post what the explanation says, or raise and change nothing.

    The endorser is another person than who explained. A payment is never booked beyond what it
    comes to, and nothing comes back that was not booked.
    """
    admit(tx, caller, Act.ENDORSE, project_id)
    given = open_items.take_explanation(tx, project_id=project_id, explanation_id=explanation_id)
    require_other_person(caller.persons, given.explained_by, given.explained_for)
    who = by(caller, now)
    posted = _reduced(tx, given, who)
    _require_booked_within(tx, given)
    open_items.end(tx, given, "endorsed", by=who)
    acts.record(
        tx,
        Act.ENDORSE,
        by=who,
        subject="explanation",
        subject_id=given.id,
        project_id=project_id,
        states=("proposed", "endorsed"),
        facts={"kind": given.kind, "amount": given.amount, "names": given.names},
    )
    account = {"project_id": project_id, "account_id": given.account_id}
    open_items.open_for(tx, **account, transfers=posted, by=who)
    return ledger.post(tx, **account, transfers=posted, at=now)


def _reduced(tx: Transaction, given: Explanation, who: By) -> list[Transfer]:
    """Take the explained amount off its items, lower number first; return what is to be posted."""
    done = Change(remaining=0, absorbed=0)
    for item_id in sorted(one for one in (given.item_id, given.fills_id) if one is not None):
        item = open_items.take(tx, project_id=given.project_id, item_id=item_id)
        changed = change(given.kind, item, given.amount)
        if open_items.reduce(tx, item, changed) == 0:
            inbox.answer_entry(
                tx, project_id=given.project_id, account_id=given.account_id, cause=item.cause,
                resolution=f"explanation {given.id}: {given.kind}", by=who,
            )  # fmt: skip
        if item_id == given.item_id:
            done = changed
    reference = f"explanation:{given.id}"
    return transfers(given.kind, done, amount=given.amount, reference=reference)


def _require_booked_within(tx: Transaction, given: Explanation) -> None:
    if given.kind not in NAMES_OURS:
        return
    total, booked = open_items.booked_for(
        tx, project_id=given.project_id, account_id=given.account_id, names=given.names
    )
    more = given.amount if given.kind is Explained.OWN_PAYMENT else -given.amount
    if not 0 <= booked + more <= total:
        raise ExplanationRefused(
            f"{given.names} comes to {total} minor units, {booked} are booked; "
            f"{given.amount} more {'out' if more > 0 else 'back'} cannot be",
            total=total,
            booked=booked,
        )
