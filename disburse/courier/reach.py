"""Posts to addresses that others chose, and only to where the whole world may: see SSRF.

The name is resolved once and the connection goes to that very address, so that no second answer of
the name's server leads elsewhere. Redirects are not followed, the answer is hardly read, and after
a few seconds the line is cut, however slowly the other side drips.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Event, Timer
from typing import Final
from urllib.parse import SplitResult, urlsplit

from disburse.domain.event import URL_CHARACTERS_MAX, BadWebhook

CONNECT_SECONDS_MAX: Final = 5
# A receiver should keep the event and answer; Standard Webhooks propose 15 to 30 seconds at most.
WHOLE_SECONDS_MAX: Final = 15
ANSWER_BYTES_MAX: Final = 16 * 1024  # only the status counts; this much is read to be polite
ADDRESSES_MAX: Final = 3  # of one name that are tried; the first usually answers
PORTS: Final = {"https": 443, "http": 80}

# Translated by a gateway into IPv4 addresses, inner ones too (NAT64, 6to4).
TRANSLATED: Final = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


class NotDelivered(Exception):  # noqa: N818  (what happened, not a mistake)
    """Nobody took it; the text says why, and never what the other side answered."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where posts may go: the public internet by HTTPS; these own networks also by HTTP."""

    networks: Sequence[Network] = ()

    def read(self, url: str) -> SplitResult:
        """Return the parts of an address that a post may go to, or raise `BadWebhook`."""
        schemes = ("https", "http") if self.networks else ("https",)
        try:
            parts = urlsplit(url)
            sound = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            sound = False
        plain = url.isascii() and url.isprintable() and " " not in url
        if not (sound and plain and "@" not in parts.netloc and not parts.fragment):
            raise BadWebhook(f"the address must be {' or '.join(schemes)}, without a login in it")
        if len(url) > URL_CHARACTERS_MAX:
            raise BadWebhook(f"the address has more than {URL_CHARACTERS_MAX} characters")
        return parts

    def allows(self, address: Address, scheme: str) -> bool:
        """Say whether a post may go to `address`: nobody's inner network, unless it is named."""
        inner = getattr(address, "ipv4_mapped", None) or address
        if any(inner in network for network in self.networks if network.version == inner.version):
            return True
        if any(inner in network for network in TRANSLATED if inner.version == network.version):
            return False
        return scheme == "https" and inner.is_global and not inner.is_multicast


PUBLIC: Final = Reach()


def post(reach: Reach, url: str, headers: Mapping[str, str], body: bytes) -> None:
    """Post `body`; raises `NotDelivered` unless the answer is a 2xx in time."""
    try:
        parts = reach.read(url)
    except BadWebhook as refusal:
        raise NotDelivered(refusal.detail) from None
    port = parts.port or PORTS[parts.scheme]
    addresses = _resolve(reach, parts, port)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    told = {"Content-Type": "application/json", "User-Agent": "disburse", **headers}
    try:
        with _line(parts, addresses, port) as line:
            line.request("POST", target, body, told)
            answer = line.getresponse()
            answer.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotDelivered(f"the line broke: {type(error).__qualname__}") from None
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        raise NotDelivered(f"it answered {answer.status}")


def _resolve(reach: Reach, parts: SplitResult, port: int) -> list[str]:
    """Return the addresses to connect to; one forbidden among several forbids them all."""
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        addresses = [ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    except (OSError, ValueError):
        raise NotDelivered("its name cannot be resolved") from None
    if not addresses or not all(reach.allows(one, parts.scheme) for one in addresses):
        raise NotDelivered("its address is private, or not one that posts may go to")
    return [str(one) for one in addresses]


@contextmanager
def _line(
    parts: SplitResult, addresses: Sequence[str], port: int
) -> Iterator[http.client.HTTPConnection]:
    """Give a connection that speaks as the host of `parts`, cut when time is over."""
    raw = _connected(addresses, port)
    over = Event()
    cut = Timer(WHOLE_SECONDS_MAX, _cut, (raw, over))
    cut.daemon = True
    cut.start()
    line = http.client.HTTPConnection(str(parts.hostname), port, timeout=CONNECT_SECONDS_MAX)
    try:
        if parts.scheme == "https":
            line.sock = ssl.create_default_context().wrap_socket(
                raw, server_hostname=parts.hostname
            )
        else:
            line.sock = raw
        line.default_port = PORTS[parts.scheme]  # so that `Host` names no usual port
        yield line
        if over.is_set():  # what was read may be half an answer
            raise TimeoutError
    finally:
        cut.cancel()
        line.close()
        raw.close()


def _connected(addresses: Sequence[str], port: int) -> socket.socket:
    """Connect to the first of the addresses that answers; they were all looked at."""
    for address in addresses[:ADDRESSES_MAX]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout=CONNECT_SECONDS_MAX)
    raise ConnectionError


def _cut(raw: socket.socket, over: Event) -> None:
    over.set()
    with suppress(OSError):
        raw.shutdown(socket.SHUT_RDWR)
