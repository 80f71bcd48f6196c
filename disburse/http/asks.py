"""What may be said in a request: plain text, exact amounts, days, months, pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from numbers import Real
from typing import Any, Final, TypeVar

from marshmallow import Schema, ValidationError, fields, validate

from disburse.domain import money
from disburse.queries.paging import PAGE_MAX, PAGE_USUAL

REASON_MAX: Final = 500  # characters; a reason is a sentence or two
NAME_MAX: Final = 200
NUMBER_MAX: Final = 2**63 - 1  # what the database's numbers reach
CURSOR_MAX: Final = 200

# Patterns stand in the API's description, so they are written as JSON Schema reads them.
MONTH: Final = r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])$"
_AMOUNT: Final = r"^-?(0|[1-9][0-9]{0,15})(\.[0-9]{1,4})?$"
_CURSOR: Final = r"^[0-9A-Za-z_=-]*$"
DIGEST: Final = r"^[0-9a-f]{64}$"
PLAIN: Final = r"^[^\u0000-\u001f\u007f-\u009f]*$"  # half characters besides: no JSON holds them

Choice = TypeVar("Choice", bound=StrEnum)


class Fits(validate.Regexp):
    """Text that a pattern describes from its first character to its last.

    `re.match` would take a line feed at the end for the end.
    """

    def __call__(self, value: Any) -> Any:  # noqa: ANN401
        """Return the text, or refuse it."""
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self.error)
        return value


class Whole(fields.Integer):
    """A whole number in JSON, which knows one kind of number only: 61.0 is 61."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401
        super().__init__(strict=True, **more)

    def _validated(self, value: Any) -> int:  # noqa: ANN401
        counted = isinstance(value, Real) and not isinstance(value, bool)
        return super()._validated(int(value) if counted and value % 1 == 0 else value)


class Truth(fields.Boolean):
    """True or false in JSON: a one or a word is none of both."""

    def _deserialize(
        self,
        value: Any,  # noqa: ANN401
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **_: Any,  # noqa: ANN401
    ) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Month(fields.Field[date]):
    """A pay month such as "2026-07"; in code its first day."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401
        super().__init__(**more, metadata={"pattern": MONTH})

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> str | None:  # noqa: ANN401, ARG002
        return None if value is None else f"{value:%Y-%m}"

    def _deserialize(
        self,
        value: Any,  # noqa: ANN401
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **_: Any,  # noqa: ANN401
    ) -> date:
        if not isinstance(value, str) or re.fullmatch(MONTH, value) is None:
            raise ValidationError("Not a month such as 2026-07.")
        return date(int(value[:4]), int(value[5:]), 1)


def plain_text(value: str) -> None:
    """Refuse what no person can read and no database store."""
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise ValidationError("Control characters and half characters are not text.")


def a_text(most: int = NAME_MAX, *, required: bool = True, empty: bool = False) -> fields.String:
    """Return a field of plain text: no control characters, and nothing that is no character."""
    rules: list[Callable[[str], object]] = [
        validate.Length(min=0 if empty else 1, max=most),
        plain_text,
    ]
    told = {"pattern": PLAIN}
    if required:
        return fields.String(required=True, validate=rules, metadata=told)
    return fields.String(load_default="", validate=rules, metadata=told)


def a_reason() -> fields.String:
    """Return the field for why a person does this; it goes into the history."""
    return a_text(REASON_MAX)


def a_number(*, required: bool = True, most: int = NUMBER_MAX) -> Whole:
    """Return a field for a count or for the number of something stored."""
    rule = validate.Range(min=1, max=most)
    if required:
        return Whole(required=True, validate=rule)
    return Whole(load_default=None, validate=rule)


def an_amount() -> fields.String:
    """Return a field for money as decimal text; `exact` and `signed` read it."""
    return fields.String(required=True, validate=Fits(_AMOUNT))


def a_digest(*, required: bool = True) -> fields.String:
    """Return a field for a SHA-256 in hexadecimal digits."""
    return fields.String(required=required, validate=Fits(DIGEST))


def a_choice(kind: type[Choice], *, required: bool = False) -> fields.Enum[Choice]:
    """Return a field for one member of an enumeration, named by its value."""
    if required:
        return fields.Enum(kind, by_value=True, required=True)
    return fields.Enum(kind, by_value=True, load_default=None)


def exact(said: str, currency: str) -> int:
    """Read an amount that has no sign into minor units, or raise `MoneyRefused`."""
    return money.parse(said, currency)


def signed(said: str, currency: str) -> int:
    """Read an amount that may be below zero into minor units, or raise `MoneyRefused`."""
    minus = said.startswith("-")
    minor = money.parse(said.removeprefix("-"), currency)
    return -minor if minus else minor


def a_filter() -> fields.Integer:
    """Return a field that picks out rows by the number of something stored."""
    return fields.Integer(load_default=None, validate=validate.Range(min=1, max=NUMBER_MAX))


class ReasonAsked(Schema):
    """Why a person does this."""

    reason = a_reason()


class PageAsked(Schema):
    """Which page of a list."""

    cursor = fields.String(
        load_default=None, validate=[validate.Length(max=CURSOR_MAX), Fits(_CURSOR)]
    )
    limit = fields.Integer(load_default=PAGE_USUAL, validate=validate.Range(min=1, max=PAGE_MAX))
