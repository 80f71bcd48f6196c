"""Codes of RFC 6238, as every authenticator app makes them: six digits, new every 30 seconds."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Final

import pyotp

INTERVAL_SECONDS: Final = 30
STEPS_AROUND: Final = 1  # a telephone's clock may be half a minute off
DIGITS: Final = 6
ISSUER: Final = "disburse"


def new_secret() -> str:
    """Return a new shared secret: 160 bits, as base32."""
    return pyotp.random_base32()


def address(secret: str, login: str) -> str:
    """Return the otpauth:// address that an authenticator app reads, from a QR code or by hand."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step that the code belongs to; None when it is not right at this time.

    Whoever takes the code remembers the step and takes no code of it, or of an earlier one, again.
    """
    given = "".join(code.split())
    if not (given.isascii() and given.isdecimal() and len(given) == DIGITS):
        return None
    maker = pyotp.TOTP(secret)
    now = int(at.timestamp()) // INTERVAL_SECONDS
    found = None
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if hmac.compare_digest(maker.generate_otp(step), given):
            found = step
    return found
