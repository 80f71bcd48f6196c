"""The subcontractor takes a sheet back, by a signed order."""

from __future__ import annotations

from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.lifecycle.sheet import Action
from disburse.domain.orders import read_withdrawal
from disburse.door import admit, by
from disburse.payables import let_go
from disburse.signers import signer_of
from disburse.signing import NOBODY, Trust
from disburse.storage import kept_bytes, sheets
from disburse.storage.engine import Transaction
from disburse.storage.sheets import NoSuchSheet, Sheet


def withdraw(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    sheet_id: int,
    content: bytes,
    signature: str,
    trust: Trust = NOBODY,
    now: datetime,
) -> Sheet:
    """Void the sheet on the signed order in `content`; see `domain.orders`."""
    admit(tx, caller, Act.WITHDRAW, project_id)
    own = caller.organisation_id
    key = signer_of(tx, content, signature, organisation_id=own, trust=trust, now=now)
    sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
    if sheet.employer_id != caller.organisation_id:
        raise NoSuchSheet(f"there is no sheet {sheet_id} of yours on this project")
    order = read_withdrawal(content, sheet_digest=sheet.digest)
    kept = kept_bytes.keep(
        tx,
        project_id=project_id,
        media_type="application/json",
        content=content,
        at=now,
        employer_id=own,
    )
    moved = sheets.advance(
        tx,
        sheet,
        Action.WITHDRAW,
        by=by(caller, now),
        new_round=True,
        facts={"reason": order.reason, "kid": key.kid, "order": kept},
    )
    let_go(tx, moved, at=now)
    return moved
