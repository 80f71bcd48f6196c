"""Recognises elements of a form seen before, and takes their texts in one match.

A bank's file has a few forms of elements, thousands of times. Walking such an element's tree makes
an object of each part, which is most of the time that reading takes. So the first element of a form
is walked by its reader, who says where the texts stand that it wants; from how that element is
written comes a regular expression, with its names as they are and its texts left open; and each
later element that is written so is exactly the same tree, with other texts. That holds for bytes of
the document, too, where no other meaning can hide (`_source`): these need not become an element.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, Final, Generic, NamedTuple, TypeVar

from lxml import etree

from adapters._xml import Element

FORMS_MAX: Final = 256  # remembered; a hostile file may have a new form for each element
ALIKE_MAX: Final = 8  # of as many tags, which are tried one after the other
PARTS_MAX: Final = 200  # an element with more is no small record, and its expression a large one

LIFTED_BYTES_MAX: Final = 1 << 16  # a larger one may be more than the parser takes

_ANY: Final = "[^<]*"
_NAMESPACE: Final = re.compile(r'\sxmlns(?::[^\s=]+)?="[^"]*"')
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


class _Form(Generic[Plan]):
    """One tree's form: what matches it only, where its texts stand, and the plan."""

    def __init__(self, written: str, places: tuple[Place, ...], plan: Plan) -> None:
        pattern, groups = _pattern(written, places)
        self.match = pattern.fullmatch
        # twice the empty one: an itemgetter of less than two returns no sequence
        self.pick: Callable[[Sequence[Any]], Sequence[Any]] = itemgetter(*groups, -1, -1)
        self.plan = plan
        self._written = written, places

    @cached_property
    def lift(self) -> Callable[[bytes, int], re.Match[bytes] | None]:
        """Return what matches this tree in the document's own bytes, behind blanks."""
        written, places = self._written
        tag, end, rest = written.partition(">")
        pattern, _ = _pattern(f"{_NAMESPACE.sub('', tag)}{end}{rest}", places)
        source = pattern.pattern.removesuffix(_ANY).replace('[^"]', '[^"<&\\s]')
        return re.compile((_ANY + source).replace("[^<]", "[^<&]").encode()).match


class Forms(Generic[Plan]):
    """The forms of one kind of element in one file."""

    def __init__(self, plan: Callable[[list[Element]], Planned[Plan]]) -> None:
        """Remember who plans, by all the parts of an element and whatever texts they hold."""
        self._plan = plan
        self._forms: dict[int, list[_Form[Plan]]] = defaultdict(list)
        self._count = 0
        self._beside: list[_Form[Plan]] = []  # of elements that stand beside each other

    def read(self, element: Element) -> tuple[Plan, Sequence[str]]:
        """Return the plan of this element's form, and the texts in its places, blanks and all.

        Behind the texts of the places stand more that mean nothing.
        """
        written = etree.tostring(element, encoding="unicode", with_tail=False)
        alike = self._forms[written.count("<")]
        for form in alike:
            if found := form.match(written):
                if form not in self._beside:
                    self._beside = [form, *self._beside][:ALIKE_MAX]
                texts: Sequence[str] = form.pick((*found.groups(), ""))
                return form.plan, list(map(_meant, texts)) if "&" in written else texts
        return self._walk(element, written, alike)

    def lift(self, content: bytes, at: int) -> tuple[Plan, Sequence[str], int] | None:
        """Return plan and texts of what stands in the bytes of a document, and where it ends.

        None where that is no element of a form that was read since `leave`, or is a large one. The
        caller knows that `at` is behind a sibling, and that each "<" there opens a tag.
        """
        for form in self._beside:
            found = form.lift(content, at)
            if found is not None and found.end() - at <= LIFTED_BYTES_MAX:
                texts = b"\0".join(form.pick((*found.groups(), b""))).decode()
                if "\r" in texts:  # as XML wants it: a line ends in one way
                    texts = texts.replace("\r\n", "\n").replace("\r", "\n")
                return form.plan, texts.split("\0"), found.end()
        return None

    def leave(self) -> None:
        """Lift nothing more before it was read again: elements elsewhere have other namespaces."""
        self._beside = []

    def _walk(
        self, element: Element, written: str, alike: list[_Form[Plan]]
    ) -> tuple[Plan, Sequence[str]]:
        """Read an element of a form that is not known, and remember it where there is room."""
        nodes = list(element.iter())
        plan, places = self._plan(nodes)
        if self._count < FORMS_MAX and len(alike) < ALIKE_MAX and len(nodes) <= PARTS_MAX:
            self._count += 1
            alike.append(_Form(written, places, plan))
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
            parts.append(re.escape(tag) + _ANY)
            continue
        at += 1
        done = 0
        for said in _ATTRIBUTE.finditer(tag):
            if wants((at, said[1])):
                parts.append(re.escape(tag[done : said.start(2)]) + '([^"]*)')
                done = said.end(2)
        parts.append(re.escape(tag[done:]))
        text = not tag.endswith("/>") and wants((at, ""))
        parts.append(f"({_ANY})" if text else _ANY)
    return re.compile("".join(parts)), tuple(groups.get(place, -1) for place in places)


def _meant(text: str) -> str:
    for written, character in _UNESCAPED:
        text = text.replace(written, character)
    return text
