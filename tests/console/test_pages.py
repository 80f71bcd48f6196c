"""The pages, as a browser without script meets them; a real browser is in `test_browser`."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pyotp
import pytest

from disburse.app import create_app
from disburse.console.look import POLICY
from disburse.console.words import LANGUAGES, words
from disburse.domain.access import Role
from disburse.domain.signed_in import FRESH_FOR, Factor
from disburse.factors.passkey import NewPasskey
from disburse.storage import passkeys
from tests.http.site import SWIFT
from tests.people import ORIGIN, PASSWORD, Person, enrolled

APPROVER = "approver@general_contractor"
HEAD = "people_administrator@general_contractor"
OURS = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}


class Browser:
    """Follows links and fills forms in, in one language."""

    def __init__(self, site, lang="en"):
        self.client = site.app.test_client()
        self.lang = lang
        self.page = None

    def open(self, path):
        self.page = self.client.get(f"{path}?lang={self.lang}", follow_redirects=True)
        return self.page

    def send(self, path, headers=OURS, **fields):
        """Send a form of the page, with the hidden fields that it has."""
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.page.text))
        wanted = {name: unescape(value) for name, value in hidden.items() if name != "what"}
        self.page = self.client.post(
            path, data=wanted | fields, headers=headers, follow_redirects=True
        )
        return self.page

    @property
    def wrong(self):
        found = re.search(r'role="alert">([^<]*)<', self.page.text)
        return unescape(found[1]) if found else ""

    def sign_in(self, person, password=PASSWORD):
        self.open("/sign_in")
        self.send("/sign_in", login=person.login, password=password)
        return self.send("/second_factor", code=person.code())


@pytest.fixture(params=["en", "zh"])
def browser(site, request):
    return Browser(site, request.param)


@pytest.fixture
def head(site):
    return Person(site, HEAD)


def test_a_person_signs_in_sees_the_own_sessions_and_leaves(site, browser, head):
    assert browser.open("/account").request.path == "/sign_in"
    assert browser.sign_in(head).request.path == "/account"
    assert HEAD in browser.page.text
    other = Browser(site)
    site.world.now += timedelta(minutes=1)
    other.sign_in(head)
    browser.open("/account")
    assert browser.page.text.count('action="/account/end"') == 1
    browser.send("/account/end")
    assert 'action="/account/end"' not in browser.page.text
    assert other.open("/account").request.path == "/sign_in"
    assert browser.send("/account/leave").request.path == "/sign_in"
    assert browser.open("/account").request.path == "/sign_in"


def test_what_is_wrong_is_said_in_the_persons_language(site, browser, head):
    browser.open("/sign_in")
    assert browser.send("/sign_in", login=head.login, password="wrong").status_code == 422
    assert (
        browser.wrong
        == {
            "en": "Login and password do not belong together, or the account cannot sign in; an "
            "administrator of your organisation's people can help",
            "zh": "登录名与密码不符，或该账户不能登录；请联系本单位的人员管理员。",
        }[browser.lang]
    )
    assert f'value="{head.login}"' in browser.page.text
    browser.send("/sign_in", login=head.login, password=PASSWORD)
    browser.send("/second_factor", code="000000")
    assert browser.page.status_code == 422
    assert browser.wrong


def test_an_invited_person_comes_in_by_the_pages(site, browser, head):
    browser.sign_in(head)
    browser.open("/people")
    browser.send("/people", what="invite", login=APPROVER)
    code = re.search(r'id="made">([0-9A-Z-]+)<', browser.page.text)[1]
    new = Browser(site, browser.lang)
    new.open("/invitation")
    new.send("/invitation", invitation="00000-00000-00000-00000")
    assert new.wrong
    new.send("/invitation", invitation=code.lower())
    assert "<svg" in new.page.text
    secret = re.search(r'class="secret">([^<]+)<', new.page.text)[1].replace(" ", "")
    shown = pyotp.TOTP(secret).at(int(site.world.now.timestamp()))
    new.send("/invitation/accept", code=shown, password="woaini1314")
    assert new.page.status_code == 422
    assert secret in new.page.text.replace(" ", "")  # the same as was scanned
    new.send("/invitation/accept", code=shown, password=PASSWORD)
    assert new.page.request.path == "/account"
    assert APPROVER in new.page.text
    new.client = site.app.test_client()
    new.open("/invitation")
    new.send("/invitation/accept", invitation=code, code=shown, password=PASSWORD)
    assert new.page.status_code == 422


def test_two_people_recover_a_third_by_the_pages(site, head):
    enrolled(site.world, "approver")
    releaser = Person(site, "releaser@general_contractor")
    made = []
    for person, what in ((head, "recover"), (releaser, "confirm_recovery")):
        one = Browser(site)
        one.sign_in(person)
        one.open("/people")
        assert ('value="recover"' in one.page.text) == (person is head)
        one.send("/people", what=what, login=APPROVER, reason="the telephone is gone")
        made.append(re.search(r'id="made">([0-9A-Z-]+)<', one.page.text)[1])
    new = Browser(site)
    new.open("/invitation")
    new.send("/invitation", invitation=" ".join(made))
    assert APPROVER in new.page.text


def test_the_second_factor_is_asked_anew_and_then_one_goes_on(site, browser, head):
    browser.sign_in(head)
    site.world.now += FRESH_FOR + timedelta(seconds=1)
    for path in ("/people", "/account/password"):
        assert browser.open(path).request.path == "/prove"
    browser.send("/prove", code="000000")
    assert browser.wrong
    browser.send("/prove", code=head.code())
    assert browser.page.request.path == "/account/password"
    browser.send("/account/password", password="short")
    assert browser.wrong
    browser.send("/account/password", password="nine quiet lanterns burn")
    assert browser.page.request.path == "/account"
    site.world.now += FRESH_FOR + timedelta(seconds=1)
    assert browser.send("/account/password", password="other words here").request.path == "/prove"
    browser.open("/account")
    assert browser.send("/people", what="invite", login=APPROVER).request.path == "/prove"


def test_a_refusal_of_a_page_is_told_and_what_is_not_there_changes_nothing(site, browser, head):
    browser.sign_in(head)
    browser.open("/people")
    browser.send("/people", what="invite", login="viewer@owner")
    assert browser.page.status_code == 403
    assert browser.wrong
    browser.send("/account/end", session="9" * 30)
    assert browser.page.status_code == 422
    browser.open("/account")
    browser.send("/account/end", session="no number")
    assert browser.wrong


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_forms_that_another_site_sends_are_refused(site, head, headers):
    browser = Browser(site)
    fields = {"login": head.login, "password": PASSWORD, "invitation": "0", "code": "0"}
    for path in ("/sign_in", "/second_factor", "/invitation", "/invitation/accept", "/prove"):
        answer = browser.client.post(path, data=fields, headers=headers)
        assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (403, []), path
    browser.sign_in(head)
    for path in ("/account/leave", "/account/end", "/account/password", "/people"):
        answer = browser.client.post(path, data=fields | {"csrf": "x"}, headers=OURS | headers)
        assert answer.status_code == 403, path


def test_nobody_is_led_to_another_site(site, head):
    browser = Browser(site)
    browser.sign_in(head)
    for then in ("https://evil.example", "//evil.example", "/\\evil.example", "/a?b=//c", ""):
        page = browser.client.get("/prove", query_string={"then": then})
        assert 'name="then" value="/account"' in page.text, then


def test_no_page_takes_script_style_or_anything_else_from_outside(site, browser, head):
    browser.sign_in(head)
    paths = ["/sign_in", "/second_factor", "/prove", "/invitation", "/account", "/people",
             "/account/password"]  # fmt: skip
    for path in paths:
        page = browser.open(path)
        assert page.status_code == 200, path
        assert page.headers["Content-Security-Policy"] == POLICY
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert page.headers["X-Content-Type-Options"] == "nosniff"
        assert page.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script>", page.text), path
        assert re.findall(r'(?:src|href)="(?:https?:)?//', page.text) == [], path
        assert f'<html lang="{"zh-CN" if browser.lang == "zh" else "en"}">' in page.text
    assert "unsafe" not in POLICY
    for name in ("console.css", "console.js"):
        with browser.client.get(f"/static/{name}") as sent:
            assert sent.status_code == 200


def test_what_people_type_is_shown_as_text(site, head):
    browser = Browser(site)
    browser.open("/sign_in")
    page = browser.send("/sign_in", login='"><script>alert(1)</script>\0', password="x")
    assert "<script>alert" not in page.text
    assert page.status_code == 422


def test_the_language_is_the_browsers_until_one_is_picked(site):
    client = site.app.test_client()
    for accepted, tag in (("de, en;q=0.5", "en"), ("zh-TW", "zh-CN"), ("fr", "zh-CN")):
        page = client.get("/sign_in", headers={"Accept-Language": accepted})
        assert f'lang="{tag}"' in page.text
    client.get("/sign_in?lang=en")
    assert 'lang="en"' in client.get("/sign_in", headers={"Accept-Language": "zh"}).text


def test_both_languages_have_every_word():
    english, chinese = words("en"), words("zh")
    assert set(english.words) == set(chinese.words)
    needed = {f"role_{role}" for role in Role} | {f"factor_{factor}" for factor in Factor}
    assert needed <= set(english.words)
    for key, said in english.words.items():
        places = re.findall(r"{\w+}", said)
        assert sorted(places) == sorted(re.findall(r"{\w+}", chinese.words[key])), key
    assert set(LANGUAGES) == {"en", "zh"}


def test_in_production_the_cookies_of_pages_are_taken_over_tls_only(site, head):
    app = create_app(
        site.world.begin, site.world.banks, lambda: site.world.now, passwords=SWIFT,
        tokens=False, public_url="https://pay.example.org",
    )  # fmt: skip
    fields = {"login": head.login, "password": PASSWORD}
    client = app.test_client()
    own = {"Origin": "https://pay.example.org"}
    page = client.post("/sign_in", data=fields, headers=own)
    [cookie] = page.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-disburse-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert client.post("/sign_in", data=fields, headers=OURS).status_code == 403


def test_passkeys_are_listed_and_removed_on_the_page(site, browser, head):
    browser.sign_in(head)
    with site.world.begin() as tx:
        new = NewPasskey(credential=b"one", public_key=b"key", uses=0)
        member = site.world.caller(HEAD).member_id
        passkeys.add(tx, new, member_id=member, label="a <telephone>", at=site.world.now)
    assert browser.open("/account/passkey").status_code == 200
    assert "a &lt;telephone&gt;" in browser.open("/account").text
    [number] = re.findall(r'name="passkey" value="(\d+)"', browser.page.text)
    browser.send("/account/passkey/remove", passkey=number)
    assert "a &lt;telephone&gt;" not in browser.page.text
    assert browser.open("/").request.path == "/account"


def test_an_account_is_disabled_and_enabled_on_the_page(site, browser, head):
    other = Person(site, "approver")
    browser.sign_in(head)
    browser.open("/people")
    there = Browser(site, browser.lang)
    there.sign_in(other)
    for what in ("disable_member", "enable_member"):
        browser.send("/people", what=what, login=APPROVER, reason="left the company")
        assert browser.page.status_code == 200, browser.wrong
        assert re.search(rf'role="status">[^<]*{APPROVER}', browser.page.text)
        assert there.open("/account").request.path == "/sign_in"
    browser.send("/people", what="enable_member", login=APPROVER, reason="left the company")
    assert browser.page.status_code == 422
    assert (
        browser.wrong
        == {"en": f"The account {APPROVER} is not disabled", "zh": "该账户未停用。"}[browser.lang]
    )


def test_the_owner_of_an_account_stops_a_recovery_on_the_page(site, browser, head):
    owner = Person(site, "approver")
    browser.sign_in(owner)
    assert "/account/stop_recovery" not in browser.page.text
    asked = Person(site, HEAD, secret=head.secret).sign_in()
    asked.post(f"/v1/members/{APPROVER}/recover", {"reason": "a <strange> call"})
    browser.open("/account")
    assert "a &lt;strange&gt; call" in browser.page.text
    assert HEAD in browser.page.text
    assert browser.send("/account/stop_recovery").request.path == "/account"
    assert "/account/stop_recovery" not in browser.page.text
    assert browser.send("/account/stop_recovery").status_code == 422


def test_a_role_is_lent_shown_to_both_sides_and_taken_back_on_the_page(site, browser):
    world = site.world
    releaser = Person(site, "releaser@general_contractor")
    browser.sign_in(Person(site, "approver"))
    browser.open("/account/lend")
    assert 'value="approver"' in browser.page.text
    assert 'value="people_administrator"' not in browser.page.text
    last = world.now.date() + timedelta(days=3)
    form = {"role": "approver", "project": "JYG-2026-001", "login": releaser.login}
    browser.send("/account/lend", **form, ends_on="soon")
    assert browser.page.status_code == 422
    assert releaser.login in browser.page.text  # what was typed is there still
    browser.send("/account/lend", **form, ends_on=f"{last + timedelta(days=99)}")
    assert browser.wrong
    browser.send("/account/lend", **form | {"project": "elsewhere"}, ends_on=f"{last}")
    assert browser.wrong
    assert browser.send("/account/lend", **form, ends_on=f"{last}").request.path == "/account"
    there = Browser(site, browser.lang)
    there.sign_in(releaser)
    said = words(browser.lang)
    assert said("lent_to", who="releaser") in browser.page.text
    assert said("lent_by", who="approver") in there.page.text
    assert said("until", day=last) in there.page.text
    lending = dict(re.findall(r'name="(project|lending)" value="(\d+)"', there.page.text))
    assert there.send("/account/end_lending", **lending).request.path == "/account"
    assert said("lent_by", who="approver") not in there.page.text
    assert said("lent_to", who="releaser") not in browser.open("/account").text
    assert browser.send("/account/end_lending", **lending).status_code == 422
    world.now += FRESH_FOR + timedelta(seconds=1)
    assert browser.open("/account/lend").request.path == "/prove"
