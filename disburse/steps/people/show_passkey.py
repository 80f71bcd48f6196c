"""A person shows a passkey: it says who it is, and that this person is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from disburse.domain.access import Act, Caller
from disburse.domain.signed_in import Factor
from disburse.door import by
from disburse.factors import passkey
from disburse.factors.passkey import PasskeyRefused, Place
from disburse.storage import acts, members, passkeys, sessions
from disburse.storage.engine import Transaction
from disburse.storage.sessions import Opened


def show_passkey(
    tx: Transaction,
    *,
    token: str,
    answer: Mapping[str, Any],
    place: Place,
    browser: str,
    now: datetime,
) -> tuple[Opened, Caller]:
    """Prove the session behind `token`, or begin one; or raise `PasskeyRefused`.

    A passkey is kept in a device and opened by its person's finger, face or number: two factors,
    so no password is asked for besides. Each question is answered once.
    """
    challenge = passkey.challenge_in(answer)
    passkeys.take(tx, challenge, member_id=None, at=now)
    known = passkeys.by_credential(tx, passkey.credential_in(answer))
    who = members.caller_of_member(tx, known.member_id) if known else None
    if known is None or who is None:
        raise PasskeyRefused("this passkey is not known here, or was removed")
    uses = passkey.shown(place, answer, challenge, public_key=known.public_key, uses=known.uses)
    passkeys.used(tx, known.id, uses=uses, at=now)
    opened, shown = sessions.prove_or_begin(
        tx, token, member_id=known.member_id, browser=browser, factor=Factor.PASSKEY, at=now
    )
    caller = replace(who, signed_in=shown)
    acts.record(tx, Act.SHOW_PASSKEY, by=by(caller, now), subject="passkey", subject_id=known.id)
    return opened, caller
