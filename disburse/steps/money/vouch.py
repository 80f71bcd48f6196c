"""A second person vouches for declared money; from now on it counts, and shows apart."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.approval import require_other_person
from disburse.domain.ledger import Balance, Kind, Transfer
from disburse.domain.lifecycle.edges import WrongState
from disburse.door import admit, by
from disburse.storage import acts, funding, ledger
from disburse.storage.engine import Transaction


def vouch(
    tx: Transaction, *, caller: Caller, project_id: int, declaration_id: int, now: datetime
) -> Balance:
    """Post the declared money as awaited; the voucher must be another person than the declarer."""
    admit(tx, caller, Act.VOUCH, project_id)
    declared = funding.take(tx, project_id=project_id, declaration_id=declaration_id)
    require_other_person(caller.persons, declared.declared_by, declared.declared_for)
    if declared.state != "declared":
        raise WrongState(f"declaration {declaration_id} is {declared.state} already")
    funding.move(tx, declared, "vouched", vouched_by=by(caller, now))
    acts.record(
        tx,
        Act.VOUCH,
        by=by(caller, now),
        subject="declaration",
        subject_id=declaration_id,
        project_id=project_id,
        states=(declared.state, "vouched"),
        facts={"amount": declared.amount},
    )
    return ledger.post(
        tx,
        project_id=project_id,
        account_id=declared.account_id,
        transfers=[Transfer(Kind.DECLARE, f"declaration:{declaration_id}", declared.amount)],
        at=now,
    )
