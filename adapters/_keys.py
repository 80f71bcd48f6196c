"""Reads a mapping key by key, and refuses with the key's full name and what it must be."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from disburse.adapter import BadProfile

Member = TypeVar("Member", bound=StrEnum)


class Keys:
    """A table of a profile; every key is asked for once, and what nobody asked for is refused."""

    def __init__(self, where: str, mapping: Mapping[str, object]) -> None:
        """Remember where the table stands, for the refusals."""
        self._where = where
        self._mapping = mapping
        self._asked: set[str] = set()

    def wrong(self, key: str, want: str) -> BadProfile:
        """Return the refusal of `key`, to be raised."""
        return BadProfile(f"profile {self._where}: {key} must be {want}", key=key)

    def holds(self, key: str) -> bool:
        """Return whether the optional `key` is there."""
        return key in self._mapping

    def all(self) -> tuple[str, ...]:
        """Return every key."""
        return tuple(self._mapping)

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        value = self._value(key)
        if not isinstance(value, str) or not value:
            raise self.wrong(key, "a text")
        return value

    def number(self, key: str) -> int:
        """Return a whole number from 1."""
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.wrong(key, "a whole number from 1")
        return value

    def switch(self, key: str) -> bool:
        """Return true or false."""
        value = self._value(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        """Return one of `choices`."""
        value = self._value(key)
        if not isinstance(value, str) or value not in choices:
            raise self.wrong(key, f"one of {', '.join(map(repr, choices))}")
        return value

    def member(self, key: str, kind: type[Member]) -> Member:
        """Return the member of an enumeration that `key` names."""
        return kind(self.one_of(key, tuple(kind)))

    def regex(self, key: str, pattern: str) -> re.Pattern[str]:
        """Return `pattern` compiled."""
        try:
            return re.compile(pattern, re.ASCII)
        except re.error as why:
            raise self.wrong(key, f"a regular expression ({why})") from why

    def inside(self, key: str) -> Keys:
        """Return the table under `key`."""
        value = self._value(key)
        if not isinstance(value, dict):
            raise self.wrong(key, "a table")
        return Keys(f"{self._where}: {key}", value)

    def tables(self, key: str) -> Iterator[Keys]:
        """Yield the tables in the list under `key`."""
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.wrong(key, "a list of columns such as { field = 'name', bytes = 60 }")
        for number, one in enumerate(value, start=1):
            yield Keys(f"{self._where}: {key}, column {number}", one)

    def names(self, key: str, known: frozenset[str]) -> tuple[str, ...]:
        """Return the list of field names under `key`, each from `known` or a constant "=X"."""
        want = f"a list of {', '.join(sorted(known))}, or '=X' for a constant; each at most once"
        value = self._value(key)
        if not isinstance(value, list):
            raise self.wrong(key, want)
        names = tuple(str(one) for one in value)
        fields = [one for one in names if not one.startswith("=")]
        once = [one for one in fields if one != "skip"]
        if not known.issuperset(fields) or len(set(once)) != len(once):
            raise self.wrong(key, want)
        return names

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of texts under `key`; it may be empty."""
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def has(self, key: str, found: Collection[str], needed: frozenset[str]) -> None:
        """Raise `BadProfile` unless every field in `needed` was found."""
        if missing := sorted(needed.difference(found)):
            raise self.wrong(key, f"complete: it has no {', '.join(missing)}")

    def none_left(self) -> None:
        """Raise `BadProfile` for a key that nobody asked for: a typing mistake, most likely."""
        if unknown := sorted(set(self._mapping) - self._asked):
            raise self.wrong(unknown[0], f"left out; known here: {', '.join(sorted(self._asked))}")

    def _value(self, key: str) -> object:
        self._asked.add(key)
        if key not in self._mapping:
            raise self.wrong(key, "given")
        return self._mapping[key]
