"""Keys of requests: first from the administrator, then from whoever has one, overlapping."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from disburse import signing
from disburse.domain.access import Forbidden
from disburse.domain.particulars import BadParticulars
from disburse.domain.signing_key import Algorithm
from disburse.signing import BadSignature, KeyUnreadable
from disburse.steps.parties.confirm import confirm
from disburse.steps.parties.register_request_key import (
    GOOD_AT_ONCE_MAX,
    VALID_FOR_MAX,
    register_request_key,
)
from disburse.steps.parties.revoke_request_key import revoke_request_key
from disburse.storage import request_keys, tenancy
from disburse.storage.keys import KeyTaken, NoSuchKey
from disburse.storage.parties import NoSuchParty

MACHINE = "viewer@owner"


def registering(world, private=None, caller="administrator", **changed):
    private = private or signing.generate(Algorithm.EDDSA)
    login = changed.get("login", MACHINE)
    values = {
        "login": login,
        "public_jwk": private.public.jwk,
        "proof": signing.prove_request_key(private, login=login, now=world.now),
        "valid_for": timedelta(days=90),
    }
    with world.begin() as tx:
        made = register_request_key(
            tx, caller=world.caller(caller), now=world.now, **values | changed
        )
    if made.confirmed_at is None:  # an authority confirms the owner's
        word = {"caller": world.caller("inspector"), "people": {}, "keys": [made.kid]}
        with world.begin() as tx:
            confirm(tx, now=world.now, **word)
    with world.begin() as tx:
        return request_keys.known(tx, made.kid).key


def revoking(world, kid, caller="administrator", login=MACHINE, reason="rotated"):
    with world.begin() as tx:
        return revoke_request_key(
            tx, caller=world.caller(caller), login=login, kid=kid, reason=reason, now=world.now
        )


@pytest.mark.parametrize("algorithm", [Algorithm.EDDSA, Algorithm.ES256])
def test_a_key_that_was_shown_to_be_held_is_registered_once(world, algorithm):
    private = signing.generate(algorithm)
    made = registering(world, private)
    with world.begin() as tx:
        known = request_keys.known(tx, private.kid)
    with world.everything() as tx:
        noted = tx.scalars(text("SELECT facts ->> 'kid' FROM act WHERE subject = 'member'")).all()
    assert (known.key, known.caller) == (made, world.caller("viewer"))
    assert noted == [private.kid]
    for login in (MACHINE, "funder@owner"):
        with pytest.raises(KeyTaken):
            registering(world, private, login=login)


def test_a_key_of_rsa_signs_no_requests(world):
    with pytest.raises(KeyUnreadable, match="EdDSA or ES256"):
        registering(world, signing.generate(Algorithm.PS256))


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"proof": "x..y"}, BadSignature),
        ({"public_jwk": "{}"}, KeyUnreadable),
        ({"valid_for": timedelta()}, BadParticulars),
        ({"valid_for": VALID_FOR_MAX + timedelta(days=1)}, BadParticulars),
        ({"login": "unknown"}, NoSuchParty),
    ],
)
def test_a_key_is_not_registered_on_wrong_particulars(world, changed, refusal):
    with pytest.raises(refusal):
        registering(world, **changed)


def test_a_proof_for_one_account_is_none_for_another(world):
    private = signing.generate(Algorithm.EDDSA)
    proof = signing.prove_request_key(private, login="funder@owner", now=world.now)
    with pytest.raises(BadSignature):
        registering(world, private, proof=proof)


def test_the_first_key_is_the_administrators_to_register_and_the_next_ones_own(world):
    for login in (MACHINE, "unknown", "funder@owner"):
        with pytest.raises(Forbidden):
            registering(world, caller="viewer", login=login)
    first = registering(world)
    world.now += timedelta(days=80)
    second = registering(world, caller="viewer")
    assert first.good(world.now)
    assert second.good(world.now)
    with pytest.raises(Forbidden):
        registering(world, caller="funder")
    world.now = second.valid_to
    with pytest.raises(Forbidden):  # too late: whoever lost all keys asks the administrator
        registering(world, caller="viewer")


def test_an_account_has_no_more_keys_than_anybody_can_watch(world):
    made = [registering(world) for _ in range(GOOD_AT_ONCE_MAX)]
    with pytest.raises(BadParticulars, match="revoke one first"):
        registering(world)
    revoking(world, made[0].kid)
    assert registering(world)


def test_a_key_is_revoked_once_by_its_account_or_the_administrator(world):
    first, second = registering(world), registering(world)
    for caller in ("funder", "approver"):
        with pytest.raises(Forbidden):
            revoking(world, first.kid, caller)
    assert revoking(world, first.kid, "viewer").revoked_at == world.now
    assert not revoking(world, second.kid).good(world.now)
    with pytest.raises(NoSuchKey):
        revoking(world, first.kid)
    with pytest.raises(NoSuchKey):
        revoking(world, "unknown")
    with pytest.raises(NoSuchKey):
        revoking(world, registering(world).kid, login="funder@owner")
    with pytest.raises(BadParticulars):
        revoking(world, registering(world).kid, reason=" ")


def test_a_nonce_is_used_up_once_and_by_its_keys_account_alone(world):
    made = registering(world)
    nonce = {"kid": made.kid, "nonce": "n" * 16, "expires_at": world.now + timedelta(minutes=1)}
    with world.unbound() as tx:
        viewer = request_keys.known(tx, made.kid).caller
    with pytest.raises(ProgrammingError, match="row-level security"), world.unbound() as tx:
        request_keys.use_up(tx, world.caller("funder"), **nonce)
    for new in (True, False):
        with world.unbound() as tx:
            assert request_keys.use_up(tx, viewer, **nonce) is new
            told = tx.scalar(text("SELECT current_setting('disburse.caller')"))
            assert told == tenancy.named(viewer)
