"""People are let in by an invitation, and again by two others; the code is good once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pyotp
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.access import OrganisationKind, Role
from disburse.domain.back_off import ADDRESS
from disburse.domain.signed_in import FRESH_FOR
from disburse.factors.company import Vouched
from disburse.steps.people.invite import VALID_FOR
from disburse.steps.people.link_company import link_company
from disburse.steps.people.recover import VALID_FOR as RECOVERY_VALID_FOR
from disburse.storage import members
from disburse.storage.invitations import NoSuchInvitation
from tests.builders import a_request_key
from tests.http.test_signed import Asked
from tests.people import PASSWORD, Person, problem

GC = OrganisationKind.GENERAL_CONTRACTOR
HEAD = "people_administrator@general_contractor"
APPROVER = "approver@general_contractor"
WHY = {"reason": "the telephone fell into the concrete"}


@pytest.fixture
def head(site):
    """The general contractor's administrator of people, signed in."""
    return Person(site, HEAD).sign_in()


class Newcomer(Person):
    """Somebody with a code and nothing else."""

    def __post_init__(self):
        self.client = self.site.app.test_client()

    def open(self, code):
        answer = self.say("/v1/invitation/open", {"invitation": code})
        self.secret = (answer.json or {}).get("secret", self.secret)
        return answer

    def accept(self, code, password=PASSWORD, totp_code=None):
        body = {"invitation": code, "password": password, "code": totp_code or self.code()}
        return self.say("/v1/invitation/accept", body)


def invited(person, login=APPROVER):
    return person.post(f"/v1/members/{login}/invite")


def test_an_invited_person_sets_password_and_second_factor_and_is_in(site, head):
    answer = invited(head)
    assert answer.status_code == 201, answer.text
    code = answer.json["code"]
    new = Newcomer(site, "approver")
    opened = new.open(code.lower().replace("-", " "))  # as people type it
    assert (opened.json["login"], opened.json["purpose"]) == (APPROVER, "join")
    shown = pyotp.parse_uri(opened.json["address"])
    assert (shown.secret, shown.name, shown.issuer) == (new.secret, APPROVER, "disburse")
    assert new.open(code).json["secret"] == opened.json["secret"]  # the page may be loaded again
    assert problem(new.accept(code, "woaini1314")) == "weak-password"
    assert problem(new.accept(code, totp_code="000000")) == "code-refused"
    assert new.accept(code).status_code == 200
    assert new.get("/v1/session").json["login"] == APPROVER
    assert problem(new.prove()) == "proof-refused"  # the code was taken already
    assert problem(new.open(code)) == "no-such-invitation"
    site.world.now += timedelta(minutes=1)
    again = Person(site, "approver", secret=new.secret)
    again.sign_in()
    with site.world.everything() as tx:
        acts = tx.scalars(text("SELECT act FROM act WHERE act LIKE '%invit%' ORDER BY id")).all()
        codes = tx.scalar(
            text("SELECT count(*) FROM act WHERE facts::text LIKE :c"), {"c": f"%{code}%"}
        )
    with site.world.begin() as tx:
        kept = tx.scalar(text("SELECT totp FROM invitation"))
    assert acts == ["invite", "open_invitation", "accept_invitation"]
    assert (codes, kept) == (0, None)


def test_a_code_is_told_once_and_its_repetition_has_none(site, head):
    first = head.post(f"/v1/members/{APPROVER}/invite", key="one")
    again = head.post(f"/v1/members/{APPROVER}/invite", key="one")
    assert first.json["code"]
    assert again.json["code"] is None


def test_a_newer_code_replaces_the_older_and_both_end_by_time(site, head):
    first, second = invited(head).json["code"], invited(head).json["code"]
    new = Newcomer(site, "approver")
    assert problem(new.open(first)) == "no-such-invitation"
    assert new.open(second).status_code == 200
    site.world.now += VALID_FOR
    assert problem(new.open(second)) == "no-such-invitation"
    assert problem(new.accept(second)) == "no-such-invitation"


def test_an_invitation_that_was_never_opened_is_not_accepted(site, head):
    code = invited(head).json["code"]
    new = Newcomer(site, "approver")
    assert problem(new.accept(code, totp_code="000000")) == "no-such-invitation"


def test_whoever_can_sign_in_or_is_a_machine_is_not_invited(site, head):
    assert problem(invited(head, HEAD)) == "not-invitable"
    with site.world.operating() as tx:
        tx.execute(text("UPDATE member SET person_id = NULL WHERE login = :l"), {"l": APPROVER})
    assert problem(invited(head)) == "not-invitable"


