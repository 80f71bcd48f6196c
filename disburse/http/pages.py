"""The API's description, for machines and for people; one page, no script, nothing from outside."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from html import escape
from typing import Any, Final

from flask import Blueprint, Response

STYLE: Final = (
    "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "code,pre{font:14px/1.4 monospace}pre{background:#f3f3f1;padding:.6rem;overflow:auto}"
    "h2{margin-top:2.5rem;border-bottom:1px solid #ccc}summary{cursor:pointer;padding:.3rem 0}"
    "b{display:inline-block;width:3.5rem}td,th{padding:.1rem .8rem .1rem 0;text-align:left}"
)
_DIGEST: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def blueprint(document: Callable[[], Mapping[str, Any]]) -> Blueprint:
    """Make the routes of the description; it holds nobody's data, so it takes no token."""
    routes = Blueprint("pages", __name__, url_prefix="/v1")

    @routes.get("/openapi.json")
    def openapi() -> Response:
        text = json.dumps(document(), ensure_ascii=False)
        return Response(text, content_type="application/json")

    @routes.get("/docs")
    def docs() -> Response:
        response = Response("".join(page(document())), content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return routes


def page(document: Mapping[str, Any]) -> Iterator[str]:
    """Write the whole page: every route by topic, then every schema."""
    info = document["info"]
    yield (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{_(info["title"])} API'
        f"</title><style>{STYLE}</style></head><body><h1>{_(info['title'])} API</h1>"
        f"<p>{_(info['description'])}</p>"
        '<p>The same for machines: <a href="openapi.json">openapi.json</a></p>'
    )
    topics: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if isinstance(operation, dict):
                topic = topics.setdefault(operation["tags"][0], [])
                topic.append("".join(_operation(path, method, operation)))
    for name, written in topics.items():
        yield f"<h2>{_(name.replace('_', ' '))}</h2>"
        yield from written
    yield "<h2>schemas</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield f'<details id="{_(name)}"><summary><code>{_(name)}</code></summary>'
        yield f"{_json(schema)}</details>"
    yield "</body></html>"


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<details><summary><b>{_(method.upper())}</b> <code>{_(path)}</code> "
    yield f"{_(operation.get('summary', ''))}</summary>"
    rows = [
        f"<tr><td><code>{_(one['name'])}</code></td><td>{_(one['in'])}</td></tr>"
        for one in operation.get("parameters", [])
        if "name" in one
    ]
    if rows:
        yield f"<table><tr><th>parameter</th><th>in</th></tr>{''.join(rows)}</table>"
    if "requestBody" in operation:
        yield f"<p>body</p>{_json(operation['requestBody']['content'])}"
    yield f"<p>answers</p>{_json(operation['responses'])}</details>"


def _json(value: object) -> str:
    return f"<pre>{_(json.dumps(value, ensure_ascii=False, indent=1))}</pre>"


def _(value: object) -> str:
    return escape(str(value))
