"""A person shows the second factor: to finish signing in, or before something that matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from disburse.domain.access import Act, Caller
from disburse.domain.refusal import Refusal
from disburse.domain.signed_in import Factor
from disburse.door import by
from disburse.factors import totp
from disburse.storage import acts, at_rest, credentials, members, sessions
from disburse.storage.credentials import Credential
from disburse.storage.engine import Transaction
from disburse.storage.sessions import Opened


class ProofRefused(Refusal):
    """What was shown as second factor is not right, or was shown before."""

    code = "proof-refused"


class NotSignedIn(Refusal):
    """There is no session, or it is over."""

    code = "not-signed-in"


def prove(tx: Transaction, *, token: str, code: str, now: datetime) -> tuple[Opened, Caller]:
    """Give the session a new secret and note the moment, or raise `ProofRefused`.

    Each code is taken once. Raises `NotSignedIn` when the session behind `token` is over.
    """
    held = sessions.hold(tx, token, at=now)
    known = credentials.of_member(tx, held.member_id) if held else None
    who = members.caller_of_member(tx, held.member_id) if held else None
    if held is None or known is None or who is None:
        raise NotSignedIn("nobody is signed in here, or was silent for too long: sign in again")
    _take_code(tx, known, code, now)
    opened, shown = sessions.prove(tx, held, factor=Factor.TOTP, at=now)
    caller = replace(who, signed_in=shown)
    acts.record(tx, Act.PROVE, by=by(caller, now), subject="session", subject_id=held.id)
    return opened, caller


def _take_code(tx: Transaction, known: Credential, code: str, now: datetime) -> None:
    secret = at_rest.unseal(tx, known.member_id, known.totp) if known.totp else None
    step = totp.step_of(secret, code, now) if secret else None
    if step is None or not credentials.take_step(tx, member_id=known.member_id, step=step):
        raise ProofRefused(
            "this code is not right, or was used before; wait for the next one, and see that the "
            "telephone's clock is right"
        )
