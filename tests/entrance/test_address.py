"""Where somebody asks from, as far as it can be believed."""

from ipaddress import ip_network

import pytest
from flask import Request

from disburse.entrance import address

OURS = (ip_network("127.0.0.0/8"), ip_network("::1/128"), ip_network("10.1.2.3/32"))


def found(peer, forwarded, proxies):
    environ = {"REMOTE_ADDR": peer, "REQUEST_METHOD": "GET"}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    return address.of(Request(environ), proxies)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),  # no proxy of ours: not believed
        ("10.1.2.4", "198.51.100.7", "10.1.2.4"),
        ("10.1.2.3", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "192.0.2.1, 198.51.100.7", "198.51.100.7"),  # the proxy's own word
        ("::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("2001:db8::1", None, "2001:db8::/64"),
        ("::ffff:203.0.113.9", None, "203.0.113.9"),
        ("", None, "somewhere"),
    ],
)
def test_the_address_that_attempts_are_counted_by(peer, forwarded, expected):
    assert found(peer, forwarded, OURS) == expected


@pytest.mark.parametrize("peer", ["203.0.113.9", "127.0.0.1", "10.1.2.3"])
def test_without_a_proxy_of_ours_nobody_is_believed(peer):
    assert found(peer, "198.51.100.7", ()) == peer
