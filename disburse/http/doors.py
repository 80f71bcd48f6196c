"""Routes at which something is said with a password or a code, and cookies are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Response
from marshmallow import Schema

from disburse.http.routes import JSON, Register, Route, Routes, View, dump
from disburse.http.spread import spread


@dataclass(frozen=True, slots=True)
class Entered:
    """What is told to somebody who came in, and what gives the response its cookies."""

    told: object
    dress: Callable[[Response], None]


class Doors(Routes):
    """A topic that has such routes too."""

    def opens(self, rule: str, answer: type[Schema], *, asks: type[Schema]) -> Register:
        """Register one; the view returns what is told, and what the response carries besides.

        It takes no idempotency key: not even a digest of what was said may be kept.
        """
        route = Route(rule=rule, method="POST", answer=answer, asks=asks)

        def register(view: View) -> View:
            @wraps(view)
            def answered(said: Mapping[str, Any]) -> Response:
                entered = view(said)
                assert isinstance(entered, Entered)  # noqa: S101  (views that open say so)
                response = Response(dump(route, spread(entered.told)), content_type=JSON)
                entered.dress(response)
                return response

            self._register(route, answered)
            return view

        return register
