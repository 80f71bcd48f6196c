"""Recognises elements of a form seen before, and takes their texts in one match.

A bank's file has a few forms of elements, thousands of times. Walking such an element's tree makes
an object of each part, which is most of the time that reading takes. So the first element of a form
is walked by its reader, who says where the texts stand that it wants; from how that element is
written comes a regular expression, with its names as they are and its texts left open; and each
later element that is written so is exactly the same tree, with other texts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Final, Generic, NamedTuple, TypeVar

from lxml import etree

from adapters._xml import Element

FORMS_MAX: Final = 256  # remembered; a hostile file may have a new form for each element
ALIKE_MAX: Final = 8  # of as many tags, which are tried one after the other
PARTS_MAX: Final = 200  # an element with more is no small record, and its expression a large one

_ATTRIBUTE: Final = re.compile(r'\s([^\s=]+)="([^"]*)"')
_PIECE: Final = re.compile("(<[^>]*>)([^<]*)")
_UNESCAPED: Final = (
    ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&#13;", "\r"), ("&#10;", "\n"),
    ("&#9;", "\t"), ("&amp;", "&"),
)  # fmt: skip  # all that lxml writes; the last one last

Plan = TypeVar("Plan")
Place = tuple[int, str]  # a part by its number in document order; the attribute's name, or ""
NOWHERE: Final[Place] = (0, "=")  # no attribute has this name: what stands there is ""


class Planned(NamedTuple, Generic[Plan]):
    """What a reader makes of a form, and where the texts stand that it will want."""

    plan: Plan
    places: tuple[Place, ...]


class _Form(NamedTuple, Generic[Plan]):
    """What matches one tree only, what takes the places' texts from its groups, and the plan."""

    match: Callable[[str], re.Match[str] | None]
    pick: Callable[[Sequence[str]], Sequence[str]]
    plan: Plan


class Forms(Generic[Plan]):
    """The forms of one kind of element in one file."""

    def __init__(self, plan: Callable[[list[Element]], Planned[Plan]]) -> None:
        """Remember who plans, by all the parts of an element and whatever texts they hold."""
        self._plan = plan
        self._forms: dict[int, list[_Form[Plan]]] = defaultdict(list)
        self._count = 0

    def read(self, element: Element) -> tuple[Plan, Sequence[str]]:
        """Return the plan of this element's form, and the texts in its places, blanks and all.

        Behind the texts of the places stand more that mean nothing.
        """
        written = etree.tostring(element, encoding="unicode", with_tail=False)
        alike = self._forms[written.count("<")]
        for match, pick, plan in alike:
            if found := match(written):
                texts = pick((*found.groups(), ""))
                return plan, list(map(_meant, texts)) if "&" in written else texts
        return self._walk(element, written, alike)

    def _walk(
        self, element: Element, written: str, alike: list[_Form[Plan]]
    ) -> tuple[Plan, Sequence[str]]:
        """Read an element of a form that is not known, and remember it where there is room."""
        nodes = list(element.iter())
        plan, places = self._plan(nodes)
        if self._count < FORMS_MAX and len(alike) < ALIKE_MAX and len(nodes) <= PARTS_MAX:
            self._count += 1
            pattern, groups = _pattern(written, places)
            # twice the empty one: an itemgetter of less than two returns no sequence
            alike.append(_Form(pattern.fullmatch, itemgetter(*groups, -1, -1), plan))
        texts = [nodes[at].get(name) if name else nodes[at].text for at, name in places]
        return plan, [text or "" for text in texts]


def _pattern(written: str, places: tuple[Place, ...]) -> tuple[re.Pattern[str], tuple[int, ...]]:
    """Return the form of an element as it is written, and the group of each place."""
    groups: dict[Place, int] = {}

    def wants(place: Place) -> bool:
        if place in places:
            groups[place] = len(groups)
        return place in places

    parts: list[str] = []
    at = -1  # the number of the part whose tag was opened last
    for tag, _ in _PIECE.findall(written):
        if tag.startswith("</"):
            parts.append(f"{re.escape(tag)}[^<]*")
            continue
        at += 1
        done = 0
        for said in _ATTRIBUTE.finditer(tag):
            if wants((at, said[1])):
                parts.append(re.escape(tag[done : said.start(2)]) + '([^"]*)')
                done = said.end(2)
        parts.append(re.escape(tag[done:]))
        text = not tag.endswith("/>") and wants((at, ""))
        parts.append("([^<]*)" if text else "[^<]*")
    return re.compile("".join(parts)), tuple(groups.get(place, -1) for place in places)


def _meant(text: str) -> str:
    for written, character in _UNESCAPED:
        text = text.replace(written, character)
    return text
