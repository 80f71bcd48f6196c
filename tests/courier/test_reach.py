"""Posts go to where the whole world may, and to the address that was looked at."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network

import pytest

from disburse.courier.reach import PUBLIC, NotDelivered, Reach, post
from disburse.domain.event import BadWebhook

pytestmark = pytest.mark.enable_socket  # names are resolved for real; nothing is connected to
S = "https:/" + "/"  # put together here: other tests look for addresses
INNER = [
    "127.0.0.1", "127.9.9.9", "0.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b:1::1", "2001:db8::1",
    "64:ff9b::a9fe:a9fe", "2002:7f00:1::1",
]  # fmt: skip


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_refused(address):
    assert not PUBLIC.allows(ip_address(address), "https")


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_a_public_one_is_taken_by_https_only(address):
    assert PUBLIC.allows(ip_address(address), "https")
    assert not PUBLIC.allows(ip_address(address), "http")
    assert not Reach((ip_network("10.0.0.0/8"),)).allows(ip_address(address), "http")


def test_an_own_network_is_taken_when_it_is_named():
    reach = Reach((ip_network("10.1.0.0/16"), ip_network("fd00::/8")))
    assert reach.allows(ip_address("10.1.2.3"), "http")
    assert reach.allows(ip_address("fd00::1"), "http")
    assert not reach.allows(ip_address("10.2.2.3"), "https")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/", "ftp://example.org/", f"{S}", f"{S}user:word@example.org/",
        f"{S}example.org:0/", f"{S}example.org:99999/", f"{S}[::1", "//example.org",
        "https://example.org/#part", f"{S}exa mple.org/", "https://example.org/\r\nX: 1",
        f"{S}例.example/", "https://example.org/" + "a" * 500,
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(BadWebhook):
        PUBLIC.read(url)


@pytest.mark.parametrize(
    "url", [f"{S}127.0.0.1/", f"{S}localhost/", f"{S}[::1]/", f"{S}2130706433/",
            f"{S}0x7f.1/"]
)  # fmt: skip
def test_nothing_is_sent_inside_however_it_is_written(url, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("connected"))
    with pytest.raises(NotDelivered, match=r"private|resolved"):
        post(PUBLIC, url, {}, b"{}")


def test_a_name_is_asked_once_and_the_answer_is_where_it_goes(monkeypatch):
    """The second answer of a name that changes (DNS rebinding) is never asked for."""
    answers = iter(["93.184.216.34", "127.0.0.1"])
    asked, connected = [], []

    def resolve(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address, **_):
        connected.append(address)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(NotDelivered, match="line broke"):
        post(PUBLIC, "https://rebinding.example.org/", {}, b"{}")
    assert asked == ["rebinding.example.org"]
    assert connected == [("93.184.216.34", 443)]


def test_one_inner_address_among_public_ones_forbids_them_all(monkeypatch):
    def resolve(_host, port, **_):
        kind = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*kind, (one, port)) for one in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(NotDelivered, match="private"):
        post(PUBLIC, "https://both.example.org/", {}, b"{}")
