"""Reads the cells of an XLSX file: bounded, row by row, each cell's own text and no other.

One reader sees cells and formulas alike: with one program for the values and another for the
checks, a crafted workbook could show an amount to each.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from disburse.sheetfile.draft import UnreadableSheet
from disburse.sheetfile.table import Row, column_index

# 100,000 full lines unpack to 180 MB.
UNPACKED_BYTES_MAX: Final = 320 * 2**20
ROWS_MAX: Final = 150_000  # with room for rows that were formatted and left empty
RATIO_MAX: Final = 200  # worksheets shrink to a twentieth, repetitive ones to a hundredth
ENTRIES_MAX: Final = 500
PART_BYTES_MAX: Final = 2**20  # workbook and relations are a few kB
ROW_BYTES_MAX: Final = 2**20  # XML between two rows; what is more would be built up in memory
SHARED_CHARS_MAX: Final = 128 * 2**20
CHUNK_BYTES: Final = 64 * 2**10

_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_OFFICE: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_C, _F, _V, _IS, _R, _T = (_MAIN + name for name in ("c", "f", "v", "is", "r", "t"))
_LETTERS: Final = re.compile(r"[A-Z]{1,3}", re.ASCII)
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_", re.ASCII)
# Programs and links to other files have no place in what somebody signs.
_FORBIDDEN: Final = (
    "xl/vbaProject", "xl/externalLinks/", "xl/macrosheets/", "xl/activeX/", "xl/embeddings/",
    "xl/connections", "xl/dialogsheets/",
)  # fmt: skip
_BROKEN: Final = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError,
    ValueError, KeyError, IndexError, etree.XMLSyntaxError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Worksheet:
    """One sheet of a workbook, by its title."""

    title: str
    part: str
    hidden: bool


class Workbook:
    """An XLSX file whose outline was found harmless."""

    def __init__(self, content: bytes) -> None:
        """Open `content`; raise `UnreadableSheet` for what is no workbook, or no harmless one."""
        try:
            self._columns: dict[str, int] = {}
            self._archive = zipfile.ZipFile(io.BytesIO(content))
            _prove_harmless(self._archive)
            self.worksheets = self._worksheets()
            self._shared = list(self._shared_texts())
        except _BROKEN as error:
            raise _broken(error) from None

    def rows(self, worksheet: Worksheet) -> Iterator[Row]:
        """Yield the rows that hold something; raise `UnreadableSheet` when the part is damaged."""
        try:
            yield from self._rows(worksheet.part)
        except _BROKEN as error:
            raise _broken(error) from None

    def _worksheets(self) -> tuple[Worksheet, ...]:
        targets = {
            relation.get("Id"): _target(relation.get("Target", ""))
            for relation in self._part("xl/_rels/workbook.xml.rels")
        }
        sheets = self._part("xl/workbook.xml").iterfind(f"{_MAIN}sheets/{_MAIN}sheet")
        return tuple(
            Worksheet(
                title=sheet.get("name", ""),
                part=targets[sheet.get(f"{_OFFICE}id")],
                hidden=sheet.get("state", "visible") != "visible",
            )
            for sheet in sheets
        )

    def _part(self, name: str) -> etree._Element:
        if self._archive.getinfo(name).file_size > PART_BYTES_MAX:
            raise UnreadableSheet(f"the workbook's part {name} is too large")
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        return _no_entities(etree.fromstring(self._archive.read(name), parser))

    def _shared_texts(self) -> Iterator[str]:
        """Yield the texts that cells point at by number."""
        if "xl/sharedStrings.xml" not in self._archive.namelist():
            return
        characters = 0
        for element in self._elements("xl/sharedStrings.xml", f"{_MAIN}si"):
            text = _text(element)
            characters += len(text)
            if characters > SHARED_CHARS_MAX:
                raise UnreadableSheet("the workbook's texts are too long; split the sheet")
            yield text

    def _elements(self, part: str, *tags: str) -> Iterator[etree._Element]:
        """Yield elements as they are complete, and forget each after it was used."""
        parser = etree.XMLPullParser(
            events=("end",), tag=tags, resolve_entities=False, no_network=True, load_dtd=False,
            huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        silent = 0
        with self._archive.open(part) as stream:
            while chunk := stream.read(CHUNK_BYTES):
                silent += len(chunk)
                parser.feed(chunk)
                for _, element in parser.read_events():
                    silent = 0
                    _no_entities(element)
                    yield element
                    element.clear()
                    parent = element.getparent()
                    while parent is not None and element.getprevious() is not None:
                        del parent[0]
                if silent > ROW_BYTES_MAX:
                    raise UnreadableSheet(f"{part}: a row is too long; use the template")
        parser.close()

    def _rows(self, part: str) -> Iterator[Row]:
        last = 0
        for element in self._elements(part, f"{_MAIN}row", f"{_MAIN}cols", f"{_MAIN}sheetData"):
            if element.tag == f"{_MAIN}cols":
                _prove_columns_visible(element)
            elif element.tag == f"{_MAIN}row":
                number = int(element.get("r", last + 1))
                if number <= last:
                    raise ValueError(number)
                if number > ROWS_MAX:
                    raise UnreadableSheet(
                        f"the worksheet goes beyond row {ROWS_MAX}; delete the empty rows below "
                        "the lines, or split the sheet"
                    )
                last = number
                row = self._row(element, number)
                if row.cells or row.formulas:
                    yield row

    def _row(self, element: etree._Element, number: int) -> Row:
        cells: dict[int, str] = {}
        numeric, formulas, seen = set(), set(), set()
        suffix = str(number)
        index = -1
        for cell in element:
            if cell.tag != _C:
                continue
            index = self._index(cell.get("r"), index, suffix)
            if not len(cell):
                continue  # a format without content
            if index in seen:
                raise ValueError(index)
            seen.add(index)
            kind = cell.get("t", "n")
            if kind == "e" or cell.find(_F) is not None:
                formulas.add(index)
            text = self._cell_text(cell, kind)
            if text:
                cells[index] = text
                if kind in {"n", "b"}:
                    numeric.add(index)
        hidden = element.get("hidden") in {"1", "true"} or element.get("ht") in {"0", "0.0"}
        return Row(number, cells, frozenset(numeric), frozenset(formulas), hidden)

    def _index(self, reference: str | None, last: int, row: str) -> int:
        """Return a cell's column from 0; without a reference it follows the cell before it."""
        if reference is None:
            return last + 1
        letters = reference.removesuffix(row)
        index = self._columns.get(letters)
        if index is None:
            if _LETTERS.fullmatch(letters) is None:
                raise ValueError(reference)
            index = self._columns[letters] = column_index(letters)
        return index

    def _cell_text(self, cell: etree._Element, kind: str) -> str:
        if kind == "inlineStr":
            inline = cell.find(_IS)
            return "" if inline is None else _text(inline).strip()
        value = cell.findtext(_V)
        if not value:
            return ""
        return self._shared[int(value)].strip() if kind == "s" else _unescaped(value).strip()


