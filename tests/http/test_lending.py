"""A role is lent to a colleague until a day; lender and delegate are one side of the work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.access import NEVER_FOR_ANOTHER, Act, OrganisationKind, Role
from disburse.domain.lending import LENT_FOR_MAX, NotLendable, require_lendable
from disburse.domain.policy import Policy
from disburse.domain.roles import MAY_BE_LENT
from disburse.domain.signed_in import FRESH_FOR
from disburse.steps.parties.confirm import confirm
from disburse.steps.payroll.fund import fund
from disburse.storage import members
from disburse.storage.acts import By
from tests.builders import World, a_request_key
from tests.http.site import Site
from tests.http.test_signed import Asked
from tests.people import Person, problem
from tests.sheets import TODAY

GC = OrganisationKind.GENERAL_CONTRACTOR
OFFICER, APPROVER = "labour_officer@general_contractor", "approver@general_contractor"
SECOND, DELEGATE = "second_approver@general_contractor", "delegate@general_contractor"
ANOTHER = "another@general_contractor"
LAST = TODAY + timedelta(days=7)


class Crew(World):
    """A world with two colleagues who have no role of their own."""

    def __post_init__(self):
        super().__post_init__()
        with self.operating() as tx:
            for name in ("delegate", "another"):
                self.add_member(tx, GC, name)

    def grant(self, name, role):
        with self.operating() as tx:
            number = self.caller(name).member_id
            nobody = By(member_id=None, person_id=None, at=self.now)
            members.grant(tx, member_id=number, roles=[role], project_id=None, by=nobody)
            self.confirm(tx, number, [role])


@pytest.fixture
def site(begin):
    return Site(Crew(begin))


def lend(site, who="approver", to=DELEGATE, role="approver", ends_on=LAST):
    body = {"login": to, "role": role, "ends_on": ends_on.isoformat()}
    return site.post("lendings", who, json=body)


def lent(site, *args, **more):
    answer = lend(site, *args, **more)
    assert answer.status_code == 201, answer.text
    return answer.json["id"]


def acting(login):
    return {} if login is None else {"Disburse-For": login}


def reviewed(site, who="labour_officer", acting_for=None):
    """Bring a sheet so far that it waits for approval, and return its number."""
    sheet = site.submit().json["sheet"]["id"]
    site.world.allocate(10_000_000)
    answer = site.post(f"sheets/{sheet}/review", who, headers=acting(acting_for))
    assert answer.status_code == 200, answer.text
    site.world.do(fund, None, sheet_id=sheet)
    return sheet


def approve(site, sheet, who, acting_for=None):
    root = site.get(f"sheets/{sheet}/root", "labour_officer").json["root"]
    path = f"sheets/{sheet}/approve"
    return site.post(path, who, json={"root_seen": root}, headers=acting(acting_for))


def test_a_delegate_approves_by_saying_for_whom_and_both_stand_in_the_history(site):
    number = lent(site)
    sheet = reviewed(site)
    assert problem(approve(site, sheet, "delegate")) == "forbidden"  # in the own name
    assert approve(site, sheet, "delegate", APPROVER).status_code == 200

    [done] = [one for one in site.get("acts", "inspector").json["rows"] if one["act"] == "approve"]
    assert (done["member"], done["acting_for"]) == ("delegate", "approver")
    persons = [site.world.caller(name).person_id for name in ("delegate", "approver")]
    with site.world.everything() as tx:
        row = tx.execute(text("SELECT approver, approver_for, document FROM approval")).one()
        act = tx.execute(
            text("SELECT person_id, for_person_id FROM act WHERE act = 'approve'")
        ).one()
        counted = tx.scalars(text("SELECT person_id FROM approval_person")).all()
    assert [row.approver, row.approver_for] == persons == [act.person_id, act.for_person_id]
    assert sorted(counted) == sorted(persons)
    assert f'"approver":"{persons[0]}","acting_for":"{persons[1]}"' in row.document
    told = site.get("acts", "inspector").json["rows"]
    [act] = [one for one in told if one["act"] == "lend"]
    assert (act["subject_id"], act["facts"]["role"]) == (str(number), "approver")
    assert act["facts"]["ends_on"] == LAST.isoformat()


def test_a_request_for_a_nameless_colleague_is_refused_and_not_taken_as_the_own(site):
    answer = site.client.get(
        f"{site.project}/sheets", headers=site.headers("approver") | acting("")
    )
    assert (answer.status_code, problem(answer)) == (422, "bad-particulars")


def test_who_stands_in_for_whom_is_seen_by_the_own_people_and_the_authority(site):
    number = lent(site)
    site.world.grant("delegate", Role.FINANCE_VIEWER)
    for who in ("inspector", "labour_officer", "delegate"):
        [seen] = site.get("lendings", who).json["rows"]
        assert (seen["id"], seen["lender"], seen["good"]) == (number, APPROVER, True)
        assert (seen["delegate"], seen["delegate_name"]) == (DELEGATE, "delegate")
    assert site.get("lendings", "viewer").json == {"rows": []}  # of the owner


# who made it, for whom    who approves it, for whom    whether that is another person's work
CHAINS = {
    "a delegate, what the lender made": (("labour_officer", None), ("delegate", OFFICER), False),
    "the lender, what a delegate made": (("delegate", OFFICER), ("labour_officer", None), False),
    "a delegate, what it made for another": (("delegate", OFFICER), ("delegate", APPROVER), False),
    "a second delegate of the same lender": (("another", OFFICER), ("delegate", OFFICER), False),
    "a delegate by an own role, what it made for another": (
        ("another", OFFICER), ("another", None), False,
    ),
    "a delegate of one, what a delegate of another made": (
        ("another", OFFICER), ("delegate", APPROVER), True,
    ),
    "somebody else, what a delegate made": (("delegate", OFFICER), ("approver", None), True),
}  # fmt: skip


@pytest.mark.parametrize("chain", CHAINS)
def test_nobody_checks_what_they_or_whom_they_stand_for_made(site, chain):
    (maker, made_for), (checker, checks_for), allowed = CHAINS[chain]
    site.world.grant("labour_officer", Role.APPROVER)  # more roles than one person should have
    for to in (DELEGATE, ANOTHER):
        lent(site, "labour_officer", to, "labour_officer")
    lent(site, "labour_officer", DELEGATE, "approver")
    lent(site, "approver", DELEGATE, "approver")
    site.world.grant("another", Role.APPROVER)
    sheet = reviewed(site, maker, made_for)

    answer = approve(site, sheet, checker, checks_for)

    if allowed:
        assert answer.status_code == 200, answer.text
    else:
        assert (answer.status_code, problem(answer)) == (403, "same-person")


def test_a_delegate_and_the_lender_are_never_two_of_the_approvers(begin):
    site = Site(Crew(begin, policy=Policy(approvers=((0, 2),))))
    for to in (DELEGATE, ANOTHER):
        lent(site, "approver", to)
    lent(site, "second approver", DELEGATE)
    sheet = reviewed(site)
    assert approve(site, sheet, "delegate", APPROVER).json["state"] == "funded"
    for who, acting_for in (
        ("approver", None), ("another", APPROVER), ("delegate", APPROVER), ("delegate", SECOND),
    ):  # fmt: skip
        assert problem(approve(site, sheet, who, acting_for)) == "same-person"
    with pytest.raises(IntegrityError, match="approves_once"), site.world.owning() as tx:
        tx.execute(
            text("""INSERT INTO approval SELECT project_id, sheet_id, round, approver_for, reviewer,
                 'x', 'x', 'another nonce', at, expires_at, makers FROM approval""")
        )  # and the database says so itself
    assert approve(site, sheet, "second approver").json["state"] == "approved"


CHANGES = {
    "submitted": "UPDATE sheet SET submitted_for = reviewed_by",
    "reviewed": "UPDATE sheet SET reviewed_for = submitted_by",
    "approved": "UPDATE approval SET approver_for = reviewer",
    "approved what was made": "UPDATE approval SET approver_for = makers[1]",
    "declared": "UPDATE declaration SET declared_for = vouched_by",
    "acted for itself": "UPDATE act SET for_person_id = person_id, for_member_id = member_id",
    "lent to itself": "UPDATE lending SET delegate_person = lender_person",
    "lent for longer": "UPDATE lending SET ends_on = ends_on + 40",
    "lent a signer's role": "UPDATE lending SET role = 'signer'",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_database_refuses_it_too(site, change):
    lent(site)
    declared = {"amount": "1.00", "voucher_digest": "ab" * 32, "expected_on": "2026-08-20"}
    number = site.post("declarations", "funder", json=declared).json["id"]
    assert site.post(f"declarations/{number}/vouch", "approver").status_code == 200
    approve(site, reviewed(site), "approver")
    with pytest.raises(IntegrityError, match="check constraint"), site.world.owning() as tx:
        tx.execute(text(change))


# ---------------------------------------------------------------- its end
def test_it_ends_with_its_last_day_where_the_project_is(site):
    lent(site, ends_on=TODAY)
    sheet = reviewed(site)
    site.world.now = site.world.now.replace(hour=15, minute=59)  # 23:59 on the site
    assert problem(approve(site, sheet, "delegate", OFFICER)) == "not-lent"
    ask = {"headers": site.headers("delegate") | acting(APPROVER)}
    assert site.client.get(f"{site.project}/sheets", **ask).status_code == 200
    site.world.now += timedelta(minutes=1)
    assert problem(site.client.get(f"{site.project}/sheets", **ask)) == "not-lent"
    assert problem(approve(site, sheet, "delegate", APPROVER)) == "not-lent"


@pytest.mark.parametrize("who", ["approver", "delegate"])
def test_either_side_ends_it_at_once(site, who):
    number, sheet = lent(site), reviewed(site)
    taken = f"lendings/{number}/end"
    assert problem(site.post(taken, "labour_officer")) == "no-such-lending"
    if who == "delegate":
        site.world.grant("delegate", Role.FINANCE_VIEWER)
    assert site.post(taken, who).json == {"done": True}
    assert problem(site.post(taken, who)) == "no-such-lending"
    assert problem(approve(site, sheet, "delegate", APPROVER)) == "not-lent"
    [seen] = site.get("lendings", "labour_officer").json["rows"]
    assert seen["good"] is False
    with site.world.everything() as tx:
        person = tx.scalar(text("SELECT person_id FROM act WHERE act = 'end_lending'"))
    assert person == site.world.caller(who).person_id


ENDS = {
    "the lender loses the role": "DELETE FROM grant_of_role WHERE member_id = :m",
    "the role is to be confirmed anew":
        "UPDATE grant_of_role SET confirmed_at = NULL, confirmed_by = NULL WHERE member_id = :m",
    "the lender is disabled": "UPDATE member SET disabled_at = now() WHERE id = :m",
    "the lender's account is somebody else's":
        "UPDATE member SET person_id = (SELECT max(id) FROM person) WHERE id = :m",
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_it_ends_with_what_it_hangs_on(site, end):
    lent(site)
    sheet = reviewed(site)
    with site.world.owning() as tx:
        tx.execute(text(end), {"m": site.world.caller("approver").member_id})
    assert problem(approve(site, sheet, "delegate", APPROVER)) == "not-lent"


# ---------------------------------------------------------------- its bounds
def test_a_role_is_lent_by_who_has_it_to_a_colleague_who_has_it_not(site):
    world = site.world
    world.grant("approver", Role.RELEASER)
    assert lend(site, role="labour_officer").json["detail"].startswith("you are no labour_officer")
    for more in (
        {"to": SECOND},  # is approver already
        {"ends_on": TODAY - timedelta(days=1)},
        {"ends_on": TODAY + LENT_FOR_MAX + timedelta(days=1)},
    ):
        assert problem(lend(site, **more)) == "not-lendable"
    assert problem(lend(site, to="viewer@owner")) == "forbidden"
    assert problem(lend(site, to=APPROVER)) == "same-person"
    assert problem(lend(site, to="nobody")) == "no-such-party"
    assert problem(lend(site, "delegate")) == "forbidden"
    assert problem(lend(site, "signer", "preparer@subcontractor", "signer")) == "forbidden"
    assert problem(lend(site, "administrator", "x", "administrator")) == "no-such-party"
    lent(site, ends_on=TODAY + LENT_FOR_MAX)
    with world.owning() as tx:
        tx.execute(text("UPDATE member SET person_id = NULL WHERE login = :l"), {"l": DELEGATE})
    assert problem(lend(site)) == "not-lendable"  # to a machine
    with world.owning() as tx:
        tx.execute(text("UPDATE member SET disabled_at = now() WHERE login = :l"), {"l": ANOTHER})
    assert problem(lend(site, to=ANOTHER)) == "not-lendable"
    with world.owning() as tx:
        tx.execute(text("UPDATE member SET person_id = NULL WHERE login = :l"), {"l": APPROVER})
    assert problem(lend(site)) == "same-person"  # a machine lends nothing
    number = 1
    assert problem(site.post(f"lendings/{number}/end", "approver")) == "same-person"


def test_every_role_is_in_the_table_and_a_signers_is_not_lent(site):
    assert set(MAY_BE_LENT) == set(Role)
    signer = site.world.caller("signer")
    with pytest.raises(NotLendable, match="signer cannot be lent"):
        require_lendable(signer, Role.SIGNER, project_id=1, delegate=signer, today=TODAY, last=LAST)


def test_a_delegate_is_what_was_lent_and_nothing_more(site):
    world = site.world
    world.grant("another", Role.RELEASER)
    lent(site, "approver", ANOTHER)
    sheet = reviewed(site)
    headers = acting(APPROVER)
    path = f"sheets/{sheet}/export"
    assert problem(site.post(path, "another", headers=headers)) == "forbidden"  # the own role rests
    body = {"login": DELEGATE, "role": "approver", "ends_on": LAST.isoformat()}
    for act in (
        site.post("lendings", "another", json=body, headers=headers),  # is not lent on
        site.post("lendings/1/end", "another", headers=headers),
        site.client.get(f"{site.project}/lendings", headers=site.headers("another") | headers),
    ):
        assert problem(act) == "forbidden"
    word = {"people": [{"login": DELEGATE, "roles": ["viewer"]}]}
    for path in ("/v1/confirmations", "/v1/webhooks", "/v1/session/sign_out", "/v1/nowhere"):
        answer = site.post(path, "another", json=word, headers=headers)
        assert problem(answer) == "not-lent", path  # roles are lent on projects
    caller = replace(world.caller("approver"), stands_for=object())
    assert not [act for act in NEVER_FOR_ANOTHER if caller.may(act, world.project_id)]
    assert {Act.CONFIRM, Act.LEND, Act.SIGN_OUT} <= NEVER_FOR_ANOTHER


def test_a_delegate_has_no_say_on_people_and_keys(site):
    """Not even inside the program, where no header is looked at."""
    from disburse.door import acting_for  # noqa: PLC0415

    lent(site)
    with site.world.unbound() as tx:
        delegate = acting_for(
            tx, site.world.caller("delegate"), APPROVER, project_id=site.world.project_id,
            now=site.world.now,
        )  # fmt: skip
        with pytest.raises(Exception, match="confirm takes one of these roles"):
            confirm(tx, caller=delegate, people={SECOND: [Role.APPROVER]}, keys=[], now=LAST)


@pytest.mark.parametrize("said", ["\x00", "' OR 1=1", "a" * 101, "Ä"])
def test_what_is_no_login_is_said_to_be_none(site, said):
    headers = site.headers("delegate") | acting(said)
    answer = site.client.get(f"{site.project}/sheets", headers=headers)
    assert (answer.status_code, problem(answer)) == (422, "bad-particulars")


def test_another_project_or_organisation_is_not_there_for_a_delegate(site):
    lent(site)
    headers = site.headers("delegate") | acting(APPROVER)
    assert problem(site.client.get("/v1/projects/77/sheets", headers=headers)) == "no-such-party"
    outsider = site.headers("funder") | acting(APPROVER)
    assert problem(site.client.get(f"{site.project}/sheets", headers=outsider)) == "not-lent"


def test_lending_takes_a_fresh_second_factor_and_so_does_what_a_delegate_approves(site):
    approver, delegate = (Person(site, name).sign_in() for name in ("approver", "delegate"))
    body = {"login": DELEGATE, "role": "approver", "ends_on": LAST.isoformat()}
    here = f"{site.project}/lendings"
    site.world.now += FRESH_FOR + timedelta(seconds=1)
    assert problem(approver.post(here, body)) == "proof-needed"
    approver.prove()
    assert approver.post(here, body).status_code == 201
    sheet = reviewed(site)
    root = site.get(f"sheets/{sheet}/root", "labour_officer").json["root"]
    asked = (f"{site.project}/sheets/{sheet}/approve", {"root_seen": root})
    assert problem(delegate.post(*asked, **acting(APPROVER))) == "proof-needed"
    delegate.prove()
    assert delegate.post(*asked, **acting(APPROVER)).status_code == 200


def test_a_signed_request_covers_for_whom_it_is(site):
    lent(site, "labour_officer", role="labour_officer")
    key = a_request_key(site.world, "a laptop", "delegate")
    path = f"{site.project}/sheets"
    signed = Asked("GET", path, b"", acting(OFFICER)).sign(key, site.world.now)
    assert signed.send(site.app.test_client()).status_code == 200
    added = Asked("GET", path).sign(key, site.world.now)
    added.headers |= acting(OFFICER)
    taken = Asked("GET", path, b"", acting(OFFICER)).sign(key, site.world.now)
    del taken.headers["Disburse-For"]
    for changed in (added, taken):
        assert changed.send(site.app.test_client()).status_code == 401


def test_the_same_key_for_somebody_else_is_another_request(site):
    lent(site, "labour_officer", role="labour_officer")
    sheet = site.submit().json["sheet"]["id"]
    ask = {"key": "once", "headers": acting(OFFICER)}
    assert site.post(f"sheets/{sheet}/review", "delegate", **ask).status_code == 200
    again = site.post(f"sheets/{sheet}/review", "delegate", key="once")
    assert problem(again) == "idempotency-key-reused"


@pytest.mark.parametrize("login", [APPROVER, DELEGATE])
def test_it_does_not_come_back_with_an_account_that_was_disabled(site, login):
    lent(site)
    sheet = reviewed(site)
    head = Person(site, "people_administrator@general_contractor").sign_in()
    for act in ("disable", "enable"):
        answer = head.post(f"/v1/members/{login}/{act}", {"reason": "left, and came back"})
        assert answer.status_code == 200, answer.text
    with site.world.owning() as tx:  # tokens do not come back either; here it is not about them
        tx.execute(text("UPDATE token SET revoked_at = NULL"))
    assert problem(approve(site, sheet, "delegate", APPROVER)) == "not-lent"
    [seen] = site.get("lendings", "labour_officer").json["rows"]
    assert (seen["good"], seen["revoked_at"] is None) == (False, False)
