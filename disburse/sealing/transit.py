"""A master key that never leaves its service: the transit interface of HashiCorp Vault over HTTP.

Other services offer the same one. Documented under "Transit secrets engine (API)": `encrypt`,
`decrypt` and reading a key; `associated_data` binds a wrapped key to its place.
"""

from __future__ import annotations

import base64
import binascii
import re
from http import HTTPStatus
from typing import Any, Final

import requests

from disburse.sealing.box import SECRET_BYTES
from disburse.sealing.master import MasterKeyUnreachable, MasterKeyUnusable

SECONDS_MAX: Final = 5  # to connect, and to answer: a caller waits behind it
TRIES: Final = 3
ANSWER_BYTES_MAX: Final = 64 * 1024
_CIPHERTEXT: Final = re.compile(r"vault:v[1-9][0-9]{0,8}:[A-Za-z0-9+/=]+", re.ASCII)
_BUSY: Final = {HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)}


class TransitMaster:
    """One named key of a transit engine; every version of it that the service keeps unwraps."""

    def __init__(self, url: str, key: str, token: str) -> None:
        """Remember the engine's address, such as `https://keys.example.org/v1/transit`."""
        self._url = url.rstrip("/")
        self._key = key
        self._token = token

    def label(self) -> str:
        """Name the key and its newest version, as the service says."""
        newest = self._ask("GET", f"keys/{self._key}").get("latest_version")
        if not isinstance(newest, int):
            raise MasterKeyUnusable("the key service does not say which version is the newest")
        return f"transit:{self._key}:v{newest}"

    def label_of(self, wrapped: bytes) -> str:
        """Name the version that a ciphertext says it is of."""
        return f"transit:{self._key}:{wrapped.decode('ascii', errors='replace').split(':')[1]}"

    def wrap(self, secret: bytes, place: bytes) -> bytes:
        """Let the service encrypt with the newest version."""
        told = {"plaintext": _text(secret), "associated_data": _text(place)}
        ciphertext = str(self._ask("POST", f"encrypt/{self._key}", told).get("ciphertext"))
        if not _CIPHERTEXT.fullmatch(ciphertext):
            raise MasterKeyUnusable("the key service answered with something else than ciphertext")
        return ciphertext.encode()

    def unwrap(self, wrapped: bytes, place: bytes) -> bytes:
        """Let the service decrypt."""
        ciphertext = wrapped.decode("ascii", errors="replace")
        if not _CIPHERTEXT.fullmatch(ciphertext):
            raise MasterKeyUnusable("the data were not sealed under a key of this key service")
        told = {"ciphertext": ciphertext, "associated_data": _text(place)}
        plaintext = self._ask("POST", f"decrypt/{self._key}", told).get("plaintext")
        try:
            secret = base64.b64decode(str(plaintext), validate=True)
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != SECRET_BYTES:
            raise MasterKeyUnusable("the key service answered with something else than a key")
        return secret

    def _ask(self, method: str, path: str, told: object = None) -> dict[str, Any]:
        """Return the `data` of the answer; asking again is harmless, so busy is asked again."""
        answer = None
        for _ in range(TRIES):
            try:
                answer = requests.request(
                    method,
                    f"{self._url}/{path}",
                    json=told,
                    headers={"X-Vault-Token": self._token, "X-Vault-Request": "true"},
                    timeout=SECONDS_MAX,
                    allow_redirects=False,  # the token is for this address only
                )
            except requests.RequestException:
                continue  # whose message repeats the request
            if answer.status_code not in _BUSY:
                return _data(answer)
        raise MasterKeyUnreachable(
            "the key service does not answer"
            if answer is None
            else f"the key service is busy or sealed (status {answer.status_code})"
        )


def _data(answer: requests.Response) -> dict[str, Any]:
    if answer.status_code != HTTPStatus.OK:
        raise MasterKeyUnusable(
            f"the key service refuses (status {answer.status_code}); look at its address, the "
            "key's name, and whether the token may encrypt, decrypt and read that key"
        )
    try:
        data = answer.json()["data"] if len(answer.content) <= ANSWER_BYTES_MAX else None
    except (ValueError, KeyError, TypeError):
        data = None
    if not isinstance(data, dict):
        raise MasterKeyUnusable("the key service answered in a form that is not transit's")
    return data


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
