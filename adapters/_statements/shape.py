"""Reads many alike elements by a table of paths, finding each form's way only once.

The entries of a statement have the same few forms, thousands of times. An element's form is the
names of everything in it and how many children each has, which is its tree exactly; where a
field's text stands is worked out for the first element of a form and remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final, NamedTuple

from adapters._xml import Element, local

FORMS_MAX: Final = 256  # remembered; a hostile file may have a new form for each entry
CURRENCY: Final = "@"  # behind a field's name: the attribute "Ccy" of its element


class _Plan(NamedTuple):
    """Where the fields of one form stand, by number in document order."""

    texts: tuple[tuple[str, int], ...]
    currencies: tuple[tuple[str, int], ...]
    repeated: tuple[tuple[str, tuple[int, ...]], ...]


class Table:
    """The fields to read: by name, the paths of local names that may hold it, best first.

    A name that ends with "@" means its element's currency. What stands in several elements of
    one path is joined with blanks. Fields that the element does not have are left out.
    """

    def __init__(self, paths: Mapping[str, tuple[str, ...]]) -> None:
        self._paths = paths
        self._plans: dict[tuple[object, ...], _Plan] = {}

    def read(self, element: Element) -> dict[str, str]:
        """Return the texts without blanks around them, by field."""
        nodes = list(element.iter())
        form = tuple(chain([node.tag for node in nodes], map(len, nodes)))
        plan = self._plans.get(form)
        if plan is None:
            plan = self._plan(element, nodes)
            if len(self._plans) < FORMS_MAX:
                self._plans[form] = plan
        said = {name: (nodes[at].text or "").strip() for name, at in plan.texts}
        for name, at in plan.currencies:
            said[name] = (nodes[at].get("Ccy") or "").strip()
        for name, several in plan.repeated:
            texts = ((nodes[at].text or "").strip() for at in several)
            said[name] = " ".join(filter(None, texts))
        return said

    def _plan(self, element: Element, nodes: list[Element]) -> _Plan:
        found: dict[str, list[int]] = defaultdict(list)
        for at, path in enumerate(_paths(element, "")):
            found[path].append(at)
        texts, currencies, repeated = [], [], []
        for name, paths in self._paths.items():
            places = next((found[path] for path in paths if path in found), [])
            if not places:
                continue
            if name.endswith(CURRENCY):
                currencies.append((name, places[0]))
            elif len(places) == 1:
                texts.append((name, places[0]))
            else:
                repeated.append((name, tuple(places)))
        assert len(nodes) == sum(map(len, found.values()))  # noqa: S101  (one walk, one order)
        return _Plan(tuple(texts), tuple(currencies), tuple(repeated))


def _paths(element: Element, above: str) -> Iterator[str]:
    """Yield the path of each element in document order, the first one's being ""."""
    yield above
    for part in element:
        yield from _paths(part, f"{above}/{local(part)}" if above else local(part))
