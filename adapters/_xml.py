"""XML without its dangers: exact escaping out, a hardened streaming reader in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Final, Literal

from lxml import etree

Element = etree._Element  # noqa: SLF001  (the only name that lxml gives to its element type)

PIECE_BYTES: Final = 1 << 16  # far under libxml2's own limit for one push
_SCOUT_BYTES: Final = 1 << 10  # most documents have their root in the first as many
SOME: Final = 64  # elements of which one call of `forget_some` after the other drops the elder ones


class Damaged(Exception):  # noqa: N818  (a state of the document, not a defect of ours)
    """The bytes are not one whole, harmless XML document."""


def escape(text: str) -> str:
    """Return `text` as element content; ">" too, so that "]]>" cannot arise.

    The caller has refused control characters: XML 1.0 cannot carry them in any form.
    """
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text


def closed(
    pieces: Iterable[bytes], names: Iterable[str], encoding: str | None = None
) -> Iterator[Element]:
    """Yield each element with one of the local `names`, in any namespace, when it is whole.

    Raises `Damaged` for anything that is not well-formed, is cut short, or declares a document
    type: no entity is ever expanded, no file or address ever opened. Size and depth are limited by
    libxml2 (`huge_tree` stays off). `encoding` counts instead of what the document says. Drop what
    is used with `forget` or `forget_some` to keep memory flat.
    """
    parser = _parser("end", encoding, [f"{{*}}{name}" for name in names])
    events = parser.read_events()
    try:
        for piece in chain(_without_type(pieces, encoding), (None,)):
            if piece is None:
                parser.close()
            else:
                parser.feed(piece)
            for _, element in events:
                yield element
    except (etree.LxmlError, UnicodeError, LookupError) as why:
        raise Damaged(str(why)[:200]) from why


def _parser(
    event: Literal["start", "end"], encoding: str | None, tags: list[str] | None = None
) -> etree.XMLPullParser:
    return etree.XMLPullParser(
        events=(event,), tag=tags, load_dtd=False, no_network=True, resolve_entities=False,
        huge_tree=False, collect_ids=False, remove_comments=True, remove_pis=True,
        encoding=encoding,
    )  # fmt: skip


def _without_type(pieces: Iterable[bytes], encoding: str | None) -> Iterator[bytes]:
    """Return the pieces, or raise `Damaged` where a document type stands before the root.

    A parser of its own reads no further than the root, so that the other need not stop at every
    beginning of an element to look.
    """
    walk = iter(pieces)
    read: list[bytes] = []
    scout = _parser("start", encoding)
    for piece in walk:
        read.append(piece)
        for start in range(0, len(piece), _SCOUT_BYTES):
            scout.feed(piece[start : start + _SCOUT_BYTES])
            for _, root in scout.read_events():
                if root.getroottree().docinfo.internalDTD is not None:
                    raise Damaged("it declares a document type")
                return chain(read, walk)
    return iter(read)


class _NoTree:
    """A parser's target that keeps nothing."""

    def close(self) -> None:
        """Do nothing: whether the document is whole, the parser says itself."""


class Judge:
    """Says of a document in pieces whether it is one whole, well-formed, harmless XML document.

    With a schema it says that the document holds it, too. Nothing is built, so that memory does not
    grow with the document.
    """

    def __init__(self, schema: etree.XMLSchema | None = None) -> None:
        """Begin; each document wants a judge of its own."""
        self._parser = etree.XMLParser(  # type: ignore[call-overload]  # `close` is enough
            target=_NoTree(), schema=schema, load_dtd=False, no_network=True,
            resolve_entities=False, huge_tree=False, collect_ids=False,
        )  # fmt: skip

    def feed(self, piece: bytes) -> None:
        """Judge one more piece, or raise `Damaged`."""
        try:
            self._parser.feed(piece)
        except etree.LxmlError as why:
            raise Damaged(str(why)[:200]) from why
        self._look()

    def close(self) -> None:
        """Judge the whole, or raise `Damaged`."""
        try:
            self._parser.close()
        except etree.LxmlError as why:
            raise Damaged(str(why)[:200]) from why
        self._look()

    def _look(self) -> None:
        """Raise `Damaged` for what the schema has against it: with a target, lxml only notes it."""
        for told in self._parser.feed_error_log:
            raise Damaged(told.message[:200])


def forget(element: Element) -> None:
    """Drop what is inside `element`, and its elder siblings of the same name."""
    element.clear()
    parent = element.getparent()
    elder = element.getprevious()
    while parent is not None and elder is not None and elder.tag == element.tag:
        parent.remove(elder)
        elder = element.getprevious()


def forget_some(element: Element, number: int) -> None:
    """Drop elder siblings of the same name once in a while; `number` is the element's own.

    Where they are small, this takes a third of the time of forgetting each.
    """
    if number % SOME:
        return
    parent = element.getparent()
    if parent is not None:
        for elder in list(element.itersiblings(str(element.tag), preceding=True)):
            parent.remove(elder)


def pieces_of(content: bytes, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """Yield `content` from `start` to `end` in pieces that the reader takes."""
    until = len(content) if end is None else end
    for at in range(start, until, PIECE_BYTES):
        yield content[at : min(at + PIECE_BYTES, until)]


def local(element: Element) -> str:
    """Return the element's name without its namespace."""
    return _local(str(element.tag))


@lru_cache(maxsize=1024)  # a message has some hundred names; a hostile one may have any number
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def child(element: Element | None, name: str) -> Element | None:
    """Return the first child with this local name, in any namespace."""
    if element is not None:
        for one in element:  # three times as fast as `find` with a wildcard
            if local(one) == name:
                return one
    return None


def text(element: Element | None, *path: str) -> str:
    """Return the text under `path` of local names, blanks and all; "" when it is not there."""
    for name in path:
        element = child(element, name)
    return "" if element is None or element.text is None else element.text
