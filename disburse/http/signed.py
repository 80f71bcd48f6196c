"""Who signed a request: the key is known and good, the signature fresh, its nonce never seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from flask import Request

from disburse import signing
from disburse.domain.access import Caller
from disburse.signing import BadSignature
from disburse.storage import request_keys
from disburse.storage.engine import Begin, Transaction

FIELDS: Final = ("Signature-Input", "Signature")
# A signature is good for so long at most; its nonce is remembered as long.
REMEMBERED: Final = signing.AGE_MAX + signing.SKEW_MAX

_log = logging.getLogger("disburse.http")


def is_signed(asked: Request) -> bool:
    """Say whether the request carries a signature; then nothing else lets it in."""
    return any(name in asked.headers for name in FIELDS)


def signer(asked: Request, begin: Begin, at: datetime, *, public_url: str) -> Caller | None:
    """Return whose request this is; None for every reason why it is nobody's.

    The nonce is used up in a transaction of its own, before anything is done: whatever becomes of
    the request, the same signature is never taken again.
    """
    try:
        headers = dict(asked.headers)
        claim = signing.read_claim(headers)
        message = signing.Message(asked.method, _address(asked, public_url), headers)
        with begin() as tx:
            return _caller(tx, claim, message, asked.get_data, at)
    except BadSignature as refusal:
        _log.info("a signed request was turned away: %r", refusal.why)
        return None


def _caller(
    tx: Transaction,
    claim: signing.Claim,
    message: signing.Message,
    content: Callable[[], bytes],
    at: datetime,
) -> Caller:
    known = request_keys.known(tx, claim.kid)
    signing.verify_request(
        message, content, claim, None if known is None else known.key.public_jwk, at=at
    )
    if known is None or not known.key.good(at):
        raise BadSignature("the key is not good, or its account is not")
    if not request_keys.use_up(
        tx, known.caller, kid=claim.kid, nonce=claim.nonce, expires_at=at + REMEMBERED
    ):
        raise BadSignature("this nonce was used before")
    return known.caller


def _address(asked: Request, public_url: str) -> str:
    """Return the whole address as the client signed it, path and query byte by byte."""
    target = str(asked.environ.get("REQUEST_URI", ""))
    if not target.startswith("/"):
        raise BadSignature("the request names no path")
    return (public_url or f"{asked.scheme}://{asked.host}") + target
