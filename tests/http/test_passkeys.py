"""Passkeys: made for this site, shown by a person who is there, each question answered once."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import text

from disburse.domain.signed_in import FRESH_FOR
from disburse.steps.people.add_passkey import PASSKEYS_MAX
from disburse.storage import passkeys
from disburse.storage.passkeys import ANSWERED_WITHIN
from tests.authenticator import PRESENT, Authenticator
from tests.people import Person, problem


@pytest.fixture
def approver(site):
    return Person(site, "approver").sign_in()


def add(person, device, label="a telephone"):
    options = person.say("/v1/passkeys/offer", {}).json["options"]
    return person.post("/v1/passkeys", {"label": label, "answer": device.make(options)})


def question(person):
    return person.say("/v1/passkeys/question", {}).json["options"]


def show(person, device):
    return person.say("/v1/passkeys/show", {"answer": device.show(question(person))})


@pytest.fixture
def device(approver):
    made = Authenticator()
    assert add(approver, made).status_code == 201
    return made


def test_a_passkey_signs_in_without_a_password(site, approver, device):
    elsewhere = Person(site, "approver", secret=approver.secret)
    answer = show(elsewhere, device)
    assert answer.status_code == 200, answer.text
    assert elsewhere.get("/v1/session").json["login"] == approver.login
    [listed] = elsewhere.get("/v1/passkeys").json["rows"]
    assert (listed["label"], listed["used_at"] is None) == ("a telephone", False)
    with site.world.everything() as tx:
        acts = text("SELECT facts ->> 'factor' FROM act WHERE act = 'show_passkey'")
        assert tx.scalars(acts).all() == ["passkey"]


def test_a_passkey_is_a_fresh_second_factor(site, approver, device):
    site.world.now += FRESH_FOR + timedelta(seconds=1)
    assert problem(approver.say("/v1/passkeys/offer", {})) == "proof-needed"
    before = approver.get("/v1/session").json["session_id"]
    old = approver.client.get_cookie("disburse-session").value
    assert show(approver, device).json["session_id"] == before
    assert approver.client.get_cookie("disburse-session").value != old
    assert approver.say("/v1/passkeys/offer", {}).status_code == 200


def test_a_passkey_finishes_half_a_session_too(site, approver, device):
    half = Person(site, "approver", secret=approver.secret)
    half.half()
    assert show(half, device).status_code == 200
    assert half.get("/v1/session").json["login"] == approver.login


def test_the_passkey_of_another_person_begins_their_session_and_proves_nobody_elses(
    site, approver, device
):
    releaser = Person(site, "releaser").sign_in()
    before = releaser.get("/v1/session").json["session_id"]
    assert show(releaser, device).json["session_id"] != before
    assert releaser.get("/v1/session").json["login"] == approver.login


def bent(**changed):
    def bend(device):
        for name, value in changed.items():
            setattr(device, name, value)

    return bend


@pytest.mark.parametrize(
    "bend",
    [
        bent(origin="https://evil.example"),
        bent(origin="http://localhost.evil.example"),
        bent(host="evil.example"),
        bent(flags=PRESENT),  # somebody was there, but who?
        bent(flags=0),
        bent(key=Authenticator().key),
        bent(credential=b"unknown"),
    ],
    ids=["origin", "longer origin", "host", "nobody checked", "nobody there", "key", "unknown"],
)
def test_what_is_not_right_is_refused(site, approver, device, bend):
    stranger = Person(site, "approver", secret=approver.secret)
    bend(device)
    assert problem(show(stranger, device)) == "passkey-refused"
    assert stranger.get("/v1/session").status_code == 401


@pytest.mark.parametrize(
    "bend",
    [bent(origin="https://evil.example"), bent(host="evil.example"), bent(flags=PRESENT)],
    ids=["origin", "host", "nobody checked"],
)
def test_a_passkey_of_another_site_or_of_nobody_is_not_registered(site, approver, bend):
    new = Authenticator()
    bend(new)
    assert problem(add(approver, new)) == "passkey-refused"


@pytest.mark.parametrize(
    "answer", [{}, {"response": {}}, {"rawId": 1}, {"response": {"clientDataJSON": "e30"}}]
)
def test_nonsense_is_refused(site, approver, answer):
    assert problem(approver.say("/v1/passkeys/show", {"answer": answer})) == "passkey-refused"
    body = {"label": "x", "answer": answer}
    assert problem(approver.post("/v1/passkeys", body)) == "passkey-refused"


def test_half_an_answer_is_refused(site, approver, device):
    whole = device.show(question(approver))
    del whole["rawId"]
    assert problem(approver.say("/v1/passkeys/show", {"answer": whole})) == "passkey-refused"
    whole["rawId"] = whole["id"]
    del whole["response"]["signature"]
    assert problem(approver.say("/v1/passkeys/show", {"answer": whole})) == "passkey-refused"


def test_each_question_is_answered_once_and_soon(site, approver, device):
    answer = device.show(question(approver))
    assert approver.say("/v1/passkeys/show", {"answer": answer}).status_code == 200
    assert problem(approver.say("/v1/passkeys/show", {"answer": answer})) == "passkey-refused"
    late = device.show(question(approver))
    site.world.now += ANSWERED_WITHIN
    assert problem(approver.say("/v1/passkeys/show", {"answer": late})) == "passkey-refused"
    with site.world.everything() as tx:
        assert passkeys.forget_questions(tx, at=site.world.now) == 1


def test_a_question_for_making_is_none_for_showing_and_none_of_another_persons(
    site, approver, device
):
    options = approver.say("/v1/passkeys/offer", {}).json["options"]
    shown = device.show(options)
    assert problem(approver.say("/v1/passkeys/show", {"answer": shown})) == "passkey-refused"
    releaser = Person(site, "releaser").sign_in()
    body = {"label": "mine", "answer": Authenticator().make(options)}
    assert problem(releaser.post("/v1/passkeys", body)) == "passkey-refused"


def test_a_copy_of_a_passkey_is_noticed_where_it_counts(site, approver, device):
    assert show(approver, device).status_code == 200
    device.uses = 0
    assert problem(show(approver, device)) == "passkey-refused"
    silent = Authenticator(counts=False)
    assert add(approver, silent).status_code == 201
    for _ in range(2):
        assert show(approver, silent).status_code == 200


def test_a_passkey_belongs_to_one_account_and_is_removed_by_its_owner(site, approver, device):
    releaser = Person(site, "releaser").sign_in()
    assert problem(add(releaser, device)) == "passkey-refused"
    [listed] = approver.get("/v1/passkeys").json["rows"]
    path = f"/v1/passkeys/{listed['id']}/remove"
    assert problem(releaser.post(path)) == "no-such-passkey"
    assert approver.post(path).json == {"done": True}
    assert problem(approver.post(path)) == "no-such-passkey"
    assert problem(show(approver, device)) == "passkey-refused"
    assert approver.get("/v1/passkeys").json == {"rows": []}


def test_a_person_has_no_more_passkeys_than_can_be_remembered(site, approver):
    for _ in range(PASSKEYS_MAX):
        assert add(approver, Authenticator()).status_code == 201
    assert problem(add(approver, Authenticator())) == "bad-particulars"


def test_a_passkey_is_worthless_when_its_account_is_disabled_or_recovered(site, approver, device):
    head = Person(site, "people_administrator@general_contractor").sign_in()
    path = f"/v1/members/{approver.login}"
    first = head.post(f"{path}/recover", {"reason": "lost"}).json["half"]
    releaser = Person(site, "releaser").sign_in()
    code = first + releaser.post(f"{path}/confirm_recovery").json["half"]
    new = Person(site, "approver", secret="A" * 32)
    new.secret = new.say("/v1/invitation/open", {"invitation": code}).json["secret"]
    body = {"invitation": code, "password": "nine quiet lanterns burn", "code": new.code()}
    assert new.say("/v1/invitation/accept", body).status_code == 200
    assert problem(show(new, device)) == "passkey-refused"
    new._keys = count(100)  # the account used the first ones
    other = Authenticator()
    assert add(new, other).status_code == 201
    with site.world.operating() as tx:
        tx.execute(text("UPDATE member SET disabled_at = now() WHERE login = :l"), {"l": new.login})
    assert problem(show(Person(site, "releaser", secret="A" * 32), other)) == "passkey-refused"
