"""The operator adds people and keys; another organisation makes them count."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse import signing
from disburse.domain.access import (
    CONFIRMED_BY,
    CONFIRMING,
    ROLES,
    Act,
    Forbidden,
    OrganisationKind,
    Role,
)
from disburse.domain.approval import SamePerson
from disburse.domain.particulars import Identity
from disburse.domain.sheet import IdType
from disburse.domain.signing_key import Algorithm, KeyNotConfirmed, Purpose
from disburse.queries.waiting import waiting
from disburse.steps.parties.add_member import add_member
from disburse.steps.parties.confirm import NothingWaits, confirm
from disburse.steps.parties.grant_roles import grant_roles
from disburse.steps.parties.register_key import Offered, register_key
from disburse.steps.parties.register_request_key import register_request_key
from disburse.storage import members, parties, request_keys
from disburse.storage.keys import NoSuchKey
from disburse.storage.parties import NoSuchParty
from tests.builders import PLACES, a_key
from tests.sheets import a_credit_code, a_sheet_json, an_identity_number, lines

Kinds = OrganisationKind
SUB, CONTRACTOR = a_credit_code(PLACES[Kinds.SUBCONTRACTOR]), a_credit_code(1)
CHALLENGE = "made by the administrator"


def by_admin(world, step, **facts):
    with world.begin() as tx:
        return step(tx, caller=world.caller("administrator"), now=world.now, **facts)


def hire(world, kind, login, *roles, number=700):
    """Let the operator add a person of an organisation, with roles that wait."""
    by_admin(
        world,
        add_member,
        registration=a_credit_code(PLACES[kind]),
        login=login,
        name=login,
        identity=Identity(IdType.RESIDENT_CARD, an_identity_number(number)),
    )
    by_admin(world, grant_roles, login=login, roles=roles)
    return caller_of(world, login)


def caller_of(world, login):
    with world.begin() as tx:
        return members.caller_of_login(tx, login)


def word(world, who, people=None, keys=()):
    caller = world.members[who] if who in world.members else caller_of(world, who)
    with world.begin() as tx:
        return confirm(tx, caller=caller, people=people or {}, keys=keys, now=world.now)


def show(world, name):
    """Let the operator register the key of `name` for the subcontractor."""
    private = a_key(name)
    proof = signing.prove_possession(
        private, organisation=SUB, purpose=Purpose.SHEET, challenge=CHALLENGE, now=world.now
    )
    by_admin(
        world,
        register_key,
        registration=SUB,
        purpose=Purpose.SHEET,
        offered=Offered(public_jwk=private.public.jwk, challenge=CHALLENGE, proof=proof),
        valid_for=timedelta(days=365),
    )
    return private


def submit(world, private, **more):
    content = a_sheet_json(*lines(world.workers))
    return world.receive(content, signature=signing.sign(content, private, now=world.now), **more)


def test_the_operator_alone_makes_no_signer_and_no_key_that_counts(world):
    signer = hire(world, Kinds.SUBCONTRACTOR, "new", Role.SIGNER)
    private = show(world, "new")
    assert (signer.grants, signer.waiting) == (frozenset(), {(Role.SIGNER, None)})
    with pytest.raises(Forbidden, match="signer once another organisation confirms"):
        submit(world, private, caller=signer)
    with pytest.raises(KeyNotConfirmed, match="waits to be confirmed"):
        submit(world, private)  # even by a signer who counts
    with pytest.raises(Forbidden):
        word(world, "administrator", {"new": [Role.SIGNER]})

    told = word(world, "approver", {"new": [Role.SIGNER]}, [private.kid])

    assert (told.logins, told.kids) == (("new",), (private.kid,))
    assert submit(world, private, caller=caller_of(world, "new")).sheet.head_count == world.workers


def test_the_operator_alone_makes_no_approver(world):
    sheet_id = world.funded()
    approver = hire(world, Kinds.GENERAL_CONTRACTOR, "new", Role.APPROVER)
    assert not approver.may(Act.APPROVE, world.project_id)
    with pytest.raises(NoSuchParty):
        word(world, "signer", {"new": [Role.APPROVER]})  # the contractor is not theirs
    word(world, "inspector", {"new": [Role.APPROVER]})
    assert caller_of(world, "new").may(Act.APPROVE, world.project_id)
    assert sheet_id


@pytest.mark.parametrize("kind", [kind for kind in Kinds if CONFIRMED_BY[kind]])
def test_the_table_says_whose_word_counts_for_whom(world, kind):
    """Somebody of every role tries; the own people and those of the table's kinds succeed."""
    roles = sorted(ROLES[kind])
    hire(world, kind, "new", *roles)
    able = set()
    for role in Role:
        other = world.caller(role)
        with world.begin() as tx:
            try:
                confirm(tx, caller=other, people={"new": roles}, keys=(), now=world.now)
            except (Forbidden, NoSuchParty):
                continue
            able.add(role)
            tx.rollback()
    theirs = {role for one in {kind, *CONFIRMED_BY[kind]} for role in ROLES[one]}
    assert able == theirs & CONFIRMING


