"""Proves that no two of many texts are the same, in eight bytes for each."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from typing import Final

_SHELVES: Final = 256  # looked through one at a time, so that no set of all digests is ever held


class Distinct:
    """Remembers texts by digests of eight bytes, which any two texts may share."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._shelves = [array("q") for _ in range(_SHELVES)]

    def add_all(self, texts: Iterable[str]) -> None:
        """Remember some more."""
        shelves = self._shelves
        for digest in map(hash, texts):
            shelves[digest % _SHELVES].append(digest)

    def holds(self, again: Iterable[str]) -> bool:
        """Say whether no text came twice; `again` is the same texts once more.

        Same texts have one digest. Only those whose digest came twice are compared in full, so the
        answer is exact, and `again` is hardly ever walked.
        """
        shared: Counter[int] = Counter()
        for shelf in self._shelves:
            if len(set(shelf)) < len(shelf):
                shared.update({digest: n for digest, n in Counter(shelf).items() if n > 1})
        if not shared:
            return True
        suspects = [text for text in again if hash(text) in shared]
        return len(set(suspects)) == len(suspects) == shared.total()
