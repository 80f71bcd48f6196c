"""Reads a mapping key by key, and refuses with the key's full name and what it must be.

Usually the first fault is raised. `Keys.gathering` notes every fault instead and goes on with a
harmless value, so that somebody who writes a profile sees all of them at once: then the loader
calls `raise_noted` before it believes anything.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeVar

from disburse.adapter import BadProfile

Member = TypeVar("Member", bound=StrEnum)


class Keys:
    """A table of a profile; every key is asked for once, and what nobody asked for is refused."""

    def __init__(
        self, where: str, mapping: Mapping[str, object], noted: list[BadProfile] | None = None
    ) -> None:
        """Remember where the table stands, for the refusals; None: the first one is raised."""
        self._where = where
        self._mapping = mapping
        self._asked: set[str] = set()
        self._known: set[str] = set()  # also what may be left out
        self._noted = noted

    @classmethod
    def gathering(cls, where: str, mapping: Mapping[str, object]) -> Keys:
        """Return a table whose faults, and whose inner tables' faults, are noted."""
        return cls(where, mapping, [])

    def note(self, key: str, want: str) -> None:
        """Note that `key` must be what `want` says, or raise `BadProfile` at once."""
        if self._noted is None:
            raise self.wrong(key, want)
        self._noted.append(self.wrong(key, want))

    @property
    def noted(self) -> int:
        """Return how many faults were noted so far, here and elsewhere in the profile."""
        return len(self._noted or ())

    def raise_noted(self) -> None:
        """Raise `BadProfile` with every fault that was noted; `facts["faults"]` has each alone."""
        if not self._noted:
            return
        shown = tuple(dict.fromkeys(one.detail for one in self._noted))
        raise BadProfile("; ".join(shown), key=self._noted[0].facts["key"], faults=shown)

    def wrong(self, key: str, want: str) -> BadProfile:
        """Return the refusal of `key`, to be raised."""
        return BadProfile(f"profile {self._where}: {key} must be {want}", key=key)

    def holds(self, key: str) -> bool:
        """Return whether the optional `key` is there."""
        self._known.add(key)
        return key in self._mapping

    def all(self) -> tuple[str, ...]:
        """Return every key."""
        return tuple(self._mapping)

    def text(self, key: str, *, empty: bool = False) -> str:
        """Return a text that is not empty, unless `empty` lets it be."""
        value = self._value(key)
        if isinstance(value, str) and (value or empty):
            return value
        self._unless_missing(key, "a text")
        return "?"

    def blank(self, key: str) -> bool:
        """Return whether `key` is there, as an empty text."""
        self._asked.add(key)
        return self._mapping.get(key) == ""

    def number(self, key: str) -> int:
        """Return a whole number from 1."""
        value = self._value(key)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        self._unless_missing(key, "a whole number from 1")
        return 1

    def switch(self, key: str) -> bool:
        """Return true or false."""
        value = self._value(key)
        if isinstance(value, bool):
            return value
        self._unless_missing(key, "true or false")
        return False

    def one_of(self, key: str, choices: tuple[str, ...]) -> str:
        """Return one of `choices`."""
        value = self._value(key)
        if isinstance(value, str) and value in choices:
            return value
        self._unless_missing(key, f"one of {', '.join(map(repr, choices))}")
        return choices[0]

    def member(self, key: str, kind: type[Member]) -> Member:
        """Return the member of an enumeration that `key` names."""
        return kind(self.one_of(key, tuple(kind)))

    def regex(self, key: str, pattern: str) -> re.Pattern[str]:
        """Return `pattern` compiled."""
        try:
            return re.compile(pattern, re.ASCII)
        except re.error as why:
            self.note(key, f"a regular expression ({why})")
            return re.compile("")

    def inside(self, key: str) -> Keys:
        """Return the table under `key`."""
        value = self._value(key)
        if isinstance(value, dict):
            return Keys(f"{self._where}: {key}", value, self._noted)
        self._unless_missing(key, "a table")
        return Keys(f"{self._where}: {key}", {}, [])  # what it lacks is no news

    def tables(self, key: str) -> Iterator[Keys]:
        """Yield the tables in the list under `key`."""
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self._unless_missing(key, "a list of columns such as { field = 'name', bytes = 60 }")
            return
        for number, one in enumerate(value, start=1):
            yield Keys(f"{self._where}: {key}, column {number}", one, self._noted)

    def names(self, key: str, known: frozenset[str]) -> tuple[str, ...]:
        """Return the list of field names under `key`, each from `known` or a constant "=X"."""
        want = f"a list of {', '.join(sorted(known))}, or '=X' for a constant; each at most once"
        value = self._value(key)
        if not isinstance(value, list):
            self._unless_missing(key, want)
            return ()
        names = tuple(str(one) for one in value)
        fields = [one for one in names if not one.startswith("=")]
        once = [one for one in fields if one != "skip"]
        if not known.issuperset(fields) or len(set(once)) != len(once):
            self.note(key, want)
        return names

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the list of texts under `key`; it may be empty."""
        value = self._value(key)
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def dates(self, key: str) -> tuple[date, ...]:
        """Return the list of days under `key`; it may be empty."""
        value = self._value(key)
        if not isinstance(value, list) or not all(type(one) is date for one in value):
            raise self.wrong(key, "a list of days such as 2026-12-25")
        return tuple(value)

    def has(self, key: str, found: Collection[str], needed: frozenset[str]) -> None:
        """Raise `BadProfile` unless every field in `needed` was found."""
        if missing := sorted(needed.difference(found)):
            self.note(key, f"complete: it has no {', '.join(missing)}")

    def none_left(self) -> None:
        """Raise `BadProfile` for a key that nobody asked for: a typing mistake, most likely."""
        for unknown in sorted(set(self._mapping) - self._asked):
            known = ", ".join(sorted(self._asked | self._known - {unknown}))
            self.note(unknown, f"left out; known here: {known}")

    def _value(self, key: str) -> object:
        self._asked.add(key)
        if key not in self._mapping:
            self.note(key, "given")
            return None
        return self._mapping[key]

    def _unless_missing(self, key: str, want: str) -> None:
        """Note what `key` must be, unless its absence is noted already."""
        if key in self._mapping:
            self.note(key, want)
