"""The pages in a real browser, at a desk and on a telephone."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from disburse.domain.signed_in import FRESH_FOR
from tests.console.browser import CHROMIUM, DESK, DRIVER, PHONE, Browser, driver, served
from tests.http.site import Site
from tests.people import PASSWORD, Person

pytestmark = [
    pytest.mark.allow_hosts(["127.0.0.1", "localhost", "::1"]),
    pytest.mark.skipif(
        not (DRIVER and CHROMIUM),
        reason="no browser here: `apt-get install chromium chromium-driver` brings one; "
        "test_pages goes the same ways without",
    ),
]
APPROVER = "approver@general_contractor"
HEAD = "people_administrator@general_contractor"


@pytest.fixture
def address(world):
    with served(world) as address:
        yield address


@pytest.fixture
def chromium(socket_enabled):
    with driver() as address:
        windows = []

        def window(size=DESK):
            windows.append(Browser(address, size))
            return windows[-1]

        yield window
        for one in windows:
            one.close()


def sign_in(browser, address, person, lang="en"):
    browser.open(f"{address}/sign_in?lang={lang}")
    browser.picture(f"sign_in.{lang}")
    browser.type("[name=login]", person.login)
    browser.type("[name=password]", PASSWORD)
    browser.click("main form button")
    browser.arrive("/second_factor")
    browser.picture(f"second_factor.{lang}")
    browser.type("[name=code]", person.code())
    browser.click("main form button")
    browser.arrive("/account")


@pytest.mark.parametrize(("size", "lang"), [(DESK, "en"), (PHONE, "zh")])
def test_a_person_is_invited_comes_in_and_signs_in_again(world, address, chromium, size, lang):
    site = Site(world)
    head = Person(site, HEAD)
    desk = chromium(size)
    sign_in(desk, address, head, lang)
    desk.open(f"{address}/people")
    desk.type("[name=login]", APPROVER)
    desk.click("main section:first-of-type button")
    code = desk.text("#made")
    desk.picture(f"people.{lang}")

    new = chromium(size)
    new.open(f"{address}/invitation?lang={lang}#{code}")
    assert new.find("#invitation")
    assert new.run("return document.getElementById('invitation').value") == code
    assert "#" not in new.run("return location.href")  # it does not stay in the address
    new.picture(f"invitation.{lang}")
    new.click("main form button")
    new.click("summary")
    secret = new.text(".secret").replace(" ", "")
    new.picture(f"enrol.{lang}")
    shown = pyotp.TOTP(secret).at(int(world.now.timestamp()))
    new.type("[name=code]", shown)
    new.type("[name=password]", "woaini1314")
    new.click("main form > button")
    assert new.find(".wrong")
    new.picture(f"enrol_wrong.{lang}")
    new.type("[name=code]", shown)
    new.type("[name=password]", PASSWORD)
    new.click("main form > button")
    new.arrive("/account")
    new.picture(f"account.{lang}")
    assert new.run("return document.cookie") == ""  # out of reach of every script
    wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert new.run(wide) <= 0
    new.click("header form button")
    new.arrive("/sign_in")
    world.now += timedelta(minutes=1)
    sign_in(new, address, Person(site, "approver", secret=secret), lang)
    for one in (desk, new):
        assert [said for said in one.complaints() if "422" not in said] == []


def test_a_passkey_is_made_and_shown_in_a_real_browser(world, address, chromium):
    browser = chromium()
    browser.authenticator()
    sign_in(browser, address, Person(Site(world), HEAD))
    browser.open(f"{address}/account/passkey")
    browser.picture("passkey")
    browser.click("[data-passkey=make] button")
    browser.arrive("/account")
    assert browser.find("form[action='/account/passkey/remove']")
    browser.picture("account_with_passkey")
    browser.click("header form button")
    browser.arrive("/sign_in")
    browser.click("[data-passkey=show] button")
    browser.arrive("/account")
    world.now += FRESH_FOR + timedelta(seconds=1)
    browser.open(f"{address}/people")
    browser.arrive("/prove")
    browser.click("[data-passkey=show] button")
    browser.arrive("/people")
    assert browser.complaints() == []
