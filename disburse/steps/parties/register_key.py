"""An organisation's public key becomes known, so that its signatures count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from disburse import signing
from disburse.domain import particulars
from disburse.domain.access import Act, Caller, Forbidden, Role
from disburse.domain.particulars import BadParticulars
from disburse.domain.signing_key import Purpose, SigningKey, judge
from disburse.door import by, enter
from disburse.signing import NOBODY, PublicKey, Trust
from disburse.storage import acts, keys, parties
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.parties import NoSuchParty, Organisation

CHALLENGE_CHARACTERS_MIN: Final = 16  # as the administrator's client makes it, from randomness
VALID_FOR_MAX: Final = timedelta(days=3 * 366)  # then the organisation shows again who it is
GOOD_AT_ONCE_MAX: Final = 10  # a few signers who rotate; more would be keys nobody remembers


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A public key as its owner sends it, and what shows that the owner holds the private half."""

    public_jwk: str = ""  # not needed beside a certificate
    certificate: str | None = None  # PEM: its own first, then its issuers' up to an authority
    challenge: str
    proof: str  # over the possession statement: a detached JWS, or CMS beside a certificate
    named_by: str | None = None  # the good key before signs that this one is its successor


def register_key(
    tx: Transaction,
    *,
    caller: Caller,
    registration: str,
    purpose: Purpose,
    offered: Offered,
    valid_for: timedelta,
    trust: Trust = NOBODY,
    now: datetime,
) -> SigningKey:
    """Store the key, or raise `BadParticulars`, `KeyUnreadable`, `BadSignature` or `KeyTaken`.

    The proof names the key, the organisation, the purpose and the challenge. A key is registered
    once for ever, so a proof that somebody kept is good for nothing else. It signs nothing until
    somebody confirms it, unless the organisation's good key before it names it as its successor:
    so a signer rotates without anybody's help, and both are good until the old one ends or is
    revoked. A key with a certificate ends with that; raises `CertificateUntrusted`.
    """
    enter(tx, caller, Act.REGISTER_KEY)
    organisation = parties.organisation(tx, particulars.registration(registration))
    _require_theirs(caller, organisation, offered)
    _require_short(valid_for)
    if offered.certificate is not None:
        offered = replace(offered, certificate=signing.read_chain(offered.certificate))
    known = keys.of_organisation(tx, organisation.id)
    _require_few(known, purpose, now)
    public = _proven(organisation, offered, purpose)
    key = SigningKey(
        kid=public.kid,
        organisation_id=organisation.id,
        algorithm=public.algorithm,
        public_jwk=public.jwk,
        purpose=purpose,
        valid_from=now,
        valid_to=now + valid_for,
        registered_by=caller.person_id,
        certificate=offered.certificate,
    )
    if offered.certificate is not None:
        key = replace(key, valid_to=min(key.valid_to, _certified(offered.certificate, trust, now)))
    if offered.named_by is not None:
        before = _predecessor(
            offered.named_by, key, known, trust, number=organisation.registration, now=now
        )
        key = replace(key, successor_of=before, confirmed_at=now)
    keys.add(tx, key)
    _record(tx, key, offered, organisation, by(caller, now))
    return key


def _record(
    tx: Transaction, key: SigningKey, offered: Offered, organisation: Organisation, by_: By
) -> None:
    acts.record(
        tx,
        Act.REGISTER_KEY,
        by=by_,
        subject="key",
        subject_id=key.kid,
        facts={
            "organisation": organisation.registration,
            "purpose": key.purpose,
            "valid_to": str(key.valid_to),
            "challenge": sha256(offered.challenge.encode()).hexdigest(),
            "certified": key.certificate is not None,
            "successor_of": key.successor_of,
        },
    )


def _require_theirs(caller: Caller, organisation: Organisation, offered: Offered) -> None:
    """Let a signer register only what the own organisation's good key vouches for."""
    if Role.ADMINISTRATOR in caller.roles_on(None):
        return
    if organisation.id != caller.organisation_id:
        raise NoSuchParty(f"there is no organisation {organisation.registration!r} of yours")
    if offered.named_by is None:
        raise Forbidden(
            "an organisation's first key is registered by the administrator; a signer registers "
            "a further one that a good one names as its successor: `disburse key succeed`"
        )


def _require_short(valid_for: timedelta) -> None:
    if not timedelta() < valid_for <= VALID_FOR_MAX:
        raise BadParticulars(
            f"a key is valid for at most {VALID_FOR_MAX.days} days", field="valid_for"
        )


def _require_few(known: Mapping[str, SigningKey], purpose: Purpose, now: datetime) -> None:
    live = [
        one for one in known.values()
        if one.purpose is purpose and one.revoked_at is None and now < one.valid_to
    ]  # fmt: skip
    if len(live) >= GOOD_AT_ONCE_MAX:
        raise BadParticulars(
            f"the organisation has {len(live)} keys that are good or wait; revoke one first",
            field="public_jwk",
        )


def _predecessor(
    word: str,
    key: SigningKey,
    known: Mapping[str, SigningKey],
    trust: Trust,
    *,
    number: str,
    now: datetime,
) -> str:
    """Return the kid of the good key whose word names `key` its successor."""
    before = signing.check_successor(word, key.kid, known, organisation=number, purpose=key.purpose)
    judge(before, purpose=key.purpose, at=now)
    signing.require_trusted(before, trust, at=now)
    return before.kid


def _certified(chain: str, trust: Trust, now: datetime) -> datetime:
    return signing.check_chain(chain, trust, at=now).not_valid_after_utc


def _proven(organisation: Organisation, offered: Offered, purpose: Purpose) -> PublicKey:
    if len(offered.challenge) < CHALLENGE_CHARACTERS_MIN:
        raise BadParticulars(
            f"a challenge has at least {CHALLENGE_CHARACTERS_MIN} characters", field="challenge"
        )
    if offered.certificate is None:
        public = signing.read_public(offered.public_jwk)
    else:
        public = signing.key_of(offered.certificate)
        if offered.public_jwk and signing.read_public(offered.public_jwk).kid != public.kid:
            raise BadParticulars("the certificate is another key's", field="certificate")
    signing.check_possession(
        offered.proof,
        public,
        organisation=organisation.registration,
        purpose=purpose,
        challenge=offered.challenge,
        chain_pem=offered.certificate,
    )
    return public
