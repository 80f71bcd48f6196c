"""A person registers a passkey of the own: a telephone, a laptop, a key of hardware."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from disburse.domain import particulars
from disburse.domain.access import Act, Caller, require_proof
from disburse.domain.particulars import BadParticulars
from disburse.door import by, own_session
from disburse.factors import passkey
from disburse.factors.passkey import Place
from disburse.storage import acts, passkeys
from disburse.storage.engine import Transaction

PASSKEYS_MAX: Final = 10  # of one person; more would be keys that nobody remembers


def add_passkey(
    tx: Transaction,
    *,
    caller: Caller,
    label: str,
    answer: Mapping[str, Any],
    place: Place,
    now: datetime,
) -> int:
    """Store what the browser made for our question, or raise `PasskeyRefused`; return its number.

    It takes a fresh second factor: whoever finds a screen open registers nothing.
    """
    own_session(caller)
    require_proof(caller, Act.ADD_PASSKEY)
    if len(passkeys.of_member(tx, caller.member_id)) >= PASSKEYS_MAX:
        raise BadParticulars(f"you have {PASSKEYS_MAX} passkeys; remove one first", field="label")
    challenge = passkey.challenge_in(answer)
    passkeys.take(tx, challenge, member_id=caller.member_id, at=now)
    named = particulars.text("label", label, limit=particulars.LABEL_MAX)
    new = passkey.made(place, answer, challenge)
    number = passkeys.add(tx, new, member_id=caller.member_id, label=named, at=now)
    acts.record(tx, Act.ADD_PASSKEY, by=by(caller, now), subject="passkey", subject_id=number)
    return number
