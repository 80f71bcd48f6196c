"""What a person sees of the own account: who I am here, and where I am signed in."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from disburse.domain.access import Caller
from disburse.domain.signed_in import FRESH_FOR
from disburse.storage import invitations, members, sessions
from disburse.storage.engine import Transaction


def whoami(tx: Transaction, caller: Caller, *, now: datetime) -> dict[str, object]:
    """Return the caller's account, roles and session, and what others began for the account."""
    member = members.by_number(tx, caller.member_id)
    shown = caller.signed_in
    return {
        "login": member.login,
        "name": member.name,
        "organisation_id": member.organisation_id,
        "roles": sorted({role for role, _ in caller.grants}),
        "session_id": shown.session_id if shown else None,
        "fresh_until": shown.proven_at + FRESH_FOR if shown else None,
        "recovery": _recovery(tx, caller, now),
    }


def _recovery(tx: Transaction, caller: Caller, now: datetime) -> dict[str, object] | None:
    found = invitations.recovery_of(tx, caller.member_id, at=now)
    if found is None:
        return None
    return asdict(found) | {"made_by": members.by_number(tx, found.made_by).login}


def own_sessions(tx: Transaction, caller: Caller, *, now: datetime) -> list[dict[str, object]]:
    """Return the sessions of the caller's account that go on; `own` is the one asked in."""
    here = caller.signed_in.session_id if caller.signed_in else None
    return [
        asdict(one) | {"own": one.id == here}
        for one in sessions.of_member(tx, caller.member_id, at=now)
    ]
