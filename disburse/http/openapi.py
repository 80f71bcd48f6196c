"""The API's description: made from the routes, then completed with what all of them share."""

from __future__ import annotations

from typing import Any, Final

from flask_smorest import Api  # type: ignore[import-untyped]

from disburse.entrance.forged import HEADER
from disburse.http.once import KEY_CHARACTERS_MAX, KEY_HEADER, SIGNATURE_HEADER
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
_REFUSED: Final = {
    "description": "Refused (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_NOT_OURS: Final = frozenset({"Error", "PaginationMetadata"})  # flask-smorest's own forms
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


def describe(api: Api) -> dict[str, Any]:
    """Return the OpenAPI document of every route."""
    document: dict[str, Any] = api.spec.to_dict()
    document["info"]["description"] = ABOUT
    document["security"] = [{"session": [], "change": []}, {"signature": []}, {"token": []}]
    parts = document.setdefault("components", {})
    schemas = {name: one for name, one in parts["schemas"].items() if name not in _NOT_OURS}
    parts["schemas"] = schemas | {"Problem": _PROBLEM}
    parts["responses"] = {"Refused": _REFUSED}
    parts["securitySchemes"] = {
        "signature": {"type": "apiKey", "in": "header", "name": "Signature", "description": SIGNED},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": "__Host-disburse-session",
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
        "Key": _header(KEY_HEADER, "the request's own name", KEY_CHARACTERS_MAX, required=True),
        "Signature": _header(SIGNATURE_HEADER, "detached JWS over the exact body", required=True),
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict):
                _complete(path, method, operation)
    return document


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    answers = {code: told for code, told in operation["responses"].items() if code[:1] == "2"}
    operation["responses"] = answers | {"default": {"$ref": "#/components/responses/Refused"}}
    if path in DOORS:
        operation["security"] = []
    elif method == "post" and path not in _QUESTIONS | _WITH_A_PASSWORD:
        key = {"$ref": "#/components/parameters/Key"}
        operation["parameters"] = [key, *operation.get("parameters", [])]


def _header(name: str, what: str, most: int = 0, *, required: bool) -> dict[str, Any]:
    form: dict[str, Any] = {"type": "string"}
    if most:
        form |= {"minLength": 1, "maxLength": most}
    return {"name": name, "in": "header", "required": required, "description": what, "schema": form}
