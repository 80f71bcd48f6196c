"""Keys and special accounts change while sheets are on their way."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import text

from disburse import signing
from disburse.domain.access import Forbidden, OrganisationKind
from disburse.domain.lifecycle.edges import WrongState
from disburse.domain.lifecycle.sheet import State
from disburse.domain.particulars import BadParticulars
from disburse.domain.signing_key import Algorithm, KeyNotConfirmed, KeyRevoked, Purpose
from disburse.queries.evidence import evidence
from disburse.signing import BadSignature
from disburse.steps.parties.confirm import confirm
from disburse.steps.parties.freeze_account import freeze_account
from disburse.steps.parties.open_account import open_account
from disburse.steps.parties.register_key import (
    GOOD_AT_ONCE_MAX,
    VALID_FOR_MAX,
    Offered,
    register_key,
)
from disburse.steps.parties.reopen_account import reopen_account
from disburse.steps.parties.revoke_key import revoke_key
from disburse.steps.parties.use_account import use_account
from disburse.steps.payroll.approve import approve
from disburse.storage import approvals, keys, ledger, sheets
from disburse.storage.keys import KeyTaken, NoSuchKey
from disburse.storage.parties import NoSuchParty
from tests.builders import a_key
from tests.pki import Authorities, a_list, a_private_key, issue
from tests.sheets import a_credit_code, a_sheet_json, lines

SUB = a_credit_code(2)
OFFERED = {"public_jwk", "certificate", "challenge", "proof", "named_by"}
CHALLENGE = "a challenge of the administrator"


def registering(world, private, **changed):
    offered = {
        "public_jwk": private.public.jwk,
        "challenge": CHALLENGE,
        "proof": signing.prove_possession(
            private, organisation=SUB, purpose=Purpose.SHEET, challenge=CHALLENGE, now=world.now
        ),
    }
    offered |= {name: changed.pop(name) for name in list(changed) if name in OFFERED}
    values = {
        "registration": SUB,
        "purpose": Purpose.SHEET,
        "offered": Offered(**offered),
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


@pytest.mark.parametrize("algorithm", [Algorithm.EDDSA, Algorithm.ES256, Algorithm.SM2])
def test_a_key_that_was_shown_to_be_held_is_registered_once(world, algorithm):
    private = signing.generate(algorithm)
    made = registering(world, private)
    with world.begin() as tx:
        owner = world.organisations[OrganisationKind.SUBCONTRACTOR]
        assert keys.of_organisation(tx, owner)[private.kid] == made
    with pytest.raises(KeyTaken):
        registering(world, private)


def test_a_key_of_sm2_signs_a_sheet_from_registering_to_receipt(world):
    private = signing.generate(Algorithm.SM2)
    made = registering(world, private)
    with world.begin() as tx:
        confirm(tx, caller=world.caller("approver"), people={}, keys=[made.kid], now=world.now)
    content = a_sheet_json(*lines(world.workers))
    got = world.receive(content, signature=signing.sign(content, private, now=world.now))
    with world.begin() as tx:
        told = evidence(
            tx, world.caller("signer"), project_id=world.project_id, sheet_id=got.sheet.id
        )
    assert (told.key.kid, told.key.algorithm) == (private.kid, "SGD_SM3_SM2")


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


@pytest.fixture
def authorities(tmp_path):
    return Authorities(tmp_path)


def certified(world, authorities, issued, **changed):
    """Register an issued certificate, shown to be held by CMS, and confirm it."""
    statement = signing.possession_statement(
        signing.key_of(issued.pem).kid,
        organisation=SUB,
        purpose=Purpose.SHEET,
        challenge=CHALLENGE,
    )
    made = registering(
        world,
        a_key("another"),
        **{
            "public_jwk": "",
            "certificate": issued.pem,
            "proof": signing.armour(issued.cms(statement)),
            "trust": authorities.trust,
        }
        | changed,
    )
    with world.begin() as tx:
        confirm(tx, caller=world.caller("approver"), people={}, keys=[made.kid], now=world.now)
    return made


def submitted(world, issued, **more):
    content = a_sheet_json(*lines(world.workers))
    return world.receive(content, signature=signing.armour(issued.cms(content)), **more)


def test_a_usb_key_is_registered_by_its_certificate_and_signs_sheets(world, authorities):
    signer = authorities.certify(days=60)
    made = certified(world, authorities, signer)
    assert made.valid_to == signer.certificate.not_valid_after_utc  # before a year has gone
    with pytest.raises(signing.CertificateUntrusted):
        submitted(world, signer)  # nobody has configured an authority
    got = submitted(world, signer, trust=authorities.trust)
    with world.begin() as tx:
        told = evidence(
            tx, world.caller("signer"), project_id=world.project_id, sheet_id=got.sheet.id
        )
    assert told.key.certificate == signer.pem


@pytest.mark.parametrize("around", ["\ud800", "\0", "subject=公司\n"])
def test_what_stands_around_a_certificate_is_not_kept(world, authorities, around):
    """Files of authorities have remarks; and half a character or a NUL can be kept nowhere."""
    signer = authorities.certify()
    made = certified(world, authorities, signer, certificate=around + signer.pem + around)
    with world.begin() as tx:
        owner = world.organisations[OrganisationKind.SUBCONTRACTOR]
        assert keys.of_organisation(tx, owner)[made.kid].certificate == signer.pem
    with pytest.raises(signing.CertificateUntrusted, match="can be read"):
        certified(world, authorities, signer, certificate=around)


def test_a_revoked_certificate_signs_no_more(world, authorities):
    signer = authorities.certify()
    certified(world, authorities, signer)
    authorities.publish(a_list(authorities.root), a_list(authorities.middle, signer))
    with pytest.raises(signing.CertificateUntrusted, match="revoked"):
        submitted(world, signer, trust=authorities.trust)


def with_chain(world, issued, chain_pem):
    """Sign a sheet by JWS with the key of a certificate, which goes along."""
    pem = issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    content = a_sheet_json(*lines(world.workers))
    key = signing.from_pem(pem, passphrase=None)
    return content, signing.sign(content, key, now=world.now, chain_pem=chain_pem)


def test_a_sheet_brings_its_keys_chain_along_and_the_chain_is_judged_at_receipt(world, authorities):
    signer = authorities.certify()
    made = certified(world, authorities, signer)
    content, signature = with_chain(world, signer, signer.pem)
    with pytest.raises(signing.CertificateUntrusted, match="DISBURSE_CERTIFICATE_AUTHORITIES"):
        world.receive(content, signature=signature)
    alone = with_chain(world, signer, issue("Signer", key=signer.key).pem)[1]
    with pytest.raises(signing.CertificateUntrusted, match="no configured authority"):
        world.receive(content, signature=alone, trust=authorities.trust)
    got = world.receive(content, signature=signature, trust=authorities.trust)
    with world.begin() as tx:
        told = evidence(
            tx, world.caller("signer"), project_id=world.project_id, sheet_id=got.sheet.id
        )
    assert told.key.kid == made.kid
    # kept with the sheet: what the header brought can be judged again without the registration
    kept = signing.verify(content, told.signature, {made.kid: replace(made, certificate=None)})
    assert kept.chain == signer.pem


def test_a_plainly_registered_key_may_bring_a_chain_and_then_the_chain_counts(world, authorities):
    signer = authorities.certify()
    pem = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    private = signing.from_pem(pem, passphrase=None)
    made = registering(world, private)
    with world.begin() as tx:
        confirm(tx, caller=world.caller("approver"), people={}, keys=[made.kid], now=world.now)
    content, signature = with_chain(world, signer, signer.pem)
    authorities.publish(a_list(authorities.root), a_list(authorities.middle, signer))
    with pytest.raises(signing.CertificateUntrusted, match="revoked"):
        world.receive(content, signature=signature, trust=authorities.trust)
    authorities.publish(a_list(authorities.root), a_list(authorities.middle))
    assert world.receive(content, signature=signature, trust=authorities.trust)


def test_an_authoritys_certificate_makes_nobody_known(world, authorities):
    signer = authorities.certify()
    content, signature = with_chain(world, signer, signer.pem)
    with pytest.raises(BadSignature):  # well certified, and not registered
        world.receive(content, signature=signature, trust=authorities.trust)


def test_a_certificate_is_taken_only_with_its_own_key_and_an_authoritys_word(world, authorities):
    signer = authorities.certify()
    with pytest.raises(BadSignature):
        certified(world, authorities, signer, challenge="another challenge, not that one")
    with pytest.raises(BadParticulars, match="another key's"):
        certified(world, authorities, signer, public_jwk=a_key("another").public.jwk)
    with pytest.raises(signing.CertificateUntrusted):
        certified(world, authorities, issue("Alone"))
    other = authorities.certify(serial=signer.certificate.serial_number,
                                key=a_private_key("p256", "other"))  # fmt: skip
    statement = signing.possession_statement(
        signing.key_of(signer.pem).kid, organisation=SUB, purpose=Purpose.SHEET,
        challenge=CHALLENGE,
    )  # fmt: skip
    with pytest.raises(BadSignature):
        certified(world, authorities, signer, proof=signing.armour(other.cms(statement)))
    same = signing.key_of(signer.pem).jwk
    assert certified(world, authorities, signer, public_jwk=same)


def succeeding(world, before, after, **changed):
    named = signing.name_successor(
        before, after.kid, organisation=SUB, purpose=Purpose.SHEET, now=world.now
    )
    return registering(
        world, after, **{"caller": world.caller("signer"), "named_by": named} | changed
    )


def test_a_good_key_names_its_successor_and_both_are_good_until_the_old_one_is_revoked(world):
    old, new = a_key("subcontractor"), signing.generate(Algorithm.ES256)
    made = succeeding(world, old, new)
    assert (made.successor_of, made.confirmed_at) == (old.kid, world.now)

    def submit(key, month):
        content = a_sheet_json(
            *lines(world.workers),
            period=date(2026, month, 1),
            worked_from=date(2026, month, 1),
            worked_to=date(2026, month, 28),
        )
        return world.receive(content, signature=signing.sign(content, key, now=world.now))

    assert submit(old, 7)
    assert submit(new, 6)
    revoking(world)
    with pytest.raises(KeyRevoked):
        submit(old, 5)
    assert submit(new, 5)


def test_only_a_good_key_of_the_own_organisation_names_a_successor(world):
    old, stranger = a_key("subcontractor"), signing.generate(Algorithm.EDDSA)
    new = signing.generate(Algorithm.EDDSA)
    with pytest.raises(BadSignature):
        succeeding(world, stranger, new)
    named = signing.name_successor(
        old, stranger.kid, organisation=SUB, purpose=Purpose.SHEET, now=world.now
    )
    with pytest.raises(BadSignature):
        succeeding(world, old, new, named_by=named)  # that was for another key
    with pytest.raises(NoSuchParty):
        succeeding(world, old, new, registration=a_credit_code(1))
    waiting = registering(world, stranger)
    assert waiting.confirmed_at is None
    with pytest.raises(KeyNotConfirmed):
        succeeding(world, stranger, new)
    revoking(world)
    with pytest.raises(KeyRevoked):
        succeeding(world, old, new)


def test_an_organisation_has_no_more_keys_than_anybody_remembers(world):
    for _ in range(GOOD_AT_ONCE_MAX - 1):
        registering(world, signing.generate(Algorithm.EDDSA))
    with pytest.raises(BadParticulars, match="revoke one first"):
        registering(world, signing.generate(Algorithm.EDDSA))


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
    with world.everything() as tx:
        words = list(tx.scalars(text("SELECT act FROM act ORDER BY id DESC LIMIT 2")))
    assert words == ["revoke_key", "revoke"]


def test_another_account_voids_approvals_and_leaves_the_hold_where_it_is(world):
    sheet_id = approved(world)
    second = another_account(world)
    with world.begin() as tx:
        [moved] = use_account(
            tx, caller=world.caller("administrator"), account_id=second, **world.here
        )
    with world.everything() as tx:
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
