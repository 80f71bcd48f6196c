"""One JSON object, read so that no two readers can see different members in it."""

from __future__ import annotations

import json


def members(text: str) -> dict[str, object]:
    """Return the members of the JSON object `text`; ValueError when it is not one, or one twice."""
    found: object = json.loads(text, object_pairs_hook=_once)
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  (of the text, not of a Python type)
    return found


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found
