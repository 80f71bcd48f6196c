"""XML without its dangers: exact escaping out, a hardened streaming reader in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Final

from lxml import etree

Element = etree._Element  # noqa: SLF001  (the only name that lxml gives to its element type)

PIECE_BYTES: Final = 1 << 16  # far under libxml2's own limit for one push


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
    is used with `forget` to keep memory flat.
    """
    parser = etree.XMLPullParser(
        events=("start", "end"),
        tag=[f"{{*}}{name}" for name in (*names, "Document")],
        load_dtd=False,
        dtd_validation=False,
        no_network=True,
        resolve_entities=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
        recover=False,
        encoding=encoding,
        collect_ids=False,
    )
    events = parser.read_events()
    started = False
    try:
        for piece in chain(pieces, (None,)):
            if piece is None:
                parser.close()
            else:
                parser.feed(piece)
            for event, element in events:
                if not started and element.getroottree().docinfo.internalDTD is not None:
                    raise Damaged("it declares a document type")
                started = True
                if event == "end":
                    yield element
    except (etree.LxmlError, UnicodeError, LookupError) as why:
        raise Damaged(str(why)[:200]) from why


def forget(element: Element) -> None:
    """Drop what is inside `element`, and its elder siblings of the same name."""
    element.clear()
    parent = element.getparent()
    elder = element.getprevious()
    while parent is not None and elder is not None and elder.tag == element.tag:
        parent.remove(elder)
        elder = element.getprevious()


def pieces_of(content: bytes) -> Iterator[bytes]:
    """Yield `content` in pieces that the reader takes without building a copy."""
    for start in range(0, len(content), PIECE_BYTES):
        yield content[start : start + PIECE_BYTES]


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
