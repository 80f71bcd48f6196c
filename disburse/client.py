"""Asks a service over HTTP what a subcontractor asks: take this sheet, take it back."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from disburse import signing
from disburse.domain.refusal import Refusal

CONNECT_SECONDS_MAX: Final = 10
ANSWER_SECONDS_MAX: Final = 300  # 100,000 lines are checked while we wait
PAGE_ROWS: Final = 500
NONCE_BYTES: Final = 16  # of randomness: no two requests ever share one
FOR_HEADER: Final = "Disburse-For"
PAGES_MAX: Final = 1_000  # a service that pages for ever is not believed


class Unsafe(Refusal):
    """The address would show the token to whoever listens."""

    code = "unsafe-address"


class NoAnswer(Refusal):
    """The service does not answer, or what answers is no such service."""

    code = "no-answer"


class Declined(Refusal):
    """The service understood and declined; `facts` are those of its problem document."""

    code = "declined"


class NotThere(Refusal):
    """The service has nothing by that name that this token may see."""

    code = "not-there"


class SignedBy(AuthBase):
    """Signs every request with a registered key; nothing that is sent is worth stealing."""

    def __init__(self, key: signing.PrivateKey, now: Callable[[], datetime]) -> None:
        """Remember the key, and where the time comes from."""
        self._key = key
        self._now = now

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the signature, once everything else of the request stands."""
        content = r.body or b""
        r.headers.update(
            signing.sign_request(
                signing.Message(r.method or "", r.url or "", dict(r.headers)),
                content.encode() if isinstance(content, str) else content,
                self._key,
                nonce=secrets.token_urlsafe(NONCE_BYTES),
                now=self._now(),
            )
        )
        return r


class Shown(AuthBase):
    """Shows a token, which whoever reads it can show too: for development."""

    def __init__(self, token: str) -> None:
        """Remember the token."""
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        r.headers["Authorization"] = f"Bearer {self._token}"
        return r


class Client:
    """One account at one service."""

    def __init__(
        self,
        url: str,
        who: SignedBy | str,
        session: requests.Session | None = None,
        *,
        acting_for: str = "",
    ) -> None:
        """Remember where and who (a key, or a token); raise `Unsafe` for HTTP to elsewhere.

        `acting_for` is the login of a colleague who lent this account a role.
        """
        self._url = _safe(url)
        self._session = session or requests.Session()
        self._session.auth = Shown(who) if isinstance(who, str) else who
        if acting_for:
            self._session.headers[FOR_HEADER] = acting_for

    def project(self, code: str) -> int:
        """Return the number of the project with this code, or raise `NotThere`."""
        for row in self._rows("/v1/projects", {}):
            if row.get("code") == code:
                return int(row["id"])
        raise NotThere(f"this token sees no project {code!r}")

    def sheet(self, project_id: int, digest: str) -> int:
        """Return the number of the sheet with this SHA-256, or raise `NotThere`."""
        for row in self._rows(f"/v1/projects/{project_id}/sheets", {}):
            if row.get("digest") == digest:
                return int(row["id"])
        raise NotThere("the service has no sheet with exactly these bytes")

    def submit(
        self, project_id: int, content: bytes, *, media_type: str, signature: str
    ) -> Mapping[str, Any]:
        """Submit a signed sheet; the same bytes and signature again get the first answer."""
        return self._post(f"/v1/projects/{project_id}/sheets", content, media_type, signature)

    def withdraw(
        self, project_id: int, sheet_id: int, order: bytes, *, signature: str
    ) -> Mapping[str, Any]:
        """Take a sheet back by a signed order."""
        path = f"/v1/projects/{project_id}/sheets/{sheet_id}/withdraw"
        return self._post(path, order, "application/json", signature)

    def call(
        self, method: str, path: str, members: Mapping[str, object] | None, *, key: str
    ) -> Mapping[str, Any]:
        """Ask any route with JSON members; `key` makes a change happen once."""
        headers = {"Idempotency-Key": key} if method == "POST" else {}
        return self._ask(method, path, json=members, headers=headers)

    def send(self, path: str, content: bytes, *, media_type: str, key: str) -> Mapping[str, Any]:
        """Post bytes as they are: a bank's report."""
        headers = {"Content-Type": media_type, "Idempotency-Key": key}
        return self._ask("POST", path, data=content, headers=headers)

    def fetch(self, path: str) -> bytes:
        """Return what a route answers as bytes: a bank file."""
        return self._answer("GET", path).content

    def _post(
        self, path: str, content: bytes, media_type: str, signature: str
    ) -> Mapping[str, Any]:
        # The key is a function of what is sent: however often a line breaks, it happens once.
        key = sha256(sha256(content).digest() + signature.encode()).hexdigest()
        headers = {
            "Content-Type": media_type,
            "Disburse-Signature": signature,
            "Idempotency-Key": key,
        }
        return self._ask("POST", path, data=content, headers=headers)

    def _rows(self, path: str, asked: Mapping[str, object]) -> Iterator[Mapping[str, Any]]:
        cursor = None
        for _ in range(PAGES_MAX):
            page = self._ask("GET", path, params={**asked, "limit": PAGE_ROWS, "cursor": cursor})
            rows = page.get("rows")
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise NoAnswer(f"{self._url} is not a service of this kind")
            yield from rows
            cursor = page.get("following")
            if cursor is None:
                return

    def _ask(self, method: str, path: str, **said: Any) -> Mapping[str, Any]:  # noqa: ANN401
        return _members(self._answer(method, path, **said), self._url)

    def _answer(self, method: str, path: str, **said: Any) -> requests.Response:  # noqa: ANN401
        try:
            response = self._session.request(
                method,
                self._url + path,
                timeout=(CONNECT_SECONDS_MAX, ANSWER_SECONDS_MAX),
                allow_redirects=False,  # the token goes nowhere else
                **said,
            )
        except requests.RequestException as error:
            raise NoAnswer(f"{self._url} does not answer: {type(error).__name__}") from None
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            answer = _members(response, self._url)
            detail = str(answer.get("detail") or answer.get("title") or response.reason)
            raise Declined(f"{response.status_code}: {detail}", **_facts(answer))
        if not response.ok or response.is_redirect:
            raise NoAnswer(f"{self._url} sends us elsewhere; give the service's own address")
        return response


def _members(response: requests.Response, url: str) -> Mapping[str, Any]:
    try:
        answer = response.json()
    except requests.RequestException:
        answer = None
    if not isinstance(answer, dict):
        raise NoAnswer(f"{url} is not a service of this kind")
    return answer


def _safe(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return url.rstrip("/")
    if parts.scheme == "http" and parts.hostname and _is_here(parts.hostname):
        return url.rstrip("/")
    raise Unsafe("the address must begin with https:// (http:// only for this machine)")


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _facts(problem: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "detail"}
