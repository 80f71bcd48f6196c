"""How a topic's routes are made: a question reads, a change happens once; both are documented."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import RAISE, Schema
from werkzeug.exceptions import UnsupportedMediaType

from disburse.adapter import Adapter
from disburse.domain.access import Caller
from disburse.domain.refusal import Refusal
from disburse.entrance import Entrance
from disburse.http import problems
from disburse.http.guard import BODY_BYTES_MAX, caller
from disburse.http.once import SIGNATURE_HEADER, Result, change_once, read_attempt
from disburse.http.spread import spread
from disburse.signing import NOBODY, Trust
from disburse.storage.engine import Begin, Transaction, read_only
from disburse.storage.once import Answer
from disburse.storage.tenancy import bound

JSON: Final = "application/json"
# A new answer may differ by the next second, but who has this one need not fetch it again.
MAY_BE_ASKED_AGAIN: Final = "private, no-cache"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What a route is given: who asks, for what, when, inside an open transaction."""

    tx: Transaction
    caller: Caller
    now: datetime
    said: Mapping[str, Any] = field(default_factory=dict)  # the checked body or query
    content: bytes = b""  # the exact bytes, where a route takes bytes
    media_type: str = ""
    signature: str = ""


View = Callable[..., object]
Register = Callable[[View], View]
Note = Callable[[Ask, Refusal, Mapping[str, Any]], None]
Said = tuple[Mapping[str, Any], ...]  # the checked body or query, where the route has one


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every topic is handed, once: there are no globals to find it in."""

    begin: Begin
    banks: Mapping[str, Adapter]
    now: Callable[[], datetime]
    entrance: Entrance
    trust: Trust = NOBODY  # whose certificates are taken
    vet: Callable[[str], object]  # refuses addresses that posts must not go to


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """A body that is taken as it is: its media types, its limit, and whether it is signed."""

    media_types: tuple[str, ...]
    bytes_max: int
    signed: bool = False
    note: Note | None = None  # what to remember of a refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """Something to be sent as it is, perhaps while it is being read."""

    parts: Iterable[bytes]
    name: str  # the file's
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a caller sends and gets at one address."""

    rule: str
    method: str = "GET"
    answer: type[Schema] | None = None
    status: HTTPStatus = HTTPStatus.OK
    asks: type[Schema] | None = None
    takes: Bytes | None = None
    sends: str = JSON
    bytes_max: int = BODY_BYTES_MAX


