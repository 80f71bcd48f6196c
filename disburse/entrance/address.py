"""From where somebody asks, as far as that can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

from flask import Request

NETWORK_BITS: Final = 64  # of IPv6: one household has that many addresses at least


Network = IPv4Network | IPv6Network


def of(asked: Request, proxies: Sequence[Network] = ()) -> str:
    """Return the address that counts as one: of IPv6 its network.

    Only `proxies`, the operator's own, are believed, and of what they forward only the last word:
    everything before was said by whoever asks.
    """
    found = _read(asked.remote_addr or "")
    if found is not None and any(found in network for network in proxies):
        found = _read(asked.headers.get("X-Forwarded-For", "").rpartition(",")[2]) or found
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Network((found, NETWORK_BITS), strict=False))
    return str(found or "somewhere")


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip())
    except ValueError:
        return None
