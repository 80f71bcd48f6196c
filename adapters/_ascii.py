"""Takes files of ASCII lines apart, as readers of our own files do: by pieces, strictly."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Final, NoReturn

from disburse.adapter import UnreadableFile

_PRINTABLE: Final = bytes(range(0x20, 0x7F))


def ascii_lines(
    content: Iterable[bytes],
    end: str,
    *,
    longest: int,
    widths: Collection[int] = (),
    delimiter: str = "",
) -> Iterator[str]:
    """Return whole lines without their `end`; memory does not grow with the file.

    Raises `UnreadableFile` where a line has other than printable ASCII and the delimiter, none of
    the `widths` if any are given, or more than `longest` characters, and where bytes stand behind
    the last end: the file was cut.
    """
    return chain.from_iterable(_pieces(content, end, longest, widths, delimiter))


def _pieces(
    content: Iterable[bytes], end: str, longest: int, widths: Collection[int], delimiter: str
) -> Iterator[list[str]]:
    """Yield the whole lines of each piece."""
    ending, rest, allowed = end.encode(), b"", frozenset(widths)
    printable = _PRINTABLE + delimiter.encode()
    for piece in content:
        whole, found, rest = (rest + piece).rpartition(ending)
        if not whole.isascii():
            _another("a line is not ASCII")
        if found:
            lines = whole.decode("ascii").split(end)
            if allowed and not allowed.issuperset(map(len, lines)):
                _another("a line has another number of columns")
            # takes a sixth of the time that `isprintable` does
            if whole.translate(None, printable) != ending * (len(lines) - 1):
                _another("a line has control characters, or ends in another way")
            yield lines
        if len(rest) > longest + len(ending):
            _another("a line is too long")
    if rest:
        _another("it is cut short")


def _another(why: str) -> NoReturn:
    raise UnreadableFile(f"not a file of ours: {why}")