def test_nobody_confirms_themselves_or_what_they_granted(world):
    hire(world, Kinds.GENERAL_CONTRACTOR, "boss", Role.APPROVER, number=701)
    word(world, "inspector", {"boss": [Role.APPROVER]})
    by_admin(world, grant_roles, login="boss", roles=[Role.RELEASER])
    with pytest.raises(SamePerson):
        word(world, "boss", {"boss": [Role.RELEASER]})
    # the same human being as somebody of the subcontractor
    hire(world, Kinds.SUBCONTRACTOR, "twin", Role.SIGNER, number=701)
    with pytest.raises(SamePerson):
        word(world, "boss", {"twin": [Role.SIGNER]})
    # an administrator who is an approver, too
    admin = world.caller("administrator")
    hire(world, Kinds.SUBCONTRACTOR, "third", Role.SIGNER, number=702)
    private = show(world, "third")
    with world.operating() as tx:
        tx.execute(
            text("UPDATE member SET person_id = :p WHERE login = 'boss'"), {"p": admin.person_id}
        )
    for asked in ({"people": {"third": [Role.SIGNER]}}, {"keys": [private.kid]}):
        with pytest.raises(SamePerson):
            word(world, "boss", **asked)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE grant_of_role SET confirmed_by = granted_by",
        "UPDATE grant_of_role SET confirmed_by = holder",
        "UPDATE grant_of_role SET confirmed_by = 1, confirmed_at = NULL",
        "UPDATE signing_key SET confirmed_by = registered_by",
        "UPDATE signing_key SET confirmed_at = now(), confirmed_by = NULL",
        "UPDATE request_key SET confirmed_by = registered_by",
    ],
)
def test_the_database_refuses_it_too(world, change):
    hire(world, Kinds.SUBCONTRACTOR, "new", Role.SIGNER)
    show(world, "new")
    a_waiting_request_key(world, "new")
    with pytest.raises(IntegrityError), world.begin() as tx:
        tx.execute(text(change))


def test_what_was_not_shown_does_not_go_along(world):
    hire(world, Kinds.GENERAL_CONTRACTOR, "new", Role.FINANCE_VIEWER, Role.APPROVER)
    word(world, "inspector", {"new": [Role.FINANCE_VIEWER]})
    assert caller_of(world, "new").grants == {(Role.FINANCE_VIEWER, None)}
    with pytest.raises(NothingWaits) as refused:
        word(world, "inspector", {"new": [Role.FINANCE_VIEWER]})
    assert refused.value.facts["roles"] == [Role.FINANCE_VIEWER]
    with pytest.raises(NoSuchKey):
        word(world, "inspector", keys=["unknown"])


def test_all_of_it_counts_or_nothing(world):
    hire(world, Kinds.SUBCONTRACTOR, "new", Role.SIGNER)
    with pytest.raises(NoSuchKey):
        word(world, "approver", {"new": [Role.SIGNER]}, ["unknown"])
    assert caller_of(world, "new").grants == frozenset()


def test_an_authority_elsewhere_and_a_contractor_elsewhere_have_no_word(world):
    hire(world, Kinds.GENERAL_CONTRACTOR, "new", Role.APPROVER)
    with world.operating() as tx:
        for kind, place in ((Kinds.LABOUR_AUTHORITY, 95), (Kinds.GENERAL_CONTRACTOR, 96)):
            values = {"kind": kind, "registration": a_credit_code(place), "name": "Elsewhere",
                      "region": "11", "sector": ""}  # fmt: skip
            world.organisations[kind] = parties.add_organisation(tx, values)
            world.add_member(tx, kind, *sorted(ROLES[kind]), f"elsewhere {kind}")
    for kind in (Kinds.LABOUR_AUTHORITY, Kinds.GENERAL_CONTRACTOR):
        with pytest.raises((NoSuchParty, Forbidden)):
            word(world, f"elsewhere {kind}", {"new": [Role.APPROVER]})


def a_waiting_request_key(world, login):
    private = signing.generate(Algorithm.EDDSA)
    by_admin(
        world,
        register_request_key,
        login=login,
        public_jwk=private.public.jwk,
        proof=signing.prove_request_key(private, login=login, now=world.now),
        valid_for=timedelta(days=90),
    )
    return private.kid


def test_a_key_that_the_operator_gave_an_account_signs_no_request(world):
    kid = a_waiting_request_key(world, "approver@general_contractor")
    with world.begin() as tx:
        assert not request_keys.known(tx, kid).key.good(world.now)
        [shown] = waiting(tx, world.caller("inspector")).keys
    assert (shown.kid, shown.purpose, shown.login) == (
        kid,
        "request",
        "approver@general_contractor",
    )
    with pytest.raises(SamePerson):
        word(world, "approver", keys=[kid])  # the account's own person
    word(world, "second approver", keys=[kid])
    with world.begin() as tx:
        assert request_keys.known(tx, kid).key.good(world.now)


def test_everybody_sees_what_waits_for_them_and_the_administrator_all(world):
    hire(world, Kinds.SUBCONTRACTOR, "ss", Role.SIGNER, number=701)
    hire(world, Kinds.GENERAL_CONTRACTOR, "gg", Role.APPROVER, number=702)
    private = show(world, "ss")
    seen = {}
    for who in ("administrator", "approver", "signer", "inspector"):
        with world.begin() as tx:
            found = waiting(tx, world.caller(who))
        seen[who] = ([one.login for one in found.people], [one.kid for one in found.keys])
    assert seen == {
        "administrator": (["gg", "ss"], [private.kid]),
        "approver": (["gg", "ss"], [private.kid]),
        "signer": (["ss"], [private.kid]),
        "inspector": (["gg"], []),
    }
    with pytest.raises(Forbidden), world.begin() as tx:
        waiting(tx, world.caller("releaser"))


def test_a_word_stands_in_the_history_by_name(world):
    hire(world, Kinds.SUBCONTRACTOR, "new", Role.SIGNER)
    private = show(world, "new")
    word(world, "approver", {"new": [Role.SIGNER]}, [private.kid])
    with world.everything() as tx:
        rows = list(tx.execute(text("SELECT * FROM act WHERE act = 'confirm' ORDER BY id")))
    assert [(row.subject, row.person_id) for row in rows] == [
        (subject, world.caller("approver").person_id) for subject in ("member", "key")
    ]
    assert rows[0].facts == {"roles": ["signer"], "organisation": SUB}
