from io import BytesIO

import pytest
import requests
from requests.adapters import BaseAdapter

from disburse import signing
from disburse.app import create_app
from disburse.client import Client, Declined, NoAnswer, NotThere, SignedBy, Unsafe
from disburse.domain.access import OrganisationKind, Role
from disburse.domain.orders import Withdrawal, write_withdrawal
from disburse.steps.people.lend import lend
from tests.builders import JSON, a_key, a_request_key
from tests.http.site import Site, token_of
from tests.sheets import a_sheet_json, lines

URL = "http://localhost"
SEARCHED = {"id_type": "passport", "id_number": "1"}


class Straight(BaseAdapter):
    """Carries requests straight into the service's own application: no sockets."""

    def __init__(self, app):
        super().__init__()
        self.app = app
        self.seen = []

    def send(self, request, **_):
        self.seen.append(request)
        answer = self.app.test_client().open(
            request.path_url,
            method=request.method,
            headers=dict(request.headers),
            data=request.body,
        )
        response = requests.Response()
        response.status_code, response.raw = answer.status_code, BytesIO(answer.data)
        response.headers.update(answer.headers)
        response.request, response.url = request, request.url
        return response

    def close(self):
        """Nothing is open."""


class Canned(Straight):
    """A stranger that answers everything in one way."""

    def __init__(self, status, content, **headers):
        super().__init__(None)
        self.answer = status, content, headers

    def send(self, request, **_):
        response = requests.Response()
        response.status_code, content, headers = self.answer
        response.raw = BytesIO(content)
        response.headers.update(headers)
        response.request, response.url = request, request.url
        return response


def a_client(adapter, who="nobody"):
    session = requests.Session()
    session.mount(URL, adapter)
    return Client(URL + "/", token_of(who), session)


@pytest.fixture
def way(world):
    return Straight(Site(world).app)


@pytest.fixture
def client(way):
    return a_client(way, "signer")


def submitting(world, client, content):
    signature = signing.sign(content, a_key("subcontractor"), now=world.now)
    project = client.project("JYG-2026-001")
    return client.submit(project, content, media_type=JSON, signature=signature)


def test_a_sheet_is_submitted_once_however_often_the_line_breaks(world, client, way):
    content = a_sheet_json(*lines(world.workers))
    first = submitting(world, client, content)
    assert submitting(world, client, content) == first
    assert first["sheet"]["state"] == "received"
    keys = {one.headers["Idempotency-Key"] for one in way.seen if one.method == "POST"}
    assert len(keys) == 1


def test_a_sheet_is_withdrawn_by_what_was_submitted(world, client):
    content = a_sheet_json(*lines(world.workers))
    sheet = submitting(world, client, content)["sheet"]
    order = write_withdrawal(Withdrawal(sheet["digest"], "a mistake"))
    signature = signing.sign(order, a_key("subcontractor"), now=world.now)
    number = client.sheet(world.project_id, sheet["digest"])
    assert number == sheet["id"]
    told = client.withdraw(world.project_id, number, order, signature=signature)
    assert told["state"] == "withdrawn"


def test_a_client_with_a_key_signs_whatever_it_asks(world):
    app = create_app(world.unbound, world.banks, lambda: world.now, tokens=False)
    session, way = requests.Session(), Straight(app)
    session.mount(URL, way)
    key = a_request_key(world, "signer's machine", "signer")
    client = Client(f"{URL}:80", SignedBy(key, lambda: world.now), session)
    content = a_sheet_json(*lines(world.workers))
    first = submitting(world, client, content)
    assert submitting(world, client, content) == first
    told = client.call("POST", "/v1/payments/search", SEARCHED, key="any")
    assert told["rows"] == []
    assert client.call("GET", "/v1/payments?limit=5&reference=0000010001010", None, key="")
    with pytest.raises(Declined, match="the signature does not cover"):  # of the order, not of us
        client.call("POST", f"/v1/projects/{world.project_id}/sheets/9/withdraw", {}, key="x")
    nonces = [one.headers["Signature-Input"].partition("nonce=")[2] for one in way.seen]
    assert len(set(nonces)) == len(way.seen)
    assert not any("Authorization" in one.headers for one in way.seen)
    covered = way.seen[1].headers["Signature-Input"].partition(")")[0]
    assert {"content-type", "disburse-signature"} <= set(covered.split('"'))


def test_what_the_service_declines_keeps_its_reason_and_findings(world, client):
    with pytest.raises(Declined) as declined:
        submitting(world, client, a_sheet_json(*lines(world.workers), head_count=99))
    assert declined.value.detail.startswith("422: ")
    assert [one["code"] for one in declined.value.facts["findings"]] == ["header-count"]


def test_what_the_token_does_not_see_is_not_there(world, client):
    with pytest.raises(NotThere):
        client.project("ELSEWHERE")
    with pytest.raises(NotThere):
        client.sheet(world.project_id, "0" * 64)


@pytest.mark.parametrize(
    "adapter",
    [
        Canned(200, b"<html>"),
        Canned(200, b"[]"),
        Canned(302, b"{}", Location="https://example.org/"),
        Canned(200, b'{"rows": {"a": 1}, "following": null}'),
    ],
)
def test_a_stranger_is_not_believed(adapter):
    with pytest.raises(NoAnswer):
        a_client(adapter).project("X")


def test_a_list_without_end_is_not_followed_for_ever(monkeypatch):
    monkeypatch.setattr("disburse.client.PAGES_MAX", 3)
    endless = Canned(200, b'{"rows": [], "following": "again"}')
    with pytest.raises(NotThere):
        a_client(endless).project("X")


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://pay.example.org/", True),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost:8080", True),
        ("http://pay.example.org", False),
        ("http://localhost.example.org", False),
        ("http://127.0.0.1@example.org", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("", False),
    ],
)
def test_a_token_is_shown_to_no_other_machine_in_the_clear(url, safe):
    if safe:
        assert Client(url, "any")
        return
    with pytest.raises(Unsafe):
        Client(url, "any")


def test_a_client_says_for_whom_it_acts_and_signs_that_too(world):
    with world.operating() as tx:
        world.add_member(tx, OrganisationKind.GENERAL_CONTRACTOR, "delegate")
    ends_on, login = world.now.date(), "delegate@general_contractor"
    world.do(lend, "labour_officer", login=login, role=Role.LABOUR_OFFICER, ends_on=ends_on)
    session, way = (
        requests.Session(),
        Straight(create_app(world.unbound, world.banks, lambda: world.now, tokens=False)),
    )
    session.mount(URL, way)
    key = SignedBy(a_request_key(world, "a laptop", "delegate"), lambda: world.now)
    path = f"/v1/projects/{world.project_id}/balance"
    with pytest.raises(Declined, match="403"):
        Client(URL, key, session).call("GET", path, None, key="")
    client = Client(URL, key, session, acting_for="labour_officer@general_contractor")
    assert client.call("GET", path, None, key="")["currency"] == "CNY"
    assert "disburse-for" in way.seen[-1].headers["Signature-Input"]
