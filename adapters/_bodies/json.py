"""Bodies in JSON: every value is a text, keys come in the layout's order, nothing is repeated."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NoReturn

from adapters._bodies.body import Body, Syntax, Tag
from adapters._bodies.reader import NOT_OURS, Texts, read_back
from disburse.adapter import Head, Payment, UnreadableFile

BYTES_MAX: Final = 1 << 24  # far more than the most rows that a bank takes at once
_ROWS: Final = "rows"

SYNTAX: Final = Syntax(
    spelt=lambda name, text: f'"{name}":{json.dumps(text, ensure_ascii=False)}',
    row_start="{",
    row_end="}",
    between_tags=",",
    between_rows=",\n",
)


class NotJson(Exception):  # noqa: N818  (a state of the document, not a defect of ours)
    """The bytes are not one JSON object that says everything once."""


def listed(*tags: Tag) -> tuple[Tag | str, ...]:
    """Return tags with the commas between them."""
    return tuple(one for tag in tags for one in (",", tag))[1:]


def document(content: bytes, number: Callable[[str], object] | None = None) -> dict[str, object]:
    """Return the object in `content`, with what `number` makes of a number's own text.

    Raises `NotJson`.
    """
    if len(content) > BYTES_MAX:
        raise NotJson(f"it is larger than {BYTES_MAX} bytes")
    try:
        found = json.loads(
            content.decode("utf-8", "strict"),
            object_pairs_hook=_once,
            parse_float=number,
            parse_int=number,
            parse_constant=_constant,
        )
    except (ValueError, RecursionError) as why:
        raise NotJson("it is not JSON, or damaged") from why
    if not isinstance(found, dict):
        raise NotJson("it is not a JSON object")
    return found


def read_json(body: Body, rows: str, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Read a file that `BodyWriter` wrote in JSON, or raise `UnreadableFile`."""
    sample = "".join(
        one if isinstance(one, str) else SYNTAX.spelt(one.name, "")
        for one in (*body.opening, *body.closing)
    )
    try:
        frame = [place for place, _ in _leaves(document(sample.encode()), rows)]
        found = list(_leaves(document(_whole(content)), rows))
    except NotJson as why:
        raise UnreadableFile(f"{NOT_OURS}: {why}") from why
    if [place for place, _ in found] != frame:
        raise UnreadableFile(f"{NOT_OURS}: its keys are others, or in another order")
    yield from read_back(body, _tables(body, found))


def _tables(
    body: Body, found: Iterable[tuple[str, object]]
) -> Iterator[tuple[bool, Sequence[Tag], Texts]]:
    head: list[tuple[str, str]] = []
    for place, value in found:
        name = place.rpartition("/")[2]
        if name == _ROWS and isinstance(value, list):
            for row in value:
                if not isinstance(row, dict):
                    raise UnreadableFile(f"{NOT_OURS}: a row is none")
                yield True, body.row, [(one, _text(text)) for one, text in row.items()]
        else:
            head.append((name, _text(value)))
    yield False, body.head_tags(), head


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UnreadableFile(f"{NOT_OURS}: a value is no text")
    return value


def _leaves(value: object, rows: str, place: str = "") -> Iterator[tuple[str, object]]:
    """Yield every value with its place, in order; the list named `rows` as one value."""
    if isinstance(value, dict):
        for name, inside in value.items():
            if name == rows:
                yield f"{place}/{_ROWS}", inside
            else:
                yield from _leaves(inside, rows, f"{place}/{name}")
    elif isinstance(value, list):
        for number, inside in enumerate(value):
            yield from _leaves(inside, rows, f"{place}[{number}]")
    else:
        yield place, value


def _whole(content: Iterable[bytes]) -> bytes:
    whole = bytearray()
    for piece in content:
        whole += piece
        if len(whole) > BYTES_MAX:
            raise NotJson(f"it is larger than {BYTES_MAX} bytes")
    return bytes(whole)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("it says something twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
