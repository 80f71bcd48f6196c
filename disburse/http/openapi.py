"""The API's description: made from the routes, then completed with what all of them share."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from flask_smorest import Api  # type: ignore[import-untyped]

from disburse.entrance.forged import HEADER
from disburse.http.links import link
from disburse.http.once import FOR_HEADER, KEY_CHARACTERS_MAX, KEY_HEADER, SIGNATURE_HEADER
from disburse.http.problems import MEDIA_TYPE, STATUS
from disburse.signing import TAG

VERSION: Final = "3.1.0"
TITLE: Final = "disburse"
ABOUT: Final = (
    "Wages from project special accounts to workers' own accounts. Amounts are decimal text such "
    'as "6500.00", never numbers. Every change takes an idempotency key: the same key and body '
    "give the first answer again. Only what is said with a password or a code takes none."
)
SIGNED: Final = (
    f'HTTP Message Signature (RFC 9421) with the tag "{TAG}", by a registered key (Ed25519, or '
    "ECDSA on P-256 with SHA-256) over @method, @authority, @target-uri, content-digest (RFC 9530; "
    "not of GET) and idempotency-key, with created, keyid and a nonce of 16 to 128 characters; "
    "taken once, and for five minutes."
)
ACTING_FOR: Final = (
    "login of a colleague who lent you a role on this project: you act by that role, both of you "
    "are counted as having acted, and signed requests cover this header"
)
FOR_FORM: Final = {"minLength": 2, "maxLength": 100, "pattern": "^[a-z0-9][a-z0-9._@+-]*$"}
_PROBLEM: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "/problems/ and the refusal's stable code"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what is wrong, and what to do"},
    },
    "additionalProperties": True,
}
# What a caller can do about each status; a test finds every one that the service gives here.
_REFUSED: Final = {
    HTTPStatus.BAD_REQUEST: "Say it so that it can be understood",
    HTTPStatus.UNAUTHORIZED: "Show who asks",
    HTTPStatus.FORBIDDEN: "Somebody else has to do it, or with a fresher proof",
    HTTPStatus.NOT_FOUND: "It is not there, or not the caller's",
    HTTPStatus.CONFLICT: "Look again: things have moved on",
    HTTPStatus.GONE: "It was there, and was deleted for good",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Send less at once",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send what this route takes",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Mend what was sent",
    HTTPStatus.TOO_MANY_REQUESTS: "Wait as long as `Retry-After` says",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Ours to mend; tell whoever runs the service",
    HTTPStatus.SERVICE_UNAVAILABLE: "Try again in a moment, a change under the same key",
}
_OF_CHANGES: Final = frozenset(
    {HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
)
_UNCHANGED: Final = {"description": "Not modified: the answer with this ETag is still the answer"}
_NOT_OURS: Final = frozenset({"Error", "PaginationMetadata"})  # flask-smorest's own forms
_ON_A_PROJECT: Final = "/v1/projects/{project_id}"
# Questions that have a body change nothing, so they take no key.
_QUESTIONS: Final = frozenset({"/v1/payments/search"})
# Not even a digest of what is said there may be kept, as a key would need it.
_WITH_A_PASSWORD: Final = frozenset({"/v1/session/change_password", "/v1/passkeys/offer"})
# Where people come in: nobody is a caller yet, so there is nobody whose key it could be.
DOORS: Final = frozenset(
    {
        "/v1/sign_in",
        "/v1/session/prove",
        "/v1/invitation/open",
        "/v1/invitation/accept",
        "/v1/passkeys/question",
        "/v1/passkeys/show",
    }
)


def describe(api: Api, *, session: str) -> dict[str, Any]:
    """Return the OpenAPI document of every route; `session` is the name of the session's cookie."""
    document: dict[str, Any] = api.spec.to_dict()
    document["info"]["description"] = ABOUT
    document["security"] = [{"session": [], "change": []}, {"signature": []}, {"token": []}]
    parts = document.setdefault("components", {})
    schemas = {name: one for name, one in parts["schemas"].items() if name not in _NOT_OURS}
    parts["schemas"] = schemas | {"Problem": _PROBLEM}
    parts["responses"] = {_named(status): _refused(status) for status in _REFUSED}
    parts["responses"]["Unchanged"] = _UNCHANGED
    parts["securitySchemes"] = {
        "signature": {"type": "apiKey", "in": "header", "name": "Signature", "description": SIGNED},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": session,
            "description": "of a person who signed in (POST /v1/sign_in, POST /v1/session/prove)",
        },
        "change": {
            "type": "apiKey",
            "in": "header",
            "name": HEADER,
            "description": "in a session, of every request that changes something: see `csrf` of "
            "GET /v1/session",
        },
        "token": {"type": "http", "scheme": "bearer", "description": "for development only"},
    }
    parts["parameters"] = {
        "Key": _header(
            KEY_HEADER,
            "the request's own name",
            {"minLength": 1, "maxLength": KEY_CHARACTERS_MAX, "pattern": "^[!-~]+$"},
        ),
        "For": _header(FOR_HEADER, ACTING_FOR, FOR_FORM) | {"required": False},
        "Signature": _header(SIGNATURE_HEADER, "detached JWS over the exact body", {}),
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict):
                _complete(path, method, operation)
    link(document["paths"])
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter.get("in") == "query":
            _without_null(parameter)
    answers = {code: told for code, told in operation["responses"].items() if code[:1] == "2"}
    # Only a file's bytes can be asked for too early.
    left_out = _OF_CHANGES - ({HTTPStatus.CONFLICT} if path.endswith("/content") else set())
    if method == "get":
        answers["304"] = {"$ref": "#/components/responses/Unchanged"}
    for status in _REFUSED:
        if method == "post" or status not in left_out:
            answers[str(status.value)] = {"$ref": f"#/components/responses/{_named(status)}"}
    operation["responses"] = answers
    if path.startswith(_ON_A_PROJECT):
        named = {"$ref": "#/components/parameters/For"}
        operation["parameters"] = [*operation.get("parameters", []), named]
    if path in DOORS:
        operation["security"] = []
    elif method == "post" and path not in _QUESTIONS | _WITH_A_PASSWORD:
        key = {"$ref": "#/components/parameters/Key"}
        operation["parameters"] = [key, *operation.get("parameters", [])]


def _without_null(parameter: dict[str, Any]) -> None:
    """Nothing in a query can be null: whoever means none leaves the parameter out."""
    form = parameter["schema"]
    if isinstance(form.get("type"), list):
        [form["type"]] = [kind for kind in form["type"] if kind != "null"]
    if "enum" in form:
        form["enum"] = [value for value in form["enum"] if value is not None]
    if form.get("default", "") is None:
        del form["default"]


def _named(status: HTTPStatus) -> str:
    return status.name.title().replace("_", "")


def _refused(status: HTTPStatus) -> dict[str, Any]:
    codes = ", ".join(sorted(STATUS[status]))
    told: dict[str, Any] = {
        "description": f"{_REFUSED[status]} (RFC 9457); the type ends in: {codes}",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        seconds = {"description": "seconds", "schema": {"type": "integer", "minimum": 1}}
        told["headers"] = {"Retry-After": seconds | {"required": True}}
    return told


def _header(name: str, what: str, form: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "string"} | form
    return {"name": name, "in": "header", "required": True, "description": what, "schema": schema}
