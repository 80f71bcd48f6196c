"""Secrets of the installation's own, as they lie in the database; the one place that seals them.

The first byte says how: 0 is open, for installations without a master key.
"""

from __future__ import annotations

from typing import Final

_OPEN: Final = b"\x00"


def seal(content: bytes) -> bytes:
    """Return `content` as it is stored."""
    return _OPEN + content


def unseal(kept: bytes) -> bytes:
    """Return what was stored."""
    assert kept[:1] == _OPEN  # noqa: S101  (nothing else was ever written)
    return kept[1:]