def test_each_organisation_invites_its_own_and_the_operator_only_the_first(site, head):
    operator = Person(site, "administrator").sign_in()
    assert problem(invited(head, "viewer@owner")) == "forbidden"
    assert problem(invited(operator, "viewer@owner")) == "forbidden"
    assert invited(operator, "people_administrator@owner").status_code == 201
    assert problem(invited(operator, HEAD)) == "forbidden"  # the contractor has somebody already
    assert problem(invited(Person(site, "approver").sign_in())) == "forbidden"


def test_inviting_takes_a_fresh_second_factor(site, head):
    site.world.now += FRESH_FOR + timedelta(seconds=1)
    for path in ("invite", "recover", "confirm_recovery"):
        body = WHY if path == "recover" else None
        assert problem(head.post(f"/v1/members/{APPROVER}/{path}", body)) == "proof-needed"


def test_codes_cannot_be_guessed_by_the_dozen(site):
    stranger = Newcomer(site, "approver")
    for number in range(ADDRESS.free):
        assert problem(stranger.open(f"{number:020}")) == "no-such-invitation"
    assert problem(stranger.open("0" * 20)) == "too-many-attempts"


# ---------------------------------------------------------------- recovery
@pytest.fixture
def lost(site):
    """An approver who is signed in somewhere, and lost the telephone."""
    return Person(site, "approver").sign_in()


@pytest.fixture
def releaser(site):
    return Person(site, "releaser@general_contractor").sign_in()


def halves(head, second, login=APPROVER):
    first = head.post(f"/v1/members/{login}/recover", WHY)
    assert first.status_code == 201, first.text
    other = second.post(f"/v1/members/{login}/confirm_recovery")
    assert other.status_code == 201, other.text
    return first.json["half"], other.json["half"]


def test_two_others_let_a_person_in_anew_and_every_old_session_ends(site, head, lost, releaser):
    first, second = halves(head, releaser)
    assert lost.get("/v1/session").status_code == 200  # nothing changes until it is used
    new = Newcomer(site, "approver")
    for wrong in (first, second, second + first, f"{first}{second}{first}"):
        assert problem(new.open(wrong)) == "no-such-invitation"
    opened = new.open(f"{first} {second}")
    assert (opened.json["purpose"], opened.json["login"]) == ("recovery", APPROVER)
    assert new.secret != lost.secret
    changed = "nine quiet lanterns burn"
    assert new.accept(f"{first}{second}", changed).status_code == 200
    assert lost.get("/v1/session").status_code == 401
    assert problem(lost.half()) == "sign-in-refused"
    assert lost.half(changed).status_code == 200
    assert problem(lost.prove()) == "proof-refused"  # the old authenticator is worth nothing
    with site.world.everything() as tx:
        rows = tx.execute(
            text("SELECT act, person_id FROM act WHERE act LIKE '%recover%' ORDER BY id")
        )
        told = [tuple(row) for row in rows]
    people = [site.world.caller(name).person_id for name in (HEAD, "releaser")]
    assert told == list(zip(("recover", "confirm_recovery"), people, strict=True))


def test_a_recovered_account_admits_no_program_that_came_in_before(site, head, lost, releaser):
    world = site.world
    key = a_request_key(world, "a thief's laptop", "approver")

    def come_in():
        signed = Asked("GET", f"{site.project}/sheets").sign(key, world.now)
        by_key = signed.send(site.app.test_client()).status_code
        return by_key, site.get("sheets", "approver").status_code

    code = "".join(halves(head, releaser))
    new = Newcomer(site, "approver")
    new.open(code)
    assert come_in() == (200, 200)
    assert new.accept(code, "nine quiet lanterns burn").status_code == 200
    assert come_in() == (401, 401)
    with world.everything() as tx:
        facts = tx.scalar(text("SELECT facts FROM act WHERE act = 'accept_invitation'"))
    assert facts["tokens_ended"] > 0
    assert facts["request_keys_ended"] == 1


def test_one_person_alone_recovers_nobody_by_no_account_of_theirs(site, head, lost):
    world = site.world
    first = head.post(f"/v1/members/{APPROVER}/recover", WHY).json["half"]
    assert problem(head.post(f"/v1/members/{APPROVER}/confirm_recovery")) == "same-person"
    with world.operating() as tx:  # a second account of the same human being
        caller = world.add_member(tx, GC, Role.PEOPLE_ADMINISTRATOR, "alias")
        same = {"m": caller.member_id, "p": world.caller(HEAD).person_id}
        tx.execute(text("UPDATE member SET person_id = :p WHERE id = :m"), same)
    alias = Person(site, "alias@general_contractor").sign_in()
    assert problem(alias.post(f"/v1/members/{APPROVER}/confirm_recovery")) == "same-person"
    assert problem(Newcomer(site, "approver").open(first)) == "no-such-invitation"
    # and the database says so too
    with world.begin() as tx, pytest.raises(IntegrityError):
        tx.execute(
            text("UPDATE invitation SET second_digest = '\\x00', confirmed_by = made_by, "
                 "confirmed_by_person = made_by_person")
        )  # fmt: skip


