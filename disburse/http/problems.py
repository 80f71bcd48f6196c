"""Refusals, and everything else that goes wrong, as RFC 9457 problem documents."""

from __future__ import annotations

import json
import logging
import traceback
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from disburse.domain.coverage import Coverage
from disburse.domain.finding import Finding, say
from disburse.domain.refusal import Refusal
from disburse.http.answers import CoverageTold
from disburse.http.spread import plain, spread
from disburse.storage.once import Answer

MEDIA_TYPE: Final = "application/problem+json"
UNTOLD: Final = frozenset({"lacking"})  # minor units of a currency that the refusal does not know
FINDINGS_MAX: Final = 1_000  # what one person can mend before signing again; the rest is counted

_log = logging.getLogger("disburse.http")

# What the caller can do: 409 look again, things have moved on; 422 mend what was sent; 403 somebody
# else has to do it; 404 it is not there, or not the caller's. A test finds every code here.
STATUS: Final = {
    HTTPStatus.BAD_REQUEST: ("bad-page", "idempotency-key-missing", "bad-request"),
    HTTPStatus.UNAUTHORIZED: (
        "not-signed-in", "passkey-refused", "proof-refused", "sign-in-refused", "unauthenticated",
    ),
    HTTPStatus.FORBIDDEN: (
        "bad-signature", "certificate-untrusted", "forbidden", "forged-request",
        "key-expired", "key-not-confirmed",
        "key-not-yet-valid", "key-revoked", "no-session", "not-lent", "proof-needed", "same-person",
        "wrong-key-purpose",
    ),
    HTTPStatus.NOT_FOUND: (
        "no-such-account", "no-such-anomaly", "no-such-declaration", "no-such-explanation",
        "no-such-document", "no-such-file", "no-such-hold", "no-such-key", "no-such-lending",
        "no-such-line", "no-such-open-item", "no-such-party", "no-such-payment", "no-such-reissue",
        "no-such-sheet", "no-such-token", "no-such-word", "not-found",
        "no-such-invitation", "no-such-passkey", "no-such-session", "no-such-webhook",
    ),
    HTTPStatus.GONE: ("forgotten",),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed",),
    HTTPStatus.CONFLICT: (
        "account-not-open", "already-disabled", "already-founded", "already-posted",
        "approval-broken", "cooling-down",
        "dispatch-paused", "other-bytes", "other-word", "stale-fence", "would-pay-twice",
        "duplicate-sheet", "duplicate-statement", "insufficient-funds", "key-taken", "line-fixed",
        "lines-blocked", "not-backed", "not-stated-yet", "not-this-file", "nothing-payable",
        "nothing-waits",
        "company-link-taken", "not-disabled", "not-invitable",
        "party-taken", "reissue-asked", "request-in-progress", "short-of-funds", "still-kept",
        "statement-broken", "wrong-state",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("content-too-large",),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported-media-type",),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        "bad-particulars", "bad-webhook", "bad-profile",
        "code-refused", "company-refused", "bad-transport",
        "bank-file-too-large", "calendar-refused",
        "explanation-refused",
        "idempotency-key-reused",
        "invalid-request",
        "key-unreadable", "money-refused", "order-refused", "policy-refused", "role-not-theirs",
        "roster-refused", "sheet-refused",
        "unpayable", "unreadable-report", "unreadable-sheet",
        "unreadable-statement", "unrenderable", "unsignable", "no-statements",
        "not-lendable", "nothing-said", "nothing-to-book",
        "weak-passphrase", "weak-password", "wrong-project",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: ("too-many-attempts", "too-many-requests", "too-many-reveals"),
    # Ours to mend: an adapter that proves nothing, a database of another version, no database.
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "broken-seal", "master-key-unusable", "not-these-bytes", "settings-refused",
        "unproven-file", "unreadable-file", "internal-error",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "adapter-missing", "algorithm-missing", "cannot-reach", "database-unreachable",
        "master-key-unreachable", "nothing-sent", "roles-missing", "server-unavailable",
        "unfit-role", "unprotected", "wrong-schema",
    ),
}  # fmt: skip
_STATUS_OF: Final = {code: status for status, codes in STATUS.items() for code in codes}


