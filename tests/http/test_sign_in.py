"""People sign in: password, then second factor; counted, ended, and never forged from elsewhere."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from disburse.app import create_app
from disburse.domain.back_off import ACCOUNT, ADDRESS
from disburse.domain.signed_in import FRESH_FOR
from disburse.factors.password import Passwords
from disburse.storage import guessing, sessions
from disburse.storage.sessions import HALF_FOR, IDLE_MAX, LASTS_MAX
from tests.builders import a_request_key
from tests.http.site import SWIFT
from tests.http.test_signed import Asked
from tests.people import ORIGIN, PASSWORD, Person, enrolled, problem

WHY = {"reason": "the card's holder is another person"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def approver(site):
    return Person(site, "approver")


def facts_of(world, act):
    with world.everything() as tx:
        return tx.scalars(
            text("SELECT facts FROM act WHERE act = :a ORDER BY id"), {"a": act}
        ).all()


def test_a_person_signs_in_with_password_and_code_and_is_known(site, approver):
    half = approver.half()
    assert half.status_code == 200
    assert problem(approver.get("/v1/session")) == "unauthenticated"  # half a session is nobody's
    approver.csrf = half.json["csrf"]
    whole = approver.prove()
    assert whole.json["csrf"] != half.json["csrf"]
    who = approver.get("/v1/session").json
    assert who["login"] == approver.login
    assert who["roles"] == ["approver"]
    assert who["csrf"] == approver.csrf
    assert approver.get("/v1/projects").json["rows"]
    [proven] = facts_of(site.world, "prove")
    assert proven["factor"] == "totp"
    assert facts_of(site.world, "sign_in") == [{"stage": "password"}]


def test_only_digests_of_what_the_browser_holds_are_kept(site, approver):
    approver.sign_in()
    with site.world.begin() as tx:
        kept = {bytes(one) for one in tx.scalars(text("SELECT digest FROM session"))}
        kept |= {bytes(one) for one in tx.scalars(text("SELECT digest FROM known_browser"))}
        password = tx.scalar(text("SELECT password FROM credential"))
    held = {approver.client.get_cookie(name).value
            for name in ("disburse-session", "disburse-known")}  # fmt: skip
    assert kept == {sha256(one.encode()).digest() for one in held}
    assert password.startswith("$argon2id$")


def test_every_reason_not_to_get_in_looks_the_same(site, approver):
    enrolled(site.world, "releaser")
    with site.world.operating() as tx:
        number = {"m": site.world.caller("releaser").member_id}
        tx.execute(text("UPDATE member SET disabled_at = now() WHERE id = :m"), number)
    tried = [
        approver.half(password="wrong wrong wrong"),
        approver.half(login="nobody@nowhere"),
        approver.half(login="releaser@general_contractor"),  # disabled
        approver.half(login="viewer@owner"),  # was never let in
    ]
    assert {answer.status_code for answer in tried} == {401}
    assert len({answer.data for answer in tried}) == 1
    assert {problem(answer) for answer in tried} == {"sign-in-refused"}
    assert {tuple(sorted(answer.headers.keys())) for answer in tried}.__len__() == 1


class Counted(Passwords):
    """Notes how much work each comparison was."""

    def __init__(self):
        super().__init__(time_cost=1, memory_kib=8, lanes=1)
        self.work = []
        verify = self._hasher.verify

        def watched(kept, password):
            self.work.append(kept.rpartition("$")[0].rpartition("$")[0])
            return verify(kept, password)

        self._hasher = SimpleNamespace(verify=watched, check_needs_rehash=lambda _: False)


def test_an_unknown_login_takes_the_same_work_as_a_wrong_password(site):
    counted = Counted()
    app = create_app(
        site.world.unbound, site.world.banks, lambda: site.world.now, passwords=counted
    )
    person = Person(site, "approver", client=app.test_client())
    person.half(password="wrong wrong wrong")
    person.half(login="nobody@nowhere")
    person.half(login="viewer@owner")
    assert len(counted.work) == 3
    assert len(set(counted.work)) == 1  # algorithm, memory, passes and lanes


def test_the_password_of_a_person_in_another_spelling_of_unicode_is_the_same(site):
    enrolled(site.world, "approver", "ﬁve Ångström bridges")
    person = Person(site, "approver", secret="A" * 32)
    assert person.half(password="five Ångström bridges").status_code == 200


def test_a_hash_of_old_parameters_is_renewed_at_sign_in(site, approver):
    stronger = Passwords(time_cost=2, memory_kib=16, lanes=1)
    app = create_app(site.world.begin, site.world.banks, lambda: site.world.now, passwords=stronger)
    approver.client = app.test_client()
    assert approver.half().status_code == 200
    with site.world.begin() as tx:
        assert "m=16,t=2" in tx.scalar(text("SELECT password FROM credential"))


def test_a_code_is_taken_once_and_around_its_time_only(site, approver):
    for wrong in ("000000", "12345", "abcdef", "１２３４５６", approver.code(2), approver.code(-2)):
        approver.half()
        assert problem(approver.prove(wrong)) == "proof-refused"
        site.world.now += timedelta(minutes=16)
    approver.half()
    code = approver.code()
    assert approver.prove(f" {code[:3]} {code[3:]} ").status_code == 200
    assert problem(approver.prove(code)) == "proof-refused"
    assert problem(approver.prove(approver.code(-1))) == "proof-refused"  # older than one taken
    site.world.now += timedelta(seconds=30)
    assert approver.prove().status_code == 200


def test_the_same_code_twice_at_the_same_time_is_taken_once(site):
    people = [
        Person(site, "approver", secret=secret) for secret in [enrolled(site.world, "approver")] * 4
    ]
    for person in people:
        person.half()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: one.prove().status_code, people))
    assert sorted(answers) == [200, 401, 401, 401]


def test_a_new_secret_is_given_at_every_step_and_the_old_ones_are_worth_nothing(site, approver):
    """Whoever plants a session in a browser, or reads an old one, has nothing."""
    planted = "planted-by-somebody"
    approver.client.set_cookie("disburse-session", planted)
    approver.half()
    halves = approver.client.get_cookie("disburse-session").value
    approver.prove()
    first = approver.client.get_cookie("disburse-session").value
    site.world.now += MINUTE
    approver.prove()
    second = approver.client.get_cookie("disburse-session").value
    assert len({planted, halves, first, second}) == 4
    stranger = site.app.test_client()
    for old in (planted, halves, first):
        stranger.set_cookie("disburse-session", old)
        assert stranger.get("/v1/session").status_code == 401
    assert approver.get("/v1/session").status_code == 200


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(site, approver):
    answer = approver.half()
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie  # this machine, without TLS
    app = create_app(
        site.world.begin, site.world.banks, lambda: site.world.now, passwords=SWIFT,
        tokens=False, public_url="https://pay.example.org",
    )  # fmt: skip
    body = {"login": approver.login, "password": PASSWORD}
    [cookie] = app.test_client().post("/v1/sign_in", json=body).headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-disburse-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.parametrize(
    ("headers", "csrf"),
    [
        ({}, ""),
        ({}, "x" * 43),
        ({"Origin": "https://evil.example"}, None),
        ({"Origin": "null"}, None),
        ({"Sec-Fetch-Site": "cross-site"}, None),
        ({"Sec-Fetch-Site": "same-site"}, None),
    ],
)
def test_a_change_that_another_site_forges_is_refused(site, approver, headers, csrf):
    approver.sign_in()
    answer = approver.post("/v1/session/sign_out", csrf=csrf, **headers)
    assert (answer.status_code, problem(answer)) == (403, "forged-request")
    assert approver.get("/v1/session").status_code == 200
    if csrf is None:
        for path, body in (
            ("/v1/sign_in", {"login": approver.login, "password": PASSWORD}),
            ("/v1/session/prove", {"code": approver.code(1)}),
        ):
            assert problem(approver.say(path, body, **headers)) == "forged-request"


def test_a_form_of_another_site_cannot_guess_the_token_and_ours_shows_it(site, approver):
    approver.sign_in()
    path = "/v1/session/sign_out"
    key = {"Idempotency-Key": "one"}
    forged = approver.client.post(path, data={"csrf": "x"}, headers=key)
    assert problem(forged) == "forged-request"
    ours = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}
    own = approver.client.post(path, data={"csrf": approver.csrf}, headers=key | ours)
    assert own.status_code == 200
    assert approver.get("/v1/session").status_code == 401


def test_a_session_ends_when_nobody_is_there_and_when_the_day_is_over(site, approver):
    approver.sign_in()
    site.world.now += IDLE_MAX - timedelta(seconds=1)
    assert approver.get("/v1/session").status_code == 200
    ends = site.world.now - (IDLE_MAX - timedelta(seconds=1)) + LASTS_MAX
    while site.world.now + IDLE_MAX < ends:
        site.world.now += IDLE_MAX - MINUTE
        assert approver.get("/v1/session").status_code == 200
    site.world.now = ends
    assert approver.get("/v1/session").status_code == 401
    approver.sign_in()
    site.world.now += IDLE_MAX
    assert approver.get("/v1/session").status_code == 401


def test_half_a_session_waits_ten_minutes_for_its_other_half(site, approver):
    approver.half()
    site.world.now += HALF_FOR
    assert problem(approver.prove()) == "not-signed-in"


def test_sessions_are_listed_and_ended_one_by_one(site, approver):
    elsewhere = Person(site, "approver", secret=approver.secret).sign_in()
    site.world.now += MINUTE
    approver.sign_in()
    stranger = Person(site, "releaser").sign_in()
    rows = approver.get("/v1/sessions").json["rows"]
    assert [row["own"] for row in rows] == [True, False]
    other = rows[1]["id"]
    assert problem(stranger.post(f"/v1/sessions/{other}/end")) == "no-such-session"
    assert approver.post(f"/v1/sessions/{other}/end").json == {"done": True}
    assert elsewhere.get("/v1/session").status_code == 401
    assert len(approver.get("/v1/sessions").json["rows"]) == 1
    assert problem(approver.post(f"/v1/sessions/{other}/end")) == "no-such-session"
    assert approver.post("/v1/session/sign_out").json == {"done": True}
    assert approver.get("/v1/sessions").status_code == 401


def test_another_password_takes_a_fresh_code_and_ends_every_other_session(site, approver):
    elsewhere = Person(site, "approver", secret=approver.secret).sign_in()
    waiting = Person(site, "approver", secret=approver.secret)
    waiting.half()
    site.world.now += MINUTE
    approver.sign_in()
    new = "quiet lanterns over nine hills"
    site.world.now += FRESH_FOR + MINUTE
    change = "/v1/session/change_password"
    assert problem(approver.say(change, {"password": new})) == "proof-needed"
    approver.prove()
    for weak in ("woaini1314", "short", "1234567890123", f"{approver.login} and more"):
        assert problem(approver.say(change, {"password": weak})) == "weak-password"
    assert approver.say(change, {"password": new}).json == {"ended": 2}
    assert elsewhere.get("/v1/session").status_code == 401
    assert problem(waiting.prove()) == "not-signed-in"
    assert approver.get("/v1/session").status_code == 200
    assert problem(Person(site, "approver", secret=approver.secret).half()) == "sign-in-refused"
    again = Person(site, "approver", secret=approver.secret)
    assert again.half(password=new).status_code == 200
    with site.world.everything() as tx:  # of what was said, the idempotency keys know nothing
        assert tx.scalar(text("SELECT count(*) FROM idempotency_key")) == 0


def test_a_token_has_no_session_to_leave(site):
    answer = site.post("/v1/session/sign_out", "approver")
    assert (answer.status_code, problem(answer)) == (403, "no-session")
    assert site.get("/v1/session", "approver").json["csrf"] is None
    assert site.get("/v1/sessions", "approver").json == {"rows": []}


# ---------------------------------------------------------------- a fresh second factor
def declared(site):
    body = {"amount": "1000.00", "voucher_digest": "ab" * 32, "expected_on": "2026-08-20"}
    return site.post("declarations", "funder", json=body).json["id"]


def test_whoever_lets_money_go_shows_the_second_factor_within_five_minutes(site, approver):
    path = f"{site.project}/declarations/{declared(site)}/vouch"
    approver.sign_in()
    site.world.now += FRESH_FOR + timedelta(seconds=1)
    answer = approver.post(path, key="one")
    assert (answer.status_code, problem(answer)) == (403, "proof-needed")
    assert approver.prove().status_code == 200
    assert approver.post(path, key="one").status_code == 200  # the refusal was not kept
    [vouched] = facts_of(site.world, "vouch")
    assert (vouched["factor"], vouched["proven_at"]) == ("totp", site.world.now.isoformat())
    assert vouched["session"] == approver.get("/v1/session").json["session_id"]


@pytest.mark.parametrize(
    ("who", "path", "body"),
    [
        ("approver", "sheets/1/approve", {"root_seen": "0" * 64}),
        ("approver", "payments/0000010001010/countersign", None),
        ("approver", "declarations/1/vouch", None),
        ("releaser", "files/1/claim", {"sha256": "0" * 64, "count": 1, "total": "1.00"}),
        ("labour_officer", "sheets/1/lines/1/reveal", WHY),
        ("inspector", "sheets/1/lines/1/reveal", WHY),
        ("supervisor", "holds/1/lift", WHY),
        ("administrator", "shred", WHY),
    ],
)
def test_each_of_these_takes_a_fresh_second_factor(site, who, path, body):
    person = Person(site, who).sign_in()
    site.world.now += FRESH_FOR
    told = problem(person.post(f"{site.project}/{path}", body))
    assert told.startswith("no-such") or told == "still-kept"
    site.world.now += timedelta(seconds=1)
    assert problem(person.post(f"{site.project}/{path}", body)) == "proof-needed"


def test_a_key_on_a_disk_is_not_the_person_who_approves(site):
    world = site.world
    key = a_request_key(world, "approver's laptop", "approver")
    asked = Asked("POST", f"{site.project}/declarations/{declared(site)}/vouch")
    asked.headers["Idempotency-Key"] = "one"
    assert problem(asked.sign(key, world.now).send(site.client)) == "proof-needed"


def test_a_key_on_a_disk_sees_nobody_in_full(site):
    world = site.world
    sheet_id = world.receive().sheet.id
    key = a_request_key(world, "officer's laptop", "labour_officer")
    body = json.dumps(WHY).encode()
    asked = Asked("POST", f"{site.project}/sheets/{sheet_id}/lines/1/reveal", body)
    asked.headers |= {"Idempotency-Key": "one", "Content-Type": "application/json"}
    assert problem(asked.sign(key, world.now).send(site.client)) == "proof-needed"


# ---------------------------------------------------------------- guessing
def test_whoever_guesses_waits_longer_each_time_and_never_for_ever(site, approver):
    waits = []
    for _ in range(ACCOUNT.free + 12):
        answer = approver.half(password="wrong wrong wrong")
        if answer.status_code == 429:
            assert answer.headers["Retry-After"] == str(answer.json["seconds"])
            waits.append(answer.json["seconds"])
            site.world.now += timedelta(seconds=waits[-1])
    assert waits[:4] == [1, 2, 4, 8]
    assert max(waits) <= ACCOUNT.wait_max.total_seconds()
    site.world.now += ACCOUNT.wait_max
    assert approver.half().status_code == 200


def test_the_right_password_does_not_get_in_while_it_waits(site, approver):
    for _ in range(ACCOUNT.free):
        approver.half(password="wrong wrong wrong")
    assert problem(approver.half()) == "too-many-attempts"
    site.world.now += timedelta(seconds=1)
    assert approver.half().status_code == 200


def test_an_unknown_login_waits_like_a_known_one(site, approver):
    told = []
    for login in ("nobody@nowhere", approver.login):
        answers = [approver.half(login=login, password="wrong wrong wrong") for _ in range(6)]
        told.append([(answer.status_code, answer.data) for answer in answers])
    assert told[0] == told[1]


def test_strangers_cannot_lock_a_person_out_of_the_own_browser(site, approver):
    approver.sign_in()
    stranger = Person(site, "approver", secret="A" * 32)
    for _ in range(ACCOUNT.free + 1):
        stranger.half(password="wrong wrong wrong")
    assert problem(stranger.half()) == "too-many-attempts"
    assert approver.half().status_code == 200
    assert problem(approver.half(login="releaser@general_contractor")) == "sign-in-refused"


def test_an_address_with_a_long_list_waits_whatever_the_login(site, approver):
    for number in range(ADDRESS.free):
        answer = approver.half(login=f"guess-{number}@nowhere")
        assert answer.status_code == 401
    assert problem(approver.half(login="another@nowhere")) == "too-many-attempts"
    elsewhere = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    body = {"login": approver.login, "password": PASSWORD}
    assert approver.say("/v1/sign_in", body, **elsewhere).status_code == 200


def test_an_office_that_signs_in_all_day_does_not_wait(site, approver):
    for _ in range(ADDRESS.free + 5):
        assert approver.half().status_code == 200


def test_guesses_at_the_same_time_are_all_counted(site, approver):
    clients = [Person(site, "approver", secret=approver.secret) for _ in range(12)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda one: one.half(password="wrong wrong").status_code, clients))
    assert sorted(answers) == [401] * ACCOUNT.free + [429] * (12 - ACCOUNT.free)


def test_codes_are_counted_too(site, approver):
    approver.half()
    for _ in range(5):
        assert problem(approver.prove("000000")) == "proof-refused"
    assert problem(approver.prove()) == "too-many-attempts"
    site.world.now += timedelta(seconds=30)
    assert approver.prove().status_code == 200


def test_what_is_long_ago_is_forgotten(site, approver):
    approver.sign_in()
    approver.half(password="wrong wrong wrong")
    later = site.world.now + timedelta(days=91)
    with site.world.begin() as tx:
        assert guessing.forget_old(tx, at=later) == 2
        assert sessions.forget_browsers(tx, at=later) == 1


def test_nothing_that_was_said_stands_in_a_log(site, approver, caplog):
    caplog.set_level("DEBUG")
    approver.sign_in()
    approver.half(password="a wrong secret thing")
    said = (PASSWORD, approver.secret, "a wrong secret thing", approver.code())
    assert [word for word in said if word in caplog.text] == []
