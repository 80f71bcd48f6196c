"""Reads a sheet as JSON, line by line: one `json.loads` of a large sheet takes 400 MB."""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from disburse.domain.sheet import FORMAT_VERSION
from disburse.sheetfile.draft import Draft, UnreadableSheet
from disburse.sheetfile.fields import Members, Repeated, Unquoted, type_name
from disburse.sheetfile.header import currency_of, read_header
from disburse.sheetfile.lines import LineReader

# One rare character makes a Python text four bytes a character: so only this much is text at once.
CHUNK_BYTES: Final = 256 * 2**10
# A line has about 700 characters, a header with 200 teams 15,000.
VALUE_CHARS_MAX: Final = 64 * 2**10
_WHOLE_DIGITS_MAX: Final = 9

_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_ORDER: Final = '{"disburse_sheet": 1, "header": {…}, "lines": [{…}, …]}'


def read_json(content: bytes) -> Draft:
    """Read `{"disburse_sheet": 1, "header": {…}, "lines": [{…}, …]}`, members in that order.

    The order lets the lines be read one at a time, with the header's currency known. Raises
    `UnreadableSheet` for what is not JSON in UTF-8 or has another outline.
    """
    draft = Draft()
    text = _Text(content)
    text.expect("{")
    text.member("disburse_sheet")
    version = text.value()
    if type(version) is not int or version != FORMAT_VERSION:
        raise UnreadableSheet(f"this is not format {FORMAT_VERSION} of a sheet; wanted: {_ORDER}")
    text.expect(",")
    text.member("header")
    header = text.value()
    members: Members = header if isinstance(header, dict) else {}
    draft.header = read_header(members, draft.collected)
    text.expect(",")
    text.member("lines")
    reader = LineReader(draft.collected, currency_of(members))
    for row, line in enumerate(text.array(), start=1):
        if isinstance(line, dict):
            draft.add(reader.read(line, row), row)
        else:
            reader.not_a_line("an object", type_name(line), row)
            draft.add(None, row)
    text.expect("}")
    text.end()
    return draft


class _Text:
    """The document as a window of text that moves over the bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._taken = 0  # bytes that were decoded
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._window = ""
        self._place = 0
        self._passed = 0  # characters before the window
        self._parse = json.JSONDecoder(
            object_pairs_hook=_members,
            parse_float=Unquoted,
            parse_int=_whole,
            parse_constant=Unquoted,  # NaN and Infinity: no JSON, and no amount
        ).raw_decode

    def member(self, name: str) -> None:
        """Pass `"name":`, or refuse."""
        if self.peek() != '"' or self.value() != name:
            raise self._wrong(f"the member {name!r} is wanted here, as in {_ORDER}")
        self.expect(":")

    def expect(self, character: str) -> None:
        """Pass one character of the outline, or refuse."""
        if self.peek() != character:
            raise self._wrong(f"{character!r} is wanted here, as in {_ORDER}")
        self._place += 1

    def array(self) -> Iterator[Any]:
        """Pass an array and yield its values."""
        self.expect("[")
        if self.peek() == "]":
            self._place += 1
            return
        while True:
            yield self.value()
            if self.peek() == "]":
                self._place += 1
                return
            self.expect(",")

    def end(self) -> None:
        """Refuse anything but blanks after the document."""
        if self.peek():
            raise self._wrong("nothing may follow the document")

    def peek(self) -> str:
        """Pass blanks and return the next character, or "" at the end."""
        while True:
            found = _BLANKS.match(self._window, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._window):
                return self._window[self._place]
            if not self._more():
                return ""

    def value(self) -> Any:  # noqa: ANN401  (whatever JSON holds; every reader checks)
        """Return the next value."""
        self.peek()
        while True:
            try:
                value, end = self._parse(self._window, self._place)
            except json.JSONDecodeError as error:
                if len(self._window) - self._place > VALUE_CHARS_MAX or not self._more():
                    raise self._wrong(f"{error.msg}, or too long a value", error.pos) from None
            except RecursionError:
                raise self._wrong("values are nested too deeply") from None
            else:
                # A number at the window's edge may go on behind it.
                if end < len(self._window) or not self._more():
                    self._place = end
                    return value

    def _more(self) -> bool:
        """Move the window on; False when all bytes were taken."""
        if self._taken >= len(self._content):
            return False
        chunk = self._content[self._taken : self._taken + CHUNK_BYTES]
        self._taken += len(chunk)
        try:
            text = self._decoder.decode(chunk, self._taken >= len(self._content))
        except UnicodeDecodeError:
            raise UnreadableSheet("the bytes are not UTF-8; save the sheet as UTF-8") from None
        self._passed += self._place
        self._window = self._window[self._place :] + text
        self._place = 0
        return True

    def _wrong(self, why: str, place: int | None = None) -> UnreadableSheet:
        at = self._passed + (self._place if place is None else place) + 1
        return UnreadableSheet(f"not a sheet in JSON, at character {at}: {why}", character=at)


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated = Repeated(members)
    times = Counter(name for name, _ in pairs)
    repeated.names = tuple(name for name, count in times.items() if count > 1)
    return repeated


def _whole(text: str) -> int | Unquoted:
    """Read small whole numbers; long ones stay text, which no field takes."""
    return int(text) if len(text) <= _WHOLE_DIGITS_MAX else Unquoted(text)
