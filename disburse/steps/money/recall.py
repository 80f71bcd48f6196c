"""Declared money will not come after all."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.ledger import Balance, Kind, Transfer
from disburse.domain.lifecycle.edges import WrongState
from disburse.door import admit, by
from disburse.storage import acts, funding, ledger, open_items
from disburse.storage.engine import Transaction


def recall(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    declaration_id: int,
    reason: str,
    now: datetime,
) -> Balance:
    """Take the declared money back: what is still free goes, what was used is missing."""
    admit(tx, caller, Act.RECALL, project_id)
    require_other_person(caller.persons)
    declared = funding.take(tx, project_id=project_id, declaration_id=declaration_id)
    if declared.state not in {"declared", "vouched"}:
        raise WrongState(f"declaration {declaration_id} is {declared.state} already")
    account = {"project_id": project_id, "account_id": declared.account_id}
    funding.move(tx, declared, "recalled")
    acts.record(
        tx,
        Act.RECALL,
        by=by(caller, now),
        subject="declaration",
        subject_id=declaration_id,
        project_id=project_id,
        states=(declared.state, "recalled"),
        facts={"amount": declared.amount, "reason": reason},
    )
    if declared.state == "declared":
        return ledger.balance_of(tx, **account)
    free = ledger.lock(tx, **account).free
    amount = declared.amount - declared.confirmed
    reference = f"declaration:{declaration_id}"
    parts = ((Kind.REVOKE, min(free, amount)), (Kind.REVOKE_SHORT, amount - min(free, amount)))
    transfers = [Transfer(kind, reference, part) for kind, part in parts if part]
    open_items.open_for(tx, **account, transfers=transfers, by=by(caller, now))
    return ledger.post(tx, **account, transfers=transfers, at=now)
