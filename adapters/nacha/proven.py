"""Takes a return file apart into entries, once its own counts, hashes and sums have proven it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NoReturn

from disburse.adapter import UnreadableReport

COLUMNS: Final = 94
LINES_MAX: Final = 500_000  # 200,000 returns with their addenda; a longer file is another bank's


@dataclass(slots=True)
class Entry:
    """One entry with its addenda, as lines; `whole` unless one of them is damaged."""

    batch: str  # its batch's header
    line: str
    addenda: list[str] = field(default_factory=list)
    whole: bool = True


@dataclass(slots=True)
class ReturnFile:
    """What a proven file holds."""

    created: date
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class _Tally:
    """What entries add up to; a damaged one counts, and its sums are not known."""

    lines: int = 0
    entry_hash: int = 0
    credit: int = 0
    debit: int = 0
    exact: bool = True

    def take(self, line: str) -> None:
        """Add one entry."""
        self.lines += 1
        if not (_is_number(line[3:11]) and _is_number(line[29:39])):
            self.exact = False
            return
        self.entry_hash += int(line[3:11])
        if line[2:3] in {"1", "2", "3", "4"}:  # the code's second digit: a credit
            self.credit += int(line[29:39])
        else:
            self.debit += int(line[29:39])

    def add(self, other: _Tally) -> None:
        """Add a whole batch."""
        self.lines += other.lines
        self.entry_hash += other.entry_hash
        self.credit += other.credit
        self.debit += other.debit
        self.exact = self.exact and other.exact

    def prove(self, what: str, stated: tuple[str, str, str, str]) -> None:
        """Raise `UnreadableReport` unless the stated lines, hash, debits and credits can be it."""
        if not all(map(_is_number, stated)):
            _damaged(f"the {what}'s control is not in digits")
        lines, entry_hash, debit, credit = map(int, stated)
        if lines != self.lines:
            _damaged(f"the {what} has {self.lines} entries and addenda, and states {lines}")
        if self.exact and entry_hash != self.entry_hash % 10**10:
            _damaged(f"the {what}'s hash is not its entries'")
        if self.credit > credit or self.debit > debit:
            _damaged(f"the {what}'s entries are more than its sum")
        if self.exact and (self.debit, self.credit) != (debit, credit):
            _damaged(f"the {what}'s sums are not its entries'")


def entries_of(content: bytes) -> ReturnFile:
    """Return the file's entries, or raise `UnreadableReport`: then fetch the file again."""
    lines = list(_lines(content))
    if not lines or not lines[0].startswith("101") or lines[0][34:37] != "094":
        raise UnreadableReport("this is not a NACHA file")
    file = ReturnFile(created=_created(lines[0]))
    whole, part, header = _Tally(), _Tally(), ""
    batches, end = 0, 0
    for number, line in enumerate(lines[1:], start=2):
        match line[:1]:
            case "5" if not header:
                header, part = line, _Tally()
            case "6" if header:
                part.take(line)
                file.entries.append(Entry(header, line, whole=_is_whole(line)))
            case "7" if header and part.lines:
                part.lines += 1
                file.entries[-1].addenda.append(line)
                file.entries[-1].whole &= _is_whole(line)
            case "8" if header and _is_whole(line):
                part.prove("batch", (line[4:10], line[10:20], line[20:32], line[32:44]))
                whole.add(part)
                batches, header = batches + 1, ""
            case "9" if not header:
                _prove_file(line, whole, batches, number)
                end = number
                break
            case _:
                _damaged(f"line {number} has no place there")
    if not end or any(line.strip("9 ") for line in lines[end:]):
        _damaged("it is cut short, or goes on behind its end")
    return file


def _lines(content: bytes) -> Iterator[str]:
    """Yield the lines at full width, since banks drop blanks at the end; no empty ones.

    Bytes outside ASCII stay, one character each: their entry is damaged, and no other.
    """
    text = content.decode("latin-1").rstrip("\r\n")
    if "\n" in text:
        lines = [line.removesuffix("\r") for line in text.split("\n")]
    else:  # some banks end no line
        lines = [text[at : at + COLUMNS] for at in range(0, len(text), COLUMNS)]
    if len(lines) > LINES_MAX:
        raise UnreadableReport(f"the file has more than {LINES_MAX} lines")
    for line in lines:
        if line.strip():
            yield line.ljust(COLUMNS) if len(line) <= COLUMNS else line.rstrip(" ").ljust(COLUMNS)


def _prove_file(line: str, whole: _Tally, batches: int, lines: int) -> None:
    """Raise `UnreadableReport` unless the file's control is what came before it."""
    if not _is_whole(line):
        _damaged("the file's control is damaged")
    whole.prove("file", (line[13:21], line[21:31], line[31:43], line[43:55]))
    if not (_is_number(line[1:7]) and int(line[1:7]) == batches):
        _damaged("the file has another number of batches than it states")
    if not (_is_number(line[7:13]) and int(line[7:13]) == -(-lines // 10)):
        _damaged("the file has another number of blocks than it states")


def _created(header: str) -> date:
    text = header[23:29]
    try:
        return date(2000 + int(text[:2]), int(text[2:4]), int(text[4:]))
    except ValueError:
        _damaged("its date is none")


def _is_whole(line: str) -> bool:
    return len(line) == COLUMNS and line.isascii() and line.isprintable()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _damaged(why: str) -> NoReturn:
    raise UnreadableReport(f"the return file is damaged ({why}); fetch it from the bank again")
