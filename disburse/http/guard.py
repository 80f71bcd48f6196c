"""The one entrance: without a good signature, session or token nobody gets in, wherever to."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from flask import Flask, Request, Response, g, request

from disburse.domain.access import Caller
from disburse.entrance import Entrance, forged
from disburse.http import problems, signed
from disburse.storage import members, sessions
from disburse.storage.engine import Begin

# The only routes without a token; they tell nothing about anybody.
OPEN: Final = frozenset({"health.live", "health.ready", "pages.openapi", "pages.docs"})
METRICS: Final = "health.metrics_page"
# Where people who are nobody yet come in; each judges what it is shown, and counts the attempts.
DOORS: Final = frozenset(
    {
        "people._sign_in",
        "people._prove",
        "invitations._open",
        "invitations._accept",
        "passkeys._question",
        "passkeys._show",
    }
)
TOKEN_CHARACTERS_MAX: Final = 256
BODY_BYTES_MAX: Final = 256 * 1024  # JSON of a few hundred workers; routes that take more say so
# Behind a proxy everybody comes from this machine, so a forwarded request is nobody's neighbour.
_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
ENCRYPTED_SECONDS: Final = 365 * 24 * 3600  # what browsers and their lists ask for at least
# No other site opens, embeds or reads an answer; nothing here needs a camera or a place.
ALONE: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
# Pages: whoever is nobody is sent to the one where people sign in.
PAGES: Final = "console."
SIGN_IN: Final = "/sign_in"
OPEN_PAGES: Final = frozenset(
    PAGES + name
    for name in (
        "static", "sign_in_page", "sign_in", "second_factor_page", "second_factor", "prove_page",
        "prove", "company", "company_back", "invitation_company",
        "invitation_page", "invitation", "invitation_accept",
    )
)  # fmt: skip


def install(
    app: Flask,
    begin: Begin,
    now: Callable[[], datetime],
    *,
    bodies_max: dict[str, int],
    metrics_token: str,
    tokens: bool,
    entrance: Entrance,
) -> None:
    """Turn away everybody but known callers; `bodies_max` are bytes by endpoint.

    A request that is signed is judged by that alone, one that says who authorises it by that;
    any other by its session. Without `tokens` none is taken.
    """

    def find(at: datetime) -> Caller | None:
        if signed.is_signed(request):
            found = signed.signer(request, begin, at, public_url=entrance.public_url)
            return None if found is None else replace(found, by_key=True)
        if "Authorization" in request.headers:
            return _caller(request, begin, at) if tokens else None
        return _of_session(request, entrance, at)

    @app.before_request
    def _enter() -> Response | None:
        request.max_content_length = bodies_max.get(request.endpoint or "", BODY_BYTES_MAX)
        if request.endpoint in OPEN | DOORS | OPEN_PAGES:
            return None
        if request.endpoint == METRICS and _may_scrape(request, metrics_token):
            return None
        found = None if request.endpoint == METRICS else find(now())
        if found is None and (request.endpoint or "").startswith(PAGES):
            return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": SIGN_IN})
        if found is None:
            return _stranger(tokens=tokens)
        g.caller = found
        return None

    _harden(app, encrypted=entrance.public_url.startswith("https://"))


def _harden(app: Flask, *, encrypted: bool) -> None:
    @app.after_request
    def _close(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault(
            "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.update(ALONE)
        if encrypted:
            response.headers["Strict-Transport-Security"] = f"max-age={ENCRYPTED_SECONDS}"
        return response


def caller() -> Caller:
    """Return who asks; only ever called behind `install`'s entrance."""
    known = g.caller
    assert isinstance(known, Caller)  # noqa: S101  (the entrance set it)
    return known


def _of_session(asked: Request, entrance: Entrance, at: datetime) -> Caller | None:
    """Return who is signed in; raises `ForgedRequest` for a change from elsewhere."""
    secret = entrance.cookies.read(asked, entrance.cookies.session)
    if not secret:
        return None
    with entrance.begin() as tx:
        found = sessions.caller(tx, secret, at=at)
    if found is not None and asked.method not in forged.SAFE:
        forged.require_token(asked, secret, public_url=entrance.public_url)
    return found


def _caller(asked: Request, begin: Begin, at: datetime) -> Caller | None:
    token = _bearer(asked)
    if not token:
        return None
    with begin() as tx:
        return members.caller_of_token(tx, digest=sha256(token.encode()).digest(), at=at)


def _bearer(asked: Request) -> str:
    scheme, _, token = asked.headers.get("Authorization", "").partition(" ")
    fits = scheme.lower() == "bearer" and len(token) <= TOKEN_CHARACTERS_MAX
    return token.strip() if fits else ""


def _may_scrape(asked: Request, metrics_token: str) -> bool:
    if metrics_token:
        return hmac.compare_digest(_bearer(asked).encode(), metrics_token.encode())
    if any(name in asked.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(asked.remote_addr or "").is_loopback
    except ValueError:
        return False


def _stranger(*, tokens: bool) -> Response:
    sign = "sign in, or sign the request (RFC 9421) with a registered key, fresh and once"
    show = "; or send the header Authorization: Bearer TOKEN with a token that is still good"
    response = problems.response(
        problems.document(
            HTTPStatus.UNAUTHORIZED, "unauthenticated", sign + (show if tokens else "")
        )
    )
    response.headers["WWW-Authenticate"] = "Bearer" if tokens else "Signature"
    return response
