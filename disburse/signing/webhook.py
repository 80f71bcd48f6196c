"""Signs what receivers of webhooks get, as the Standard Webhooks say: `v1a`, by Ed25519."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PUBLIC_PREFIX: Final = "whpk_"


def new_webhook_key() -> tuple[bytes, str]:
    """Return a new private key (32 bytes), and its public half as receivers write it down."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    return private.private_bytes_raw(), f"{PUBLIC_PREFIX}{b64encode(public).decode()}"


def webhook_headers(
    keys: Iterable[bytes], *, number: str, at: datetime, body: bytes
) -> dict[str, str]:
    """Return the three headers of one delivery, signed with every key that is good now.

    `number` stays the same at every attempt, `at` is the attempt's own time.
    """
    seconds = str(int(at.timestamp()))
    content = b".".join((number.encode(), seconds.encode(), body))
    signed = (Ed25519PrivateKey.from_private_bytes(key).sign(content) for key in keys)
    return {
        "webhook-id": number,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1a,{b64encode(one).decode()}" for one in signed),
    }