def test_nobody_takes_part_in_the_own_recovery(site, head, lost, releaser):
    assert problem(head.post(f"/v1/members/{HEAD}/recover", WHY)) == "same-person"
    head.post(f"/v1/members/{APPROVER}/recover", WHY)
    assert problem(lost.post(f"/v1/members/{APPROVER}/confirm_recovery")) == "same-person"


def test_people_of_other_organisations_recover_nobody_and_the_operator_only_beside_one(
    site, head, lost, releaser
):
    operator = Person(site, "administrator").sign_in()
    other = Person(site, "people_administrator@operator").sign_in()
    outsider = Person(site, "people_administrator@owner").sign_in()
    path = f"/v1/members/{APPROVER}"
    assert problem(outsider.post(f"{path}/recover", WHY)) == "forbidden"
    assert problem(releaser.post(f"{path}/recover", WHY)) == "forbidden"
    assert problem(releaser.post(f"{path}/confirm_recovery")) == "no-such-invitation"
    head.post(f"{path}/recover", WHY)
    assert problem(outsider.post(f"{path}/confirm_recovery")) == "forbidden"
    assert operator.post(f"{path}/confirm_recovery").status_code == 201
    assert operator.post(f"{path}/recover", WHY).status_code == 201
    assert problem(other.post(f"{path}/confirm_recovery")) == "forbidden"  # two of the operator's
    assert releaser.post(f"{path}/confirm_recovery").status_code == 201


def test_a_recovery_is_forgotten_after_a_day_and_no_machine_is_recovered(
    site, head, releaser, lost
):
    first, second = halves(head, releaser)
    site.world.now += RECOVERY_VALID_FOR
    assert problem(Newcomer(site, "approver").open(first + second)) == "no-such-invitation"
    head.sign_in()
    with site.world.operating() as tx:
        tx.execute(text("UPDATE member SET person_id = NULL WHERE login = :l"), {"l": APPROVER})
    assert problem(head.post(f"/v1/members/{APPROVER}/recover", WHY)) == "no-such-party"


def test_a_disabled_account_is_not_opened_by_an_invitation(site, head):
    code = invited(head).json["code"]
    new = Newcomer(site, "approver")
    new.open(code)
    with site.world.operating() as tx:
        tx.execute(text("UPDATE member SET disabled_at = now() WHERE login = :l"), {"l": APPROVER})
    assert problem(new.accept(code)) == "no-such-invitation"
    vouched = Vouched(issuer="https://id.example.org", subject="1", proven_at=site.world.now)
    with site.world.begin() as tx:
        number = tx.scalar(text("SELECT id FROM invitation"))
    with pytest.raises(NoSuchInvitation, match="disabled"), site.world.begin() as tx:
        link_company(tx, invitation_id=number, whom=vouched, browser="", now=site.world.now)


def test_an_administrator_ends_the_sessions_of_the_own_people(site, head, lost):
    path = f"/v1/members/{APPROVER}/end_sessions"
    outsider = Person(site, "people_administrator@owner").sign_in()
    assert problem(outsider.post(path, WHY)) == "forbidden"
    assert problem(head.post(path, {"reason": " "})) == "bad-particulars"
    assert head.post(path, WHY).json == {"ended": 1}
    assert lost.get("/v1/session").status_code == 401


# ---------------------------------------------------------------- the owner stops a recovery
def test_the_owner_sees_a_recovery_and_stops_it(site, head, lost, releaser):
    assert lost.get("/v1/session").json["recovery"] is None
    assert problem(lost.post("/v1/session/stop_recovery")) == "no-such-invitation"
    first = head.post(f"/v1/members/{APPROVER}/recover", WHY).json["half"]
    seen = lost.get("/v1/session").json["recovery"]
    assert (seen["made_by"], seen["reason"], seen["confirmed"]) == (HEAD, WHY["reason"], False)
    second = releaser.post(f"/v1/members/{APPROVER}/confirm_recovery").json["half"]
    assert lost.get("/v1/session").json["recovery"]["confirmed"] is True
    new = Newcomer(site, "approver")
    assert new.open(first + second).status_code == 200

    assert lost.post("/v1/session/stop_recovery").json == {"done": True}

    assert problem(new.accept(first + second)) == "no-such-invitation"
    assert lost.get("/v1/session").json["recovery"] is None
    with site.world.everything() as tx:
        row = tx.execute(text("SELECT person_id, facts FROM act WHERE act = 'stop_recovery'")).one()
    with site.world.begin() as tx:
        kept = tx.scalar(text("SELECT totp FROM invitation"))
    assert row.person_id == site.world.caller("approver").person_id
    assert (set(row.facts) >= {"invitation", "factor"}, kept) == (True, None)


