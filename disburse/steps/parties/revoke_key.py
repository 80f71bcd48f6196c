"""A key signs no more; if it fell into other hands, nothing it signed is paid unseen."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller, Role
from disburse.domain.lifecycle.sheet import Action
from disburse.door import by, enter
from disburse.storage import acts, keys, parties, sheets
from disburse.storage.engine import Transaction
from disburse.storage.keys import NoSuchKey
from disburse.storage.sheets import Sheet


def revoke_key(
    tx: Transaction,
    *,
    caller: Caller,
    registration: str,
    kid: str,
    compromised: bool,
    reason: str,
    now: datetime,
) -> list[Sheet]:
    """Revoke the organisation's key, and return the sheets whose approval is void because of it.

    A signer revokes keys of the own organisation only. `compromised`: the key was never good, so
    approved sheets that it signed go back to `funded`. Raises `NoSuchKey`.
    """
    enter(tx, caller, Act.REVOKE_KEY)
    organisation = parties.organisation(tx, particulars.registration(registration))
    administers = Role.ADMINISTRATOR in caller.roles_on(None)
    if not administers and organisation.id != caller.organisation_id:
        raise NoSuchKey(f"your organisation has no key {kid}")
    facts: dict[str, object] = {
        "reason": particulars.reason(reason),
        "compromised": compromised,
        "organisation": organisation.registration,
    }
    revoked = []
    for project_id, sheet_id in keys.sheets_under_approval(tx, kid) if compromised else ():
        sheet = sheets.take(tx, project_id=project_id, sheet_id=sheet_id)
        revoked.append(
            sheets.advance(
                tx, sheet, Action.REVOKE, by=by(caller, now), new_round=True, facts={"kid": kid}
            )
        )
    keys.revoke(tx, kid=kid, organisation_id=organisation.id, compromised=compromised, at=now)
    acts.record(tx, Act.REVOKE_KEY, by=by(caller, now), subject="key", subject_id=kid, facts=facts)
    return revoked
