"""The company's OpenID provider vouches for a person (OpenID Connect Core 1.0, code flow, PKCE).

Everything that must not be guessed is derived from one secret, which only the person's browser
holds: `state` and `nonce` go to the provider, the PKCE verifier only to its token endpoint.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.requests_client import OAuth2Session  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests import RequestException

from disburse.domain.refusal import Refusal
from disburse.domain.signed_in import FRESH_FOR

SECONDS_MAX: Final = 5  # for each answer of the provider: a person waits behind it
LEEWAY: Final = timedelta(minutes=1)  # between two clocks
ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA"]
DISCOVERY: Final = "/.well-known/openid-configuration"
_NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class CompanyRefused(Refusal):
    """The company's provider did not vouch for anybody, or not in a way that can be believed."""

    code = "company-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The provider, and what it knows us by; the secret comes from the environment."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """For whom the provider vouches, and when it asked them itself."""

    issuer: str
    subject: str
    proven_at: datetime


def state_of(secret: str) -> str:
    """Return what the provider gives back, so that an answer belongs to this browser."""
    return _derived("state", secret)


def way_to(company: Company, secret: str, back: str) -> str:
    """Return the provider's address to send the person to; it must ask them anew.

    Only so is it a fresh second factor, and not what somebody did this morning.
    """
    found = _discover(company)
    address, _ = _session(company, back).create_authorization_url(
        found["authorization_endpoint"],
        state=state_of(secret),
        code_verifier=_derived("verifier", secret),
        nonce=_derived("nonce", secret),
        prompt="login",
        max_age=0,
    )
    return str(address)


def vouched(company: Company, secret: str, back: str, *, code: str, now: datetime) -> Vouched:
    """Return whom the provider vouches for, or raise `CompanyRefused`."""
    found = _discover(company)
    session = _session(company, back)
    try:
        answer = session.fetch_token(
            found["token_endpoint"],
            grant_type="authorization_code",
            code=code,
            code_verifier=_derived("verifier", secret),
            timeout=SECONDS_MAX,
        )
        keys = KeySet.import_key_set(_get(session, found["jwks_uri"]))
        token = jwt.decode(answer["id_token"], keys, algorithms=ALGORITHMS)
        asked = {"nonce": _derived("nonce", secret), "access_token": answer["access_token"]}
        _check(company, token, asked, now)
        asked_at = datetime.fromtimestamp(token.claims["auth_time"], UTC)
    except (AuthlibBaseError, JoseError, RequestException, KeyError, TypeError, ValueError):
        raise CompanyRefused(
            "your company's sign-in did not vouch for you in a way that can be believed; try again"
        ) from None
    if not now - FRESH_FOR <= asked_at <= now + LEEWAY:
        raise CompanyRefused("your company's sign-in did not ask you anew; sign out there first")
    return Vouched(
        issuer=company.issuer, subject=str(token.claims["sub"]), proven_at=min(asked_at, now)
    )


def _check(company: Company, token: jwt.Token, asked: Mapping[str, str], now: datetime) -> None:
    """Check who says this, to whom, for how long and in answer to which question."""
    options = {
        "iss": {"essential": True, "value": company.issuer},
        "aud": {"essential": True, "value": company.client_id},
        "nonce": {"essential": True, "value": asked["nonce"]},
        "auth_time": {"essential": True},
    }
    params = {**asked, "client_id": company.client_id, "max_age": 0}
    checked = CodeIDToken(dict(token.claims), dict(token.header), options, params)
    checked.validate(now=int(now.timestamp()), leeway=int(LEEWAY.total_seconds()))


def _discover(company: Company) -> Mapping[str, str]:
    """Return where the provider's doors are, as it says itself."""
    session = _session(company, "")
    try:
        found = _get(session, company.issuer.rstrip("/") + DISCOVERY)
        doors = {name: str(found[name]) for name in ("issuer", *_NEEDED)}
    except (RequestException, KeyError, TypeError, ValueError):
        doors = {}
    if doors.get("issuer") != company.issuer:  # not reached, or another one answered
        raise CompanyRefused(
            "your company's sign-in cannot be reached; use password and code, or try again later"
        )
    return doors


def _get(session: OAuth2Session, address: str) -> Any:  # noqa: ANN401  (JSON of the provider's)
    answer = session.get(address, withhold_token=True, timeout=SECONDS_MAX, allow_redirects=False)
    answer.raise_for_status()
    return answer.json()


def _session(company: Company, back: str) -> OAuth2Session:
    return OAuth2Session(
        company.client_id,
        company.client_secret,
        scope="openid",
        redirect_uri=back,
        code_challenge_method="S256",
    )


def _derived(what: str, secret: str) -> str:
    digest = sha256(f"{what} of {secret}".encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
