"""People whom the company's provider vouches for: a real one, on this machine."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from joserfc.jwk import RSAKey
from sqlalchemy import text

from disburse.app import create_app
from disburse.domain.signed_in import FRESH_FOR
from disburse.factors.company import Company
from disburse.storage import company as stored
from disburse.storage.company import BACK_WITHIN
from tests.console.provider import CLIENT, SECRET, Provider, served
from tests.console.test_pages import APPROVER, HEAD, OURS
from tests.http.site import SWIFT
from tests.people import Person

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@pytest.fixture
def provider(world, socket_enabled, monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")  # of the provider's library: no TLS here
    with served(Provider(lambda: world.now)) as provider:
        yield provider


@pytest.fixture
def client(site, provider):
    """A browser, and the service with the provider in its settings."""
    here = Company(issuer=provider.issuer, client_id=CLIENT, client_secret=SECRET)
    app = create_app(
        site.world.begin, site.world.banks, lambda: site.world.now, passwords=SWIFT, company=here
    )
    site.client = app.test_client()
    return app.test_client()


def over_there(address):
    """Sign in at the provider, and return the path by which one is sent back."""
    answer = requests.get(address, allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("http://localhost")


def come_in(client, path="/company"):
    return client.get(over_there(client.get(path).location), follow_redirects=True)


@pytest.fixture
def head(site, client):
    """Whoever invites the contractor's people."""
    return Person(site, HEAD).sign_in()


def linked(head, client, login=APPROVER):
    """Invite somebody, who accepts with the company's sign-in."""
    code = head.post(f"/v1/members/{login}/invite").json["code"]
    page = client.post("/invitation/company", data={"invitation": code}, headers=OURS)
    address = page.text.split('id="company" href="')[1].split('"')[0].replace("&amp;", "&")
    return client.get(over_there(address), follow_redirects=True)


def test_whoever_accepted_an_invitation_with_it_comes_in_by_it(site, client, provider, head):
    page = linked(head, client)
    assert page.request.path == "/account", page.text
    assert APPROVER in page.text
    site.world.now += timedelta(minutes=1)
    new = site.app.test_client()
    page = come_in(new)
    assert APPROVER in page.text
    assert {"code_challenge_method": "S256", "prompt": "login", "max_age": "0"}.items() <= (
        provider.asked.items()
    )
    with site.world.everything() as tx:
        facts = text("SELECT facts ->> 'factor' FROM act WHERE act IN "
                     "('link_company', 'sign_in_by_company') ORDER BY id")  # fmt: skip
        assert tx.scalars(facts).all() == ["company", "company"]
    with site.world.begin() as tx:
        whole = tx.scalar(text("SELECT count(*) FROM credential"))
    assert whole == 1  # the administrator's: nobody else has a password


def test_whoever_was_not_invited_gets_no_account(site, client, provider, head):
    page = come_in(client)
    assert (page.status_code, "Location" in page.headers) == (422, False)
    assert client.get("/account").location == "/sign_in"
    linked(head, client)
    provider.subject = "somebody else"
    assert come_in(site.app.test_client()).status_code == 422


def test_the_company_proves_a_session_anew(site, client, provider, head):
    linked(head, client)
    site.world.now += FRESH_FOR + timedelta(seconds=1)
    assert client.get("/account/password").location.startswith("/prove")
    before = client.get("/v1/session").json["session_id"]
    assert come_in(client).status_code == 200
    assert client.get("/v1/session").json["session_id"] == before
    assert client.get("/account/password").status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"nonce": "another question's"},
        {"exp": 1},
        {"sub": None},
        {"auth_time": "yesterday"},
    ],
)
def test_what_the_provider_says_of_another_is_not_believed(site, client, provider, head, claims):
    linked(head, client)
    provider.claims = claims
    new = site.app.test_client()
    assert come_in(new).status_code == 422
    assert new.get("/account").location == "/sign_in"


def test_a_sign_in_of_this_morning_is_not_fresh(site, client, provider, head):
    linked(head, client)
    provider.asked_ago = int(FRESH_FOR.total_seconds()) + 1
    assert come_in(site.app.test_client()).status_code == 422


def test_a_token_under_another_key_is_not_believed(site, client, provider, head):
    linked(head, client)
    provider.shown = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
    assert come_in(site.app.test_client()).status_code == 422


def test_an_answer_belongs_to_the_browser_that_asked_and_is_taken_once(
    site, client, provider, head
):
    linked(head, client)
    answer = over_there(client.get("/company").location)
    stranger = site.app.test_client()
    assert stranger.get(answer).status_code == 422  # somebody else's link
    mine = site.app.test_client()
    address = over_there(mine.get("/company").location)
    assert mine.get(address + "x").status_code == 422
    address = over_there(mine.get("/company").location)
    assert mine.get(address).status_code == 303
    assert mine.get(address).status_code == 422


def test_who_never_comes_back_is_forgotten(site, client, provider, head):
    address = over_there(client.get("/company").location)
    site.world.now += BACK_WITHIN
    assert client.get(address).status_code == 422
    with site.world.begin() as tx:
        assert stored.forget_visits(tx, at=site.world.now) == 1


def test_one_person_of_the_company_comes_in_to_one_account(site, client, provider, head):
    linked(head, client)
    page = linked(head, site.app.test_client(), "releaser@general_contractor")
    assert page.status_code == 422


def test_a_provider_that_is_down_is_said_so_and_none_at_all_too(site, client, provider, head):
    down = Company(issuer="http://127.0.0.1:9", client_id=CLIENT, client_secret=SECRET)
    for here in (down, None):
        app = create_app(
            site.world.begin, site.world.banks, lambda: site.world.now, passwords=SWIFT,
            company=here,
        )  # fmt: skip
        page = app.test_client().get("/company")
        assert page.status_code == 422
        assert SECRET not in page.text


def test_a_disabled_account_is_not_opened_by_the_company(site, client, provider, head):
    linked(head, client)
    with site.world.operating() as tx:
        tx.execute(text("UPDATE member SET disabled_at = now() WHERE login = :l"), {"l": APPROVER})
    assert come_in(site.app.test_client()).status_code == 422


def on_the_way(head, client):
    """Return where somebody with an invitation is sent back to."""
    code = head.post(f"/v1/members/{APPROVER}/invite").json["code"]
    page = client.post("/invitation/company", data={"invitation": code}, headers=OURS)
    address = page.text.split('id="company" href="')[1].split('"')[0].replace("&amp;", "&")
    return over_there(address)


def test_an_invitation_that_is_gone_meanwhile_lets_nobody_in(site, client, provider, head):
    wrong = client.post("/invitation/company", data={"invitation": "0"}, headers=OURS)
    assert wrong.status_code == 422
    address = on_the_way(head, client)
    newer = site.app.test_client()
    other = on_the_way(head, newer)  # a newer code replaces the older
    assert client.get(address).status_code == 422
    with site.world.operating() as tx:
        tx.execute(text("UPDATE member SET disabled_at = now() WHERE login = :l"), {"l": APPROVER})
    assert newer.get(other).status_code == 422