def test_a_stolen_session_or_a_token_stops_no_recovery(site, head, lost):
    head.post(f"/v1/members/{APPROVER}/recover", WHY)
    assert problem(site.post("/v1/session/stop_recovery", "approver")) == "no-session"
    site.world.now += FRESH_FOR + timedelta(seconds=1)  # nobody at the desk can show the factor
    assert problem(lost.post("/v1/session/stop_recovery")) == "proof-needed"
    assert lost.get("/v1/session").json["recovery"]["made_by"] == HEAD


# ---------------------------------------------------------------- disabled accounts
def test_a_disabled_account_admits_nobody_and_its_tokens_and_keys_never_again(site, head, lost):
    world, path = site.world, f"/v1/members/{APPROVER}"
    key = a_request_key(world, "a laptop", "approver")

    def signed(by):
        asked = Asked("GET", f"{site.project}/sheets").sign(by, world.now)
        return asked.send(site.app.test_client()).status_code

    half = head.post(f"{path}/recover", WHY).json["half"]
    assert signed(key) == 200

    assert head.post(f"{path}/disable", WHY).json == {"ended": 1}

    assert lost.get("/v1/session").status_code == 401
    assert problem(lost.half()) == "sign-in-refused"
    assert site.get("sheets", "approver").status_code == 401
    assert signed(key) == 401
    assert problem(head.post(f"{path}/disable", WHY)) == "already-disabled"
    assert problem(Newcomer(site, "approver").open(half)) == "no-such-invitation"
    with world.begin() as tx:
        roles = tx.scalars(
            text("SELECT g.role FROM grant_of_role g JOIN member m ON m.id = g.member_id "
                 "WHERE m.login = :l"), {"l": APPROVER},
        ).all()  # fmt: skip
    assert roles == ["approver"]  # the history needs them

    assert head.post(f"{path}/enable", WHY).json == {"done": True}

    assert problem(head.post(f"{path}/enable", WHY)) == "not-disabled"
    assert lost.get("/v1/session").status_code == 401  # sessions do not come back
    assert site.get("sheets", "approver").status_code == 401  # nor tokens
    world.now += timedelta(minutes=1)
    lost.sign_in()
    assert signed(key) == 401  # nor keys
    new = {"digest": sha256(b"new").digest(), "member_id": world.caller("approver").member_id,
           "label": "new", "created_at": world.now,
           "expires_at": world.now + timedelta(days=1)}  # fmt: skip
    with world.operating() as tx:
        members.add_token(tx, new)
    shown = {"Authorization": "Bearer new"}
    assert site.client.get(f"{site.project}/sheets", headers=shown).status_code == 200
    assert signed(a_request_key(world, "a new laptop", "approver")) == 200
    with world.everything() as tx:
        told = tx.execute(text("SELECT act, facts FROM act WHERE act LIKE '%able_member' "
                               "ORDER BY id")).all()  # fmt: skip
    assert [(row.act, row.facts["reason"]) for row in told] == [
        ("disable_member", WHY["reason"]), ("enable_member", WHY["reason"]),
    ]  # fmt: skip
    ended = ("sessions_ended", "tokens_ended", "request_keys_ended")
    assert [told[0].facts[name] for name in ended] == [1, 2, 1]  # a token by name, one by login


def test_only_the_own_administrator_disables_and_never_the_own_person(site, head):
    operator = Person(site, "administrator").sign_in()
    outsider = Person(site, "people_administrator@owner").sign_in()
    for act in ("disable", "enable"):
        path = f"/v1/members/{APPROVER}/{act}"
        assert problem(operator.post(path, WHY)) == "forbidden"
        assert problem(outsider.post(path, WHY)) == "forbidden"
        assert problem(head.post(path, {"reason": " "})) == "bad-particulars"
        assert problem(head.post(f"/v1/members/{HEAD}/{act}", WHY)) == "same-person"
    with site.world.operating() as tx:  # another account of the same human being
        caller = site.world.add_member(tx, GC, Role.APPROVER, "alias")
        same = {"m": caller.member_id, "p": site.world.caller(HEAD).person_id}
        tx.execute(text("UPDATE member SET person_id = :p WHERE id = :m"), same)
    alias = "/v1/members/alias@general_contractor"
    assert problem(head.post(f"{alias}/enable", WHY)) == "same-person"
    site.world.now += FRESH_FOR + timedelta(seconds=1)
    assert problem(head.post(f"/v1/members/{APPROVER}/disable", WHY)) == "proof-needed"
