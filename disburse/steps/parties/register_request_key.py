"""An account gets a key to sign its requests with; a newer one may overlap with older ones."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from disburse import signing
from disburse.domain.access import Act, Caller, Forbidden, OrganisationKind, require
from disburse.domain.particulars import BadParticulars
from disburse.domain.request_key import RequestKey
from disburse.door import by, enter
from disburse.storage import acts, members, request_keys
from disburse.storage.engine import Transaction

VALID_FOR_MAX: Final = timedelta(days=366)  # a machine that nobody looks at any more falls silent
GOOD_AT_ONCE_MAX: Final = 5  # enough to overlap; more would be keys that nobody remembers


def register_request_key(
    tx: Transaction,
    *,
    caller: Caller,
    login: str,
    public_jwk: str,
    proof: str,
    valid_for: timedelta,
    now: datetime,
) -> RequestKey:
    """Store the key, or raise `BadParticulars`, `KeyUnreadable`, `BadSignature` or `KeyTaken`.

    The first key of an account is registered by the administrator, and waits until somebody else
    confirms it: else whoever administers could act as anybody. Whoever has a good one registers
    the next for the own account, before the old one ends. `proof` shows that whoever sent the key
    holds its private half, and wants it for this account.
    """
    enter(tx, caller)
    if not (own := members.owns_login(tx, member_id=caller.member_id, login=login)):
        require(caller, Act.REGISTER_REQUEST_KEY)
    if not timedelta() < valid_for <= VALID_FOR_MAX:
        raise BadParticulars(
            f"a request key is valid for at most {VALID_FOR_MAX.days} days", field="valid_for"
        )
    member = members.by_login(tx, login)
    known = request_keys.of_member(tx, member.id)
    if not any(key.good(now) for key in known) and not caller.may(Act.REGISTER_REQUEST_KEY):
        raise Forbidden("an account's first request key is registered by the administrator")
    live = sum(key.revoked_at is None and now < key.valid_to for key in known)
    if live >= GOOD_AT_ONCE_MAX:
        raise BadParticulars(
            f"{login} has {live} request keys that are good or wait; revoke one first",
            field="public_jwk",
        )
    public = signing.read_public(public_jwk)
    algorithm = signing.request_algorithm(public)
    signing.check_request_key(proof, public, login=login)
    key = RequestKey(
        kid=public.kid,
        member_id=member.id,
        algorithm=algorithm,
        public_jwk=public.jwk,
        valid_from=now,
        valid_to=now + valid_for,
        registered_by=caller.person_id,
        confirmed_at=now if own or member.organisation_kind is OrganisationKind.OPERATOR else None,
    )
    request_keys.add(tx, key)
    acts.record(
        tx,
        Act.REGISTER_REQUEST_KEY,
        by=by(caller, now),
        subject="member",
        subject_id=member.id,
        facts={"kid": key.kid, "valid_to": str(key.valid_to)},
    )
    return key
