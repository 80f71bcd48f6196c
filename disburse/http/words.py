"""What may stand in an address: numbers that the database has, references, logins."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api  # type: ignore[import-untyped]
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, IntegerConverter

from disburse.http.asks import NUMBER_MAX, Month


class Number(IntegerConverter):
    """The number of something stored; anything else is no address.

    werkzeug's own limits would let another method at the same address answer "not allowed".
    """

    def to_python(self, value: str) -> int:
        """Return the number, or say that nothing is there."""
        number = int(value)
        if not 1 <= number <= NUMBER_MAX:
            raise NotFound
        return number


class Word(BaseConverter):
    """A payment's reference or a key's thumbprint."""

    regex = r"[0-9A-Za-z_-]{1,64}"


class Login(BaseConverter):
    """The login of an account, as `domain.particulars` allows it."""

    regex = r"[a-z0-9][a-z0-9._@+-]{1,99}"


def install(app: Flask, api: Api) -> None:
    """Let routes use these as `<number:…>`, `<word:…>` and `<login:…>`."""
    api.register_field(Month, "string", "month")
    for name, kind in {"number": Number, "word": Word, "login": Login}.items():
        app.url_map.converters[name] = kind
        api.register_converter(kind, _form)


def _form(converter: BaseConverter) -> dict[str, object]:
    if isinstance(converter, Number):
        return {"type": "integer", "format": "int64", "minimum": 1, "maximum": NUMBER_MAX}
    return {"type": "string", "pattern": f"^{converter.regex}$"}
