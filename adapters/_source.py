"""Reads runs of like elements straight from the bytes of an XML document, beside a parser.

A statement has thousands of entries one behind the other, written alike. Making a tree of each is
most of what reading them takes. So the parser is given the document element by element: once it has
ended one, whatever stands directly behind it and is written like one read before, tag for tag, is
its sibling and is taken as it stands, and the parser never sees it. All else is the parser's.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from typing import Final, TypeVar

from adapters._xml import pieces_of

WHOLE_BYTES: Final = 1 << 16  # what a small document says too late is still there when it counts
MISSES_MAX: Final = 32  # more than were lifted: nothing here repeats, so it is fed without a look

_DECLARATION: Final = re.compile(
    rb"""(?:\xef\xbb\xbf)?(?:<\?xml\s+version=["']1\.0["']"""
    rb"""(?:\s+encoding=["'](?i:utf-8)["'])?(?:\s+standalone=["'](?:yes|no)["'])?\s*\?>)?\s*<(?!\?)"""
)
# What no document may have (control characters, two that are none), or what hides text from tags:
# comments, CDATA, document types, instructions, and the end of CDATA without its beginning.
_CONTROLS: Final = bytes(code for code in range(32) if code not in b"\t\n\r")
_HIDING: Final = (b"<!", b"<?", b"]]>", b"\xef\xbf\xbe", b"\xef\xbf\xbf")

Lifted = TypeVar("Lifted")


class Source:
    """The bytes of one document, and how far they were read."""

    def __init__(self, content: bytes, name: str) -> None:
        """Prepare for runs of elements with this local name."""
        self._content = content
        self._begin = re.compile(rb"[^<]*<(?:[^<>/:\s]+:)?%s[\s>]" % name.encode())
        self._end = re.compile(rb"</(?:[^<>/:\s]+:)?%s\s*>" % name.encode())
        self._lifting = _is_plain(content)
        self._at = 0
        self._ends = 0  # of such elements, fed to the parser
        self._ended = 0  # of these, told of by the parser
        self._misses = 0  # elements fed alone
        self._lifted = 0

    def pieces(self) -> Iterator[bytes]:
        """Yield what the parser shall see: one such element where one follows, else a large piece.

        A large piece ends behind the last such element in it, unless it is the rest.
        """
        while self._at < len(self._content):
            until = self._until()
            for piece in pieces_of(self._content, self._at, until):
                self._at += len(piece)
                yield piece

    def _until(self) -> int:
        """Return where the next piece ends, and count the ends in it."""
        size = len(self._content)
        rest = min(self._at + WHOLE_BYTES, size)
        if not self._lifting:
            return rest
        if self._begin.match(self._content, self._at):
            self._misses += 1
            self._lifting = self._misses <= self._lifted + MISSES_MAX
            end = self._end.search(self._content, self._at)
            self._ends += 1
            return end.end() if end else size
        ends = [one.end() for one in self._end.finditer(self._content, self._at, rest)]
        self._ends += len(ends)
        return ends[-1] if ends and rest < size else rest

    def run(self, lift: Callable[[bytes, int], tuple[Lifted, int] | None]) -> Iterator[Lifted]:
        """Yield what `lift` takes from behind an element that the parser has just ended.

        `lift` takes the bytes and a place in them, and returns what it took and where that ends.
        """
        self._ended += 1
        while (
            self._lifting and self._ended == self._ends and (found := lift(self._content, self._at))
        ):
            one, self._at = found
            self._lifted += 1
            yield one


def _is_plain(content: bytes) -> bool:
    """Say whether each "<" opens a tag, and the parser would take every character as it stands."""
    begin = _DECLARATION.match(content)
    if begin is None or any(content.find(one, begin.end() - 1) >= 0 for one in _HIDING):
        return False
    decoder = getincrementaldecoder("utf-8")()
    try:
        for piece in pieces_of(content):
            decoder.decode(piece)
            if len(piece.translate(None, _CONTROLS)) < len(piece):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
