"""Bodies in XML: spelt with exact escaping, read as a stream by the hardened parser."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from lxml import etree

from adapters._bodies.body import Body, Syntax, Tag
from adapters._bodies.reader import NOT_OURS, Texts, read_back
from adapters._xml import Damaged, Element, closed, escape, forget, local
from disburse.adapter import Head, Payment, UnreadableFile

_SAMPLE: Final = "0"


def syntax(row: str) -> Syntax:
    """Return XML's spelling, with `row` as the name of the element that holds a payment."""
    return Syntax(
        spelt=lambda name, text: f"<{name}>{escape(text)}</{name}>",
        row_start=f"<{row}>",
        row_end=f"</{row}>\n",
    )


def read_xml(body: Body, row: str, root: str, content: Iterable[bytes]) -> Iterator[Head | Payment]:
    """Read a file that `BodyWriter` wrote in XML, or raise `UnreadableFile`."""
    sample = "".join(
        one if isinstance(one, str) else f"<{one.name}>{_SAMPLE}</{one.name}>"
        for one in (*body.opening, f"<{row}/>", *body.closing)
    )
    try:
        *_, frame = (_frame(one, row) for one in closed([sample.encode(body.encoding)], [root]))
        yield from read_back(body, _tables(body, row, root, content, frame))
    except Damaged as why:
        raise UnreadableFile(f"{NOT_OURS}: {why}") from why


def decoded(pieces: Iterable[bytes], encoding: str, errors: str = "strict") -> Iterator[bytes]:
    """Yield `pieces` as UTF-8, whatever the document says of its encoding.

    Raises `Damaged` for bytes of another encoding; with `errors` "replace" they become U+FFFD.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    try:
        for piece in chain(pieces, (None,)):
            text = decoder.decode(piece or b"", final=piece is None)
            if text:
                yield text.encode()
    except UnicodeError as why:
        raise Damaged(f"it is not {encoding}") from why


def _tables(
    body: Body, row: str, root: str, content: Iterable[bytes], frame: list[str]
) -> Iterator[tuple[bool, Sequence[Tag], Texts]]:
    """Yield each row's tags and texts and, at the end, the head's.

    Only what `body` spells may be there.
    """
    found, form = False, _row_form(body, row)
    fields = tuple(one for one in body.row if one.field)
    names = [one.name for one in fields]
    for element in closed(decoded(content, body.encoding), (row, root), encoding="utf-8"):
        if element.tag == row:
            written = etree.tostring(element, encoding="unicode", with_tail=False)
            if match := form.fullmatch(written):
                yield True, fields, list(zip(names, match.groups(""), strict=True))
            else:
                _plain(element)
                yield True, body.row, [(str(one.tag), one.text or "") for one in element]
            _blank(element.tail)  # there already, or later, as the pieces came
            elder = element.getprevious()
            _blank(None if elder is None else elder.tail)
            forget(element)
        elif found or element.getparent() is not None:
            raise UnreadableFile(f"{NOT_OURS}: {root} stands within {root}")
        else:
            found = True
            if _frame(element, row) != frame:
                raise UnreadableFile(f"{NOT_OURS}: its elements are others")
            for one in element.iter():
                _blank(one.tail if one is not element else None)
                _blank(one.text if len(one) else None)
            texts = [(str(one.tag), one.text or "") for one in _leaves(element, row)]
            yield False, body.head_tags(), texts
    if not found:
        raise UnreadableFile(f"{NOT_OURS}: it has no {root}")


def _row_form(body: Body, row: str) -> re.Pattern[str]:
    """Return how a row is written where no text needs escaping: a group for each field."""
    texts = []
    for tag in body.row:
        empty = f"<{tag.name}/>"
        if tag.field:
            texts.append(f"(?:{empty}|<{tag.name}>([^<&]+)</{tag.name}>)")
        elif tag.constant:
            texts.append(re.escape(f"<{tag.name}>{escape(tag.constant)}</{tag.name}>"))
        else:
            texts.append(empty)
    return re.compile(f"<{row}>{''.join(texts)}</{row}>")


def _plain(row: Element) -> None:
    if row.attrib or row.text or any(len(one) or one.attrib or one.tail for one in row):
        raise UnreadableFile(f"{NOT_OURS}: a row holds more than its texts")


def _blank(text: str | None) -> None:
    if text is not None and text.strip("\n"):
        raise UnreadableFile(f"{NOT_OURS}: there is text outside its tags")


def _leaves(root: Element, row: str) -> Iterator[Element]:
    return (one for one in root.iter() if not len(one) and local(one) != row)


def _frame(root: Element, row: str) -> list[str]:
    """Return every element's place and attributes, in order; rows once."""
    frame: list[str] = []
    for element in root.iter():
        above = [str(one.tag) for one in element.iterancestors()]
        place = "/".join([*reversed(above), str(element.tag)])
        if element.tag == row and frame and frame[-1] == place:
            continue
        frame.append(place + "".join(f"[{k}={v}]" for k, v in element.attrib.items()))
    return frame
