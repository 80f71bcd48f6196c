"""Where somebody asks from, as far as it can be believed."""

import pytest
from flask import Request

from disburse.entrance import address


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", "198.51.100.7", "203.0.113.9"),  # no proxy of ours: not believed
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "192.0.2.1, 198.51.100.7", "198.51.100.7"),  # the proxy's own word
        ("::1", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("127.0.0.1", "nonsense", "127.0.0.1"),
        ("2001:db8::1", None, "2001:db8::/64"),
        ("::ffff:203.0.113.9", None, "203.0.113.9"),
        ("", None, "somewhere"),
    ],
)
def test_the_address_that_attempts_are_counted_by(peer, forwarded, found):
    environ = {"REMOTE_ADDR": peer, "REQUEST_METHOD": "GET"}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    assert address.of(Request(environ)) == found
