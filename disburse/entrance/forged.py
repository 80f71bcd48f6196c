"""Requests that another site makes a browser send: a cookie alone changes nothing."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Final

from flask import Request

from disburse.domain.refusal import Refusal

HEADER: Final = "X-CSRF-Token"
FIELD: Final = "csrf"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN: Final = ("same-origin", "none")  # `none`: the person typed the address


class ForgedRequest(Refusal):
    """The request comes from another site, or does not show that it does not."""

    code = "forged-request"


def token_of(secret: str) -> str:
    """Return what a change in this session has to show: only who can read our pages knows it."""
    return urlsafe_b64encode(sha256(f"change in {secret}".encode()).digest()).decode().rstrip("=")


def require_token(asked: Request, secret: str, *, public_url: str = "") -> None:
    """Raise `ForgedRequest` unless the request shows the session's token and comes from us."""
    require_own_origin(asked, public_url=public_url)
    form = asked.mimetype == "application/x-www-form-urlencoded"
    shown = asked.form.get(FIELD, "") if form else asked.headers.get(HEADER, "")
    if not hmac.compare_digest(shown.encode(), token_of(secret).encode()):
        raise ForgedRequest(
            f"a change in a session shows its token in the header {HEADER}, or a form in its field "
            f"{FIELD}: load the page anew, or ask GET /v1/session"
        )


def require_own_origin(asked: Request, *, public_url: str = "", browser: bool = False) -> None:
    """Raise `ForgedRequest` where a browser says that another site sent it here.

    Programs that are no browser say nothing; with `browser` saying nothing is not enough.
    """
    origin = asked.headers.get("Origin")
    site = asked.headers.get("Sec-Fetch-Site")
    own = {public_url or asked.host_url.rstrip("/")}
    said = origin is not None or site is not None
    foreign = (origin is not None and origin not in own) or (site is not None and site not in _OWN)
    if foreign or (browser and not said):
        raise ForgedRequest("another site sent this, or the browser hides which: use our own page")
