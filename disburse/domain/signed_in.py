"""In which session a person asks, and when the second factor was last shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# Time to read what is to be approved and to press the button; a desk that was left for a coffee
# is worth nothing to whoever sits down at it.
FRESH_FOR: Final = timedelta(minutes=5)


class Factor(StrEnum):
    """What a person showed besides knowing a password."""

    TOTP = "totp"  # a code of RFC 6238
    PASSKEY = "passkey"
    COMPANY = "company"  # the company's OpenID provider vouches for the person


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The session that a person asks in, and when the second factor was last shown."""

    session_id: int
    factor: Factor
    proven_at: datetime
    fresh: bool  # no longer ago than `FRESH_FOR`
