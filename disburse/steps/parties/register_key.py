"""An organisation's public key becomes known, so that its signatures count."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from disburse import signing
from disburse.domain import particulars
from disburse.domain.access import Act, Caller, require
from disburse.domain.particulars import BadParticulars
from disburse.domain.signing_key import Purpose, SigningKey
from disburse.door import by
from disburse.signing import PublicKey
from disburse.storage import acts, keys, parties
from disburse.storage.engine import Transaction
from disburse.storage.parties import Organisation

CHALLENGE_CHARACTERS_MIN: Final = 16  # as the administrator's client makes it, from randomness
VALID_FOR_MAX: Final = timedelta(days=3 * 366)  # then the organisation shows again who it is


def register_key(
    tx: Transaction,
    *,
    caller: Caller,
    registration: str,
    public_jwk: str,
    purpose: Purpose,
    challenge: str,
    proof: str,
    valid_for: timedelta,
    now: datetime,
) -> SigningKey:
    """Store the key, or raise `BadParticulars`, `KeyUnreadable`, `BadSignature` or `KeyTaken`.

    `proof` shows that whoever sent the key holds its private half; it names the key, the
    organisation, the purpose and `challenge`. A key is registered once for ever, so a proof that
    somebody kept is good for nothing else. It signs nothing until somebody confirms it.
    """
    require(caller, Act.REGISTER_KEY)
    organisation = parties.organisation(tx, particulars.registration(registration))
    if not timedelta() < valid_for <= VALID_FOR_MAX:
        raise BadParticulars(
            f"a key is valid for at most {VALID_FOR_MAX.days} days", field="valid_for"
        )
    public = _proven(organisation, public_jwk, purpose, challenge=challenge, proof=proof)
    key = SigningKey(
        kid=public.kid,
        organisation_id=organisation.id,
        algorithm=public.algorithm,
        public_jwk=public.jwk,
        purpose=purpose,
        valid_from=now,
        valid_to=now + valid_for,
        registered_by=caller.person_id,
    )
    keys.add(tx, key)
    acts.record(
        tx,
        Act.REGISTER_KEY,
        by=by(caller, now),
        subject="key",
        subject_id=key.kid,
        facts={
            "organisation": organisation.registration,
            "purpose": purpose,
            "valid_to": str(key.valid_to),
            "challenge": sha256(challenge.encode()).hexdigest(),
        },
    )
    return key


def _proven(
    organisation: Organisation, jwk: str, purpose: Purpose, *, challenge: str, proof: str
) -> PublicKey:
    if len(challenge) < CHALLENGE_CHARACTERS_MIN:
        raise BadParticulars(
            f"a challenge has at least {CHALLENGE_CHARACTERS_MIN} characters", field="challenge"
        )
    public = signing.read_public(jwk)
    number = organisation.registration
    signing.check_possession(
        proof, public, organisation=number, purpose=purpose, challenge=challenge
    )
    return public
