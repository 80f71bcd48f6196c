"""Reads many alike elements by a table of paths; a form's way is found only once (`_forms`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, Generic, NamedTuple, TypeVar

from adapters._forms import Forms, Place, Planned
from adapters._xml import Element, local

CURRENCY: Final = "@"  # behind a field's name: the attribute "Ccy" of its element


Derived = TypeVar("Derived")


class _Fields(NamedTuple, Generic[Derived]):
    """The fields that a form has: each with one text, then those that several elements share."""

    names: tuple[str, ...]
    repeated: tuple[tuple[str, int], ...]  # with their number of texts
    derived: Derived

    def said(self, texts: Iterable[str]) -> dict[str, str]:
        """Return the texts without blanks around them, by field."""
        stripped = map(str.strip, texts)
        said = dict(zip(self.names, stripped, strict=False))
        for name, count in self.repeated:
            said[name] = " ".join(filter(None, islice(stripped, count)))
        return said


class Table(Generic[Derived]):
    """The fields to read: by name, the paths of local names that may hold it, best first.

    A name that ends with "@" means its element's currency. What stands in several elements of
    one path is joined with blanks. Fields that the element does not have are left out. What
    follows from the names of its fields alone is derived once for each form.
    """

    def __init__(
        self,
        paths: Mapping[str, tuple[str, ...]],
        derive: Callable[[frozenset[str]], Derived],
    ) -> None:
        self._paths = paths
        self._derive = derive
        self._forms = Forms(self._plan)

    def read(self, element: Element) -> tuple[Derived, dict[str, str]]:
        """Return what was derived, and the texts without blanks around them, by field."""
        fields, texts = self._forms.read(element)
        return fields.derived, fields.said(texts)

    def lift(self, content: bytes, at: int) -> tuple[tuple[Derived, dict[str, str]], int] | None:
        """Return the same of what stands in a document's bytes, and its end (`Forms.lift`)."""
        found = self._forms.lift(content, at)
        if found is None:
            return None
        fields, texts, end = found
        return (fields.derived, fields.said(texts)), end

    def leave(self) -> None:
        """Lift nothing more before it was read again (`Forms.leave`)."""
        self._forms.leave()

    def _plan(self, nodes: list[Element]) -> Planned[_Fields[Derived]]:
        found: dict[str, list[int]] = defaultdict(list)
        for at, path in enumerate(_paths(nodes[0], "")):
            found[path].append(at)
        assert len(nodes) == sum(map(len, found.values()))  # noqa: S101  (one walk, one order)
        names: list[str] = []
        places: list[Place] = []
        repeated, behind = [], []
        for name, paths in self._paths.items():
            own = next((found[path] for path in paths if path in found), [])
            if name.endswith(CURRENCY) and own:
                names.append(name)
                places.append((own[0], "Ccy"))
            elif len(own) == 1:
                names.append(name)
                places.append((own[0], ""))
            elif own:
                repeated.append((name, len(own)))
                behind += [(at, "") for at in own]
        derived = self._derive(frozenset(names) | {name for name, _ in repeated})
        fields = _Fields(tuple(names), tuple(repeated), derived)
        return Planned(fields, (*places, *behind))


def _paths(element: Element, above: str) -> Iterator[str]:
    """Yield the path of each element in document order, the first one's being ""."""
    yield above
    for part in element:
        yield from _paths(part, f"{above}/{local(part)}" if above else local(part))