def _prove_harmless(archive: zipfile.ZipFile) -> None:
    """Raise `UnreadableSheet` for bombs, macros, links, and entries that stand there twice.

    `zipfile` unpacks no more of an entry than it declares, so the declared sizes bound it all.
    """
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES_MAX or len(set(names)) < len(names):
        raise UnreadableSheet("the workbook's archive has too many or doubled entries")
    if unpacked > UNPACKED_BYTES_MAX or unpacked > RATIO_MAX * max(packed, 1):
        raise UnreadableSheet(
            f"the workbook unpacks to more than {UNPACKED_BYTES_MAX} bytes, or to more than "
            f"{RATIO_MAX} times its size; copy the cells into a fresh template",
            unpacked_bytes=unpacked,
        )
    for name in names:
        if name.startswith(_FORBIDDEN):
            raise UnreadableSheet(
                f"the workbook holds {name}; macros, links to other files and embedded objects "
                "are not taken: copy the cells into a fresh template"
            )


def _prove_columns_visible(columns: etree._Element) -> None:
    for column in columns:
        if column.get("hidden") in {"1", "true"}:
            raise UnreadableSheet(
                "the workbook has hidden columns, so people would sign what they cannot see; "
                "show or delete them"
            )


def _no_entities(element: etree._Element) -> etree._Element:
    if element.getroottree().docinfo.internalDTD is not None:
        raise UnreadableSheet("the workbook's XML has a document type; use the template")
    return element


def _target(target: str) -> str:
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _text(element: etree._Element) -> str:
    """Return the text of a string with its runs; readings above characters (rPh) are not text."""
    parts = []
    for child in element:
        if child.tag == _T:
            parts.append(child.text or "")
        elif child.tag == _R:
            parts.append(child.findtext(_T) or "")
    return _unescaped("".join(parts))


def _unescaped(text: str) -> str:
    """Undo _x000D_ and its like (ECMA-376 part 1, 22.9.2.19)."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


def _broken(error: Exception) -> UnreadableSheet:
    return UnreadableSheet(
        f"not a readable XLSX workbook ({type(error).__name__}); save it as “Excel workbook "
        "(.xlsx)” without password, or begin with the template"
    )
