"""How the story is told: who listens, and every sentence in Chinese and English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from disburse.demo.words import WORDS
from disburse.domain.finding import Language


class Mark(StrEnum):
    """What kind of thing happened."""

    DONE = "done"
    WAITS = "waits"
    REFUSED = "refused"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Table:
    """A table in the listener's language; cells are ready to be shown."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: frozenset[int] = frozenset()  # columns of numbers


class Listener(Protocol):
    """Whoever shows the story to a person."""

    def chapter(self, title: str, why: str) -> None:
        """Begin a part of the story."""

    def say(self, text: str, mark: Mark) -> None:
        """Tell one thing that happened."""

    def table(self, table: Table) -> None:
        """Show figures."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells the story in one language to one listener."""

    language: Language
    listener: Listener

    def word(self, key: str, **facts: object) -> str:
        """Return the sentence or label `key` with its facts filled in."""
        zh, en = WORDS[key]
        return (zh if self.language == "zh" else en).format(**facts)

    def chapter(self, key: str) -> None:
        """Begin a part of the story, with the reason why it is so."""
        self.listener.chapter(self.word(key), self.word(f"{key}.why"))

    def say(self, key: str, mark: Mark = Mark.DONE, **facts: object) -> None:
        """Tell one thing that happened."""
        self.listener.say(self.word(key, **facts), mark)

    def table(
        self, key: str, columns: str, rows: Sequence[Sequence[object]], **facts: object
    ) -> None:
        """Show rows; `columns` are keys of labels, with # in front of those that hold numbers."""
        names = columns.split()
        self.listener.table(
            Table(
                self.word(key, **facts),
                [self.word(f"column.{name.removeprefix('#')}") for name in names],
                [[str(cell) for cell in row] for row in rows],
                frozenset(at for at, name in enumerate(names) if name.startswith("#")),
            )
        )


CENT_DIGITS: Final = 2


def yuan(minor: int) -> str:
    """Return fen as people read them: 123456789 → 1,234,567.89."""
    whole, fen = divmod(abs(minor), 10**CENT_DIGITS)
    return f"{'-' if minor < 0 else ''}{whole:,}.{fen:0{CENT_DIGITS}d}"
