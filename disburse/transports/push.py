"""We post a file to the bank over HTTPS; our reference is the idempotency key.

The bank answers 2xx when it has the file whole, and the same again to the same key. Connecting is
one thing and sending another: only what fails before the first byte surely did not arrive.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from disburse.transports.contract import (
    Abilities,
    Answer,
    BadTransport,
    CannotReach,
    NothingSent,
    Parcel,
    Secret,
)
from disburse.transports.wanted import Wanted

SILENT_SECONDS_MAX: Final = 60  # of one reading or writing; the lease outlasts a slow bank
ANSWER_BYTES_KEPT: Final = 1_000  # of what the bank says; we only go by its status
THIS_MACHINE: Final = ("127.0.0.1", "localhost", "::1")  # a proxy here may speak TLS for us
HAS_IT: Final = range(200, 300)
# The bank's server turned the request away unread; any other refusal may come after it acted.
TURNED_AWAY: Final = frozenset({401, 403, 404, 405, 411, 413, 415, 429})


class UnsureError(OSError):
    """The bank's server answered neither that it has the file nor that it turned it away."""


@dataclass(frozen=True, slots=True)
class Push:
    """One address of the bank's."""

    url: SplitResult
    token: str  # name of a secret; "": none
    ca_file: str  # of the authorities that the bank's certificate is from; "": the usual ones
    asks: bool  # GET of the address with our reference says whether the bank has the file
    secret: Secret

    @classmethod
    def of(cls, settings: Mapping[str, object], secret: Secret) -> Push:
        """Read the settings, or raise `BadTransport`."""
        wanted = Wanted(settings)
        url = _address(wanted)
        token = wanted.secret_name("token", usual="")
        ca_file = wanted.text("ca_file", usual="")
        asks = wanted.text("asks", usual="no")
        wanted.require(asks in {"yes", "no"}, "asks", "must be yes or no")
        wanted.finish()
        return cls(url=url, token=token, ca_file=ca_file, asks=asks == "yes", secret=secret)

    @property
    def abilities(self) -> Abilities:
        """Return what the address can do; the bank posts its answers to our API."""
        return Abilities(submits=True, repeats=True, asks=self.asks, cancels=False, collects=False)

    def submit(self, parcel: Parcel) -> None:
        """Post the file, and return when the bank says that it has it."""
        digest = b64encode(bytes.fromhex(parcel.sha256)).decode()
        headers = self._headers() | {
            "Content-Type": "application/octet-stream",
            "Content-Digest": f"sha-256=:{digest}:",  # RFC 9530
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(parcel.name)}",
            "Idempotency-Key": parcel.reference,
        }
        with closing(self._connected(NothingSent)) as line:
            line.request("POST", self.url.path or "/", parcel.content, headers)
            status = _read(line.getresponse())
        if status in TURNED_AWAY:
            raise NothingSent(f"the bank's server turned the file away with status {status}")
        if status not in HAS_IT:
            raise UnsureError(f"the bank's server answered {status}")

    def has(self, parcel: Parcel) -> bool | None:
        """Ask for our reference: 200 is yes, 404 not yet; anything else says nothing."""
        path = f"{self.url.path.rstrip('/')}/{quote(parcel.reference)}"
        try:
            with closing(self._connected(CannotReach)) as line:
                line.request("GET", path, headers=self._headers())
                status = _read(line.getresponse())
        except (OSError, HTTPException) as error:
            raise CannotReach(f"the bank does not answer: {type(error).__name__}") from error
        return {200: True, 404: False}.get(status)

    def collect(self) -> Iterator[Answer]:
        """Fetch nothing: answers are posted to our API."""
        return iter(())

    def set_aside(self, answer: Answer, *, read: bool) -> None:
        """Move nothing: nothing lies anywhere."""

    def _headers(self) -> dict[str, str]:
        if not self.token:
            return {}
        return {"Authorization": f"Bearer {self.secret(self.token).decode().strip()}"}

    def _connected(self, refusal: type[NothingSent | CannotReach]) -> HTTPConnection:
        line = self._line()
        try:
            line.connect()
        except OSError as error:  # also every failure of TLS
            line.close()
            raise refusal(f"the bank cannot be reached: {type(error).__name__}") from error
        return line

    def _line(self) -> HTTPConnection:
        host, port = self.url.hostname or "", self.url.port
        if self.url.scheme == "http":
            return HTTPConnection(host, port, timeout=SILENT_SECONDS_MAX)
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
        except OSError as error:
            raise BadTransport(f"ca_file cannot be used: {error.strerror}") from error
        return HTTPSConnection(host, port, timeout=SILENT_SECONDS_MAX, context=context)


def _address(wanted: Wanted) -> SplitResult:
    said = wanted.text("url")
    try:
        url = urlsplit(said)
        sound = bool(url.hostname) and url.port != 0 and not (url.query or url.fragment)
    except ValueError:
        url, sound = urlsplit(""), False
    safe = url.scheme == "https" or (url.scheme == "http" and url.hostname in THIS_MACHINE)
    fine = sound and safe and "@" not in url.netloc
    wanted.require(fine, "url", "must be like https://bank.example.org/in")
    return url


def _read(response: HTTPResponse) -> int:
    response.read(ANSWER_BYTES_KEPT)
    return response.status
