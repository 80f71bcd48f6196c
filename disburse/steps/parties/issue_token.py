"""An account gets a token to show until requests can be signed."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.particulars import BadParticulars
from disburse.door import by, enter
from disburse.storage import acts, members
from disburse.storage.engine import Transaction

TOKEN_BYTES: Final = 32  # of randomness: nobody guesses it, so a plain digest protects it
VALID_FOR_MAX: Final = timedelta(days=90)  # a forgotten token is worth nothing next quarter


def issue_token(
    tx: Transaction,
    *,
    caller: Caller,
    login: str,
    label: str,
    valid_for: timedelta,
    now: datetime,
) -> str:
    """Return a new token of the account; only its SHA-256 is stored, so nobody sees it again.

    Whoever issues a token could use it. Until people sign in for themselves that is the
    administrator, so every token issued stands in the history under that name.
    """
    enter(tx, caller, Act.ISSUE_TOKEN)
    if not timedelta() < valid_for <= VALID_FOR_MAX:
        raise BadParticulars(
            f"a token is valid for at most {VALID_FOR_MAX.days} days", field="valid_for"
        )
    member = members.by_login(tx, login)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    values = {
        "digest": sha256(token.encode()).digest(),
        "member_id": member.id,
        "label": particulars.text("label", label, limit=particulars.LABEL_MAX),
        "created_at": now,
        "expires_at": now + valid_for,
    }
    members.add_token(tx, values)
    acts.record(
        tx,
        Act.ISSUE_TOKEN,
        by=by(caller, now),
        subject="member",
        subject_id=member.id,
        facts={"label": values["label"], "expires_at": str(now + valid_for)},
    )
    return token
