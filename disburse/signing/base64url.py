"""Base64url as RFC 7515 writes it: one text for the same bytes, and no other."""

from __future__ import annotations

import base64


def encode(content: bytes) -> bytes:
    """Write base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def decode(text: str) -> bytes:
    """Read base64url: no padding, no stray last bits; ValueError otherwise."""
    content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encode(content).decode() != text:
        raise ValueError(text)
    return content
