"""Keys and special accounts change while sheets are on their way."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from disburse import signing
from disburse.domain.access import Forbidden, OrganisationKind
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.lifecycle.sheet import State
from disburse.domain.particulars import BadParticulars
from disburse.domain.signing_key import Algorithm, KeyRevoked, Purpose
from disburse.signing import BadSignature
from disburse.steps.parties.freeze_account import freeze_account
from disburse.steps.parties.open_account import open_account
from disburse.steps.parties.register_key import VALID_FOR_MAX, register_key
from disburse.steps.parties.reopen_account import reopen_account
from disburse.steps.parties.revoke_key import revoke_key
from disburse.steps.parties.use_account import use_account
from disburse.steps.payroll.approve import approve
from disburse.storage import approvals, keys, ledger, sheets
from disburse.storage.keys import KeyTaken, NoSuchKey
from tests.builders import a_key
from tests.sheets import a_credit_code

SUB = a_credit_code(2)
CHALLENGE = "a challenge of the administrator"


def registering(world, private, **changed):
    values = {
        "registration": SUB,
        "public_jwk": private.public.jwk,
        "purpose": Purpose.SHEET,
        "challenge": CHALLENGE,
        "proof": signing.prove_possession(
            private, organisation=SUB, purpose=Purpose.SHEET, challenge=CHALLENGE, now=world.now
        ),
        "valid_for": timedelta(days=365),
        "caller": world.caller("administrator"),
        "now": world.now,
    }
    with world.begin() as tx:
        return register_key(tx, **values | changed)


def revoking(world, caller="administrator", **changed):
    values = {
        "registration": SUB,
        "kid": a_key("subcontractor").kid,
        "compromised": False,
        "reason": "the signer left",
    }
    with world.begin() as tx:
        return revoke_key(tx, caller=world.caller(caller), now=world.now, **values | changed)


def approved(world):
    sheet_id = world.funded()
    with world.begin() as tx:
        approve(tx, caller=world.caller("approver"), sheet_id=sheet_id, **world.here)
    return sheet_id


def taken(world, sheet_id):
    with world.begin() as tx:
        return sheets.take(tx, project_id=world.project_id, sheet_id=sheet_id)


def another_account(world, **changed):
    values = {
        "bank": a_credit_code(4),
        "adapter": "iso20022",
        "currency": "CNY",
        "number": "1017700000000002",
        "holder": "Another",
    }
    with world.begin() as tx:
        return open_account(
            tx, caller=world.caller("administrator"), banks=world.banks, now=world.now,
            **values | changed,
        ).id  # fmt: skip


@pytest.mark.parametrize("algorithm", [Algorithm.EDDSA, Algorithm.ES256])
def test_a_key_that_was_shown_to_be_held_is_registered_once(world, algorithm):
    private = signing.generate(algorithm)
    made = registering(world, private)
    with world.begin() as tx:
        owner = world.organisations[OrganisationKind.SUBCONTRACTOR]
        assert keys.of_organisation(tx, owner)[private.kid] == made
    with pytest.raises(KeyTaken):
        registering(world, private)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"registration": a_credit_code(1)}, BadSignature),
        ({"purpose": Purpose.APPROVAL}, BadSignature),
        ({"challenge": "another challenge, not that one"}, BadSignature),
        ({"proof": "x..y"}, BadSignature),
        ({"challenge": "short"}, BadParticulars),
        ({"valid_for": timedelta()}, BadParticulars),
        ({"valid_for": VALID_FOR_MAX + timedelta(days=1)}, BadParticulars),
    ],
)
def test_a_key_is_not_registered_on_a_proof_of_something_else(world, changed, refusal):
    with pytest.raises(refusal):
        registering(world, signing.generate(Algorithm.EDDSA), **changed)


def test_a_signer_registers_no_key_and_revokes_only_the_own(world):
    with pytest.raises(Forbidden):
        registering(world, signing.generate(Algorithm.EDDSA), caller=world.caller("signer"))
    with pytest.raises(NoSuchKey):
        revoking(world, "signer", registration=a_credit_code(1))
    assert revoking(world, "signer") == []
    with pytest.raises(KeyRevoked):
        world.receive()


def test_nobody_revokes_a_key_that_is_not_there(world):
    with pytest.raises(NoSuchKey):
        revoking(world, kid="unknown")
    with pytest.raises(Forbidden):
        revoking(world, "approver")


def test_a_compromised_key_voids_the_approval_of_what_it_signed(world):
    sheet_id = approved(world)
    assert revoking(world) == []
    assert taken(world, sheet_id).state is State.APPROVED
    [moved] = revoking(world, compromised=True)
    assert (moved.id, moved.state) == (sheet_id, State.FUNDED)
    with world.begin() as tx:
        assert approvals.current(tx, taken(world, sheet_id)) == []
        words = list(tx.scalars(text("SELECT act FROM act ORDER BY id DESC LIMIT 2")))
    assert words == ["revoke_key", "revoke"]


def test_another_account_voids_approvals_and_leaves_the_hold_where_it_is(world):
    sheet_id = approved(world)
    second = another_account(world)
    with world.begin() as tx:
        [moved] = use_account(
            tx, caller=world.caller("administrator"), account_id=second, **world.here
        )
        old = ledger.balance_of(tx, project_id=world.project_id, account_id=world.account_id)
        new = ledger.balance_of(tx, project_id=world.project_id, account_id=second)
    assert (moved.id, moved.state, moved.account_id) == (sheet_id, State.FUNDED, world.account_id)
    assert old.held > 0
    assert (new.held, new.free) == (0, 0)


def test_an_account_is_frozen_and_reopened_with_a_reason(world):
    values = {"caller": world.caller("administrator"), "now": world.now}
    account = values | {"account_id": world.account_id}
    with world.begin() as tx:
        assert freeze_account(tx, reason="a court's order", **account).state == "frozen"
    with pytest.raises(WrongState), world.begin() as tx:
        freeze_account(tx, reason="again", **account)
    with world.begin() as tx:
        assert reopen_account(tx, reason="the order was lifted", **account).state == "open"
    with pytest.raises(WrongState), world.begin() as tx:
        reopen_account(tx, reason="again", **account)
    with pytest.raises(BadParticulars), world.begin() as tx:
        freeze_account(tx, reason=" ", **account)


def test_a_frozen_account_is_nobodys_new_account(world):
    values = {"caller": world.caller("administrator"), "now": world.now}
    second = another_account(world)
    with world.begin() as tx:
        freeze_account(tx, reason="a court's order", account_id=second, **values)
    with pytest.raises(WrongState, match="frozen"), world.begin() as tx:
        use_account(tx, account_id=second, project_id=world.project_id, **values)


def test_only_an_administrator_freezes(world):
    for step in (freeze_account, reopen_account):
        with pytest.raises(Forbidden), world.begin() as tx:
            step(tx, caller=world.caller("approver"), account_id=world.account_id, reason="x",
                 now=world.now)  # fmt: skip