def status_of(refusal: type[Refusal]) -> HTTPStatus:
    """Return the status of a kind of refusal; an adapter's own kind has its parent's."""
    for kind in refusal.__mro__:
        if (code := getattr(kind, "code", None)) in _STATUS_OF:
            return _STATUS_OF[code]
    return HTTPStatus.UNPROCESSABLE_ENTITY


def of_refusal(refusal: Refusal) -> Answer:
    """Describe `refusal` to a caller, with its figures where a program can read them."""
    facts = refusal.facts
    members = {name: _fact(value, facts) for name, value in facts.items() if name not in UNTOLD}
    if found := getattr(refusal, "findings", ()):
        members |= findings(found)
    return document(status_of(type(refusal)), refusal.code, refusal.detail, members)


def document(
    status: HTTPStatus, code: str, detail: str, members: Mapping[str, object] | None = None
) -> Answer:
    """Write one problem document."""
    told = {
        "type": f"/problems/{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status.value,
        "detail": detail,
    }
    content = json.dumps(dict(members or {}) | told, ensure_ascii=False).encode()
    return Answer(status=status, media_type=MEDIA_TYPE, content=content)


def response(answer: Answer) -> Response:
    """Return a kept or new answer as Flask sends it."""
    sent = Response(answer.content, status=answer.status, content_type=answer.media_type)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        sent.headers["Retry-After"] = str(json.loads(answer.content)["seconds"])
    return sent


def install(app: Flask) -> None:
    """Let the app answer everything that goes wrong with a problem, and never with a traceback."""

    @app.errorhandler(Refusal)
    def _refusal(refusal: Refusal) -> Response:
        return response(of_refusal(refusal))

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        answer = response(_of_http(error))
        for name, value in error.get_headers():
            if name.lower() in {"allow", "retry-after"}:
                answer.headers[name] = value
        return answer

    @app.errorhandler(Exception)
    def _defect(error: Exception) -> Response:
        _log.error("defect: %s", " < ".join(where(error)))
        return response(
            document(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "internal-error",
                "something went wrong here; try again with the same idempotency key",
            )
        )


def where(error: BaseException) -> list[str]:
    """Say what broke and where, without the message: it may repeat a worker's name or account."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames)]
    return [type(error).__qualname__, *places]


def _of_http(error: HTTPException) -> Answer:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    # webargs keeps what marshmallow found here: names of fields and rules, never values
    messages = (getattr(error, "data", None) or {}).get("messages")
    if messages is not None and status is HTTPStatus.UNPROCESSABLE_ENTITY:
        wrong = ", ".join(sorted(_paths(messages)))
        return document(
            status,
            "invalid-request",
            f"the request is not of the form that this route takes; see: {wrong}",
            {"errors": plain(messages)},
        )
    code, detail = _OF_HTTP.get(status, ("bad-request", "the request cannot be answered"))
    return document(status, code, detail)


# Python names some of these otherwise from version to version, so the codes stand here.
_OF_HTTP: Final = {
    HTTPStatus.BAD_REQUEST: (
        "bad-request", "the request cannot be understood; is the body JSON in UTF-8?",
    ),
    HTTPStatus.NOT_FOUND: ("not-found", "there is nothing here; /v1/docs lists every route"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "this route takes another method"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "content-too-large", "the body is larger than this route takes",
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "unsupported-media-type", "this route takes another Content-Type",
    ),
}  # fmt: skip


def _paths(messages: object, path: str = "") -> Iterable[str]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            yield from _paths(inner, f"{path}.{name}".lstrip("."))
    else:
        yield path


def _fact(value: Any, facts: Mapping[str, object]) -> object:  # noqa: ANN401
    currency = facts.get("currency")
    if isinstance(value, Coverage) and isinstance(currency, str):
        return CoverageTold().dump(spread(value, currency))
    return plain(value)


def findings(found: Sequence[Finding]) -> dict[str, object]:
    """Tell findings, as many as a person can read, and how many there are."""
    return {
        "findings": [finding(one) for one in found[:FINDINGS_MAX]],
        "findings_total": len(found),
    }


def finding(found: Finding) -> dict[str, object]:
    """Tell one finding: where it is, the masked value, and what to do in both languages."""
    return {
        "code": found.code,
        "effect": found.effect,
        "line": found.line,
        "row": found.row,
        "column": found.column,
        "value": found.value,
        "clearable": found.clearable,
        "en": say(found, "en"),
        "zh": say(found, "zh"),
    }
