"""The one entrance: without a good signature, session or token nobody gets in, wherever to."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from flask import Flask, Request, Response, g, request

from disburse.domain import particulars
from disburse.domain.access import Caller
from disburse.domain.lending import NotLent
from disburse.door import acting_for
from disburse.entrance import Entrance, address, forged
from disburse.http import problems, signed
from disburse.http.once import FOR_HEADER
from disburse.http.rates import Rates
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Turns away everybody but known callers, and whoever asks too fast."""

    begin: Begin
    now: Callable[[], datetime]
    entrance: Entrance
    rates: Rates
    tokens: bool  # whether any is taken
    metrics_token: str
    bodies_max: dict[str, int] = field(default_factory=dict)  # bytes by endpoint

    def enter(self) -> Response | None:
        """Let a request pass, with its caller in `g`, or answer it; or raise a refusal."""
        endpoint = request.endpoint or ""
        request.max_content_length = self.bodies_max.get(endpoint, BODY_BYTES_MAX)
        self.rates.of_address(address.of(request, self.entrance.proxies))
        if endpoint in OPEN | DOORS | OPEN_PAGES:
            return None
        if endpoint == METRICS:
            return None if _may_scrape(request, self.metrics_token) else self._stranger()
        found = self._find(self.now())
        if found is None:
            return self._stranger()
        self.rates.of_caller(found.member_id)
        g.caller = _acting(found, self.begin, self.now())
        return None

    def _find(self, at: datetime) -> Caller | None:
        """Judge a signed request by that alone, one that says who authorises it by that.

        Any other by its session.
        """
        if signed.is_signed(request):
            found = signed.signer(request, self.begin, at, public_url=self.entrance.public_url)
            return None if found is None else replace(found, by_key=True)
        if "Authorization" in request.headers:
            return _caller(request, self.begin, at) if self.tokens else None
        return _of_session(request, self.entrance, at)

    def _stranger(self) -> Response:
        if (request.endpoint or "").startswith(PAGES):
            return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": SIGN_IN})
        return _stranger(tokens=self.tokens)


def install(app: Flask, guard: Guard) -> None:
    """Put the guard before every route, and close what every answer leaves open."""
    app.before_request(guard.enter)
    encrypted = guard.entrance.public_url.startswith("https://")

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


def _acting(known: Caller, begin: Begin, at: datetime) -> Caller:
    """Return who asks, as the delegate of whomever the request names; or raise `NotLent`."""
    login = request.headers.get(FOR_HEADER)
    if login is None:
        return known
    project_id = (request.view_args or {}).get("project_id")
    if project_id is None:
        raise NotLent(f"roles are lent on projects: leave the header {FOR_HEADER} out here")
    with begin() as tx:
        return acting_for(tx, known, particulars.login(login), project_id=project_id, now=at)


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
