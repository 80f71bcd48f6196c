"""Every change is asked for under an idempotency key, and happens at most once under it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from flask import Request

from disburse.domain.access import Caller, ProofNeeded
from disburse.domain.refusal import Refusal
from disburse.http import problems
from disburse.storage.engine import Begin, Transaction
from disburse.storage.once import Answer, InProgress, KeyReused, claim, keep

KEY_HEADER: Final = "Idempotency-Key"
SIGNATURE_HEADER: Final = "Disburse-Signature"
FOR_HEADER: Final = "Disburse-For"  # the login of the colleague who lent the caller a role
KEY_CHARACTERS_MAX: Final = 128  # a UUID has 36; people prefix theirs

# Refusals about the key itself, or about how the caller signed in, say nothing about the request:
# they are never kept under it, so it can be repeated when the person has shown the second factor.
_NOT_OF_THE_REQUEST: Final = (KeyReused, InProgress, ProofNeeded)


class KeyMissing(Refusal):
    """A request that changes something has to name itself, so that it can be repeated safely."""

    code = "idempotency-key-missing"


@dataclass(frozen=True, slots=True)
class Result:
    """What a change is answered with; `kept` is what a repetition gets, without secrets."""

    answer: Answer
    kept: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request for a change: who asks, under which key, for exactly what, and when."""

    caller: Caller
    key: str
    digest: bytes
    at: datetime


Change = Callable[[Transaction], Result]
Note = Callable[[Transaction, Refusal], None]


def read_attempt(request: Request, caller: Caller, at: datetime) -> Attempt:
    """Return the attempt that a request stands for, or raise `KeyMissing`."""
    key = request.headers.get(KEY_HEADER, "")
    if not 1 <= len(key) <= KEY_CHARACTERS_MAX or not all("!" <= one <= "~" for one in key):
        raise KeyMissing(
            f"send the header {KEY_HEADER} with 1 to {KEY_CHARACTERS_MAX} printable ASCII "
            "characters: a new key for each new request, the same key to repeat one"
        )
    return Attempt(caller=caller, key=key, digest=digest_of(request), at=at)


def digest_of(request: Request) -> bytes:
    """Digest everything of a request that decides what it does."""
    digest = sha256()
    for part in (
        request.method.encode(),
        request.path.encode(),
        request.query_string,
        request.headers.get("Content-Type", "").encode(),
        request.headers.get(SIGNATURE_HEADER, "").encode(),
        request.headers.get(FOR_HEADER, "").encode(),
        request.get_data(),
    ):
        digest.update(len(part).to_bytes(8))  # so that no two requests run into each other
        digest.update(part)
    return digest.digest()


def change_once(begin: Begin, attempt: Attempt, change: Change, note: Note) -> tuple[Answer, bool]:
    """Do `change` unless it was done under this key before; return its answer, and if it is old.

    The key is claimed and the answer kept in the transaction of the effect. A refusal takes the
    effect back; it is kept under the key in a second transaction, together with `note`, for the
    refusal was the answer. One that says "later" was none: after the wait the same key does it.
    Raises `KeyReused` and `InProgress`.
    """
    try:
        return _change(begin, attempt, change)
    except _NOT_OF_THE_REQUEST:
        raise
    except Refusal as refusal:
        answer = problems.of_refusal(refusal)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise  # ours to mend, so the caller may repeat it until it is mended
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise  # kept, it would say for ever how long it was to wait once
        with begin() as tx:
            if (earlier := _claim(tx, attempt)) is not None:
                return earlier, True  # a repetition came in between
            keep(tx, member_id=attempt.caller.member_id, key=attempt.key, answer=answer)
            with suppress(Refusal):  # whoever is not of the project leaves no trace on it
                note(tx, refusal)
        return answer, False


def _change(begin: Begin, attempt: Attempt, change: Change) -> tuple[Answer, bool]:
    with begin() as tx:
        if (earlier := _claim(tx, attempt)) is not None:
            return earlier, True
        result = change(tx)
        keep(tx, member_id=attempt.caller.member_id, key=attempt.key, answer=result.kept)
    return result.answer, False


def _claim(tx: Transaction, attempt: Attempt) -> Answer | None:
    return claim(
        tx,
        member_id=attempt.caller.member_id,
        key=attempt.key,
        request_digest=attempt.digest,
        at=attempt.at,
    )