class Routes:
    """One topic's routes."""

    def __init__(self, name: str, desk: Desk, *, prefix: str = "/v1", topic: str = "") -> None:
        self.name = name
        self.topic = topic or name
        self.desk = desk
        self.blueprint = Blueprint(name, __name__, url_prefix=prefix)
        self.bodies_max: dict[str, int] = {}  # by endpoint

    def reads(
        self, rule: str, answer: type[Schema], *, asks: type[Schema] | None = None
    ) -> Register:
        """Register a question; its transaction writes nothing and sees one moment."""
        return self._questions(Route(rule=rule, answer=answer, asks=asks))

    def searches(self, rule: str, answer: type[Schema], *, asks: type[Schema]) -> Register:
        """Register a question with a body, for what must not stand in an address."""
        return self._questions(Route(rule=rule, method="POST", answer=answer, asks=asks))

    def sends(self, rule: str, media_type: str, *, asks: type[Schema] | None = None) -> Register:
        """Register what is sent as it is, in parts; the transaction is open until the last."""
        route = Route(rule=rule, sends=media_type, asks=asks)

        def register(view: View) -> View:
            @wraps(view)
            def answered(*said: Mapping[str, Any], **place: Any) -> Response:  # noqa: ANN401
                with ExitStack() as stack:
                    tx = stack.enter_context(bound(read_only(self.desk.begin), caller())())
                    sent = view(self._ask(tx, said), **place)
                    assert isinstance(sent, Sent)  # noqa: S101  (views that send say so)
                    response = Response(sent.parts, content_type=media_type)
                    response.call_on_close(stack.pop_all().close)
                response.headers["Content-Disposition"] = f'attachment; filename="{sent.name}"'
                if not sent.etag:
                    return response
                response.headers["Cache-Control"] = MAY_BE_ASKED_AGAIN
                response.set_etag(sent.etag)
                return _conditional(response)

            self._register(route, answered)
            return view

        return register

    def changes(
        self,
        rule: str,
        answer: type[Schema],
        *,
        asks: type[Schema] | None = None,
        takes: Bytes | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        bytes_max: int = BODY_BYTES_MAX,
    ) -> Register:
        """Register a change: at most once under its idempotency key.

        Members of the answer that its schema marks `secret` are told once and not kept.
        """
        route = Route(
            rule=rule,
            method="POST",
            answer=answer,
            status=status,
            asks=asks,
            takes=takes,
            bytes_max=takes.bytes_max if takes else bytes_max,
        )

        def register(view: View) -> View:
            @wraps(view)
            def answered(*said: Mapping[str, Any], **place: Any) -> Response:  # noqa: ANN401
                return self._change(route, view, said, place)

            self._register(route, answered)
            return view

        return register

    def _questions(self, route: Route) -> Register:
        def register(view: View) -> View:
            @wraps(view)
            def answered(*said: Mapping[str, Any], **place: Any) -> Response:  # noqa: ANN401
                with bound(read_only(self.desk.begin), caller())() as tx:
                    told = dump(route, spread(view(self._ask(tx, said), **place)))
                response = Response(told, content_type=JSON)
                if route.method == "POST":
                    return response
                response.headers["Cache-Control"] = MAY_BE_ASKED_AGAIN
                response.add_etag()
                return _conditional(response)

            self._register(route, answered)
            return view

        return register

    def _ask(self, tx: Transaction, said: Said) -> Ask:
        return Ask(tx=tx, caller=caller(), now=self.desk.now(), said=said[0] if said else {})

    def _change(self, route: Route, view: View, said: Said, place: Mapping[str, Any]) -> Response:
        attempt = read_attempt(request, caller(), self.desk.now())

        def ask(tx: Transaction) -> Ask:
            return Ask(
                tx=tx,
                caller=attempt.caller,
                now=attempt.at,
                said=said[0] if said else {},
                content=request.get_data() if route.takes else b"",
                media_type=request.mimetype,
                signature=request.headers.get(SIGNATURE_HEADER, ""),
            )

        def change(tx: Transaction) -> Result:
            told = spread(view(ask(tx), **place))
            whole = Answer(status=route.status, media_type=JSON, content=dump(route, told))
            content = dump(route, told, kept=True)
            return Result(whole, Answer(status=route.status, media_type=JSON, content=content))

        def note(tx: Transaction, refusal: Refusal) -> None:
            if route.takes and route.takes.note:
                route.takes.note(ask(tx), refusal, place)

        given, repeated = change_once(bound(self.desk.begin, attempt.caller), attempt, change, note)
        response = problems.response(given)
        if repeated:
            response.headers["Idempotency-Replayed"] = "true"
        return response

    def _register(self, route: Route, view: View) -> None:
        told = route.answer or {"type": "string", "format": "binary"}
        documented = self.blueprint.response(route.status, told, content_type=route.sends)(view)
        of_bytes = documented
        if route.asks is not None:
            where = "query" if route.method == "GET" else "json"
            documented = self.blueprint.arguments(route.asks, location=where, unknown=RAISE)(
                documented
            )
            if route.method == "POST":
                documented = _json_only(documented)
        if route.takes is not None and route.asks is not None:
            documented = _either(route.takes, of_bytes, documented)
        elif route.takes is not None:
            documented = self.blueprint.doc(**_document(route.takes))(documented)
        named = f"{self.topic}.{view.__name__.strip('_')}"
        documented = self.blueprint.doc(operationId=named)(documented)
        self.blueprint.route(route.rule, methods=[route.method], tags=[self.topic])(documented)
        self.bodies_max[f"{self.name}.{view.__name__}"] = route.bytes_max


def _json_only(view: View) -> View:
    """Refuse another body at once, rather than call every one of its fields missing."""

    @wraps(view)
    def answered(**place: Any) -> object:  # noqa: ANN401
        if request.mimetype != JSON:
            raise UnsupportedMediaType
        return view(**place)

    return answered


def _either(takes: Bytes, of_bytes: View, of_json: View) -> View:
    """Let one address take a file as it is, or the same in JSON; the JSON form is documented."""

    @wraps(of_json)
    def answered(**place: Any) -> object:  # noqa: ANN401
        return (of_bytes if request.mimetype in takes.media_types else of_json)(**place)

    return answered


def _conditional(response: Response) -> Response:
    """Answer "not modified" to a caller who has it already."""
    response.make_conditional(request)
    return response


def dump(route: Route, told: object, *, kept: bool = False) -> bytes:
    """Return the answer as the route's schema writes it; with `kept`, without its secrets."""
    assert route.answer is not None  # noqa: S101  (only what is sent as it is has no schema)
    schema = route.answer()
    members = schema.dump(told)
    if kept:
        members |= {name: None for name, one in schema.fields.items() if "secret" in one.metadata}
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def _document(takes: Bytes) -> dict[str, Any]:
    body = {"type": "string", "format": "binary"}
    document: dict[str, Any] = {
        "requestBody": {
            "required": True,
            "content": {name: {"schema": body} for name in takes.media_types},
        }
    }
    if takes.signed:
        document["parameters"] = ["Signature"]  # see `openapi`
    return document
