"""What is truly so on a site: for an operation, a request that can be granted now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from disburse.domain.refusal import Refusal

WHY = {"reason": "tried by a test"}


@dataclass(frozen=True, slots=True)
class Known:
    """A request that makes sense: places in its address, its body, and who has to ask."""

    body: object = None
    places: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)  # of whom no token will do
    media_type: str = "application/json"
    who: str = ""  # by role or name, where not everybody with the right role will do


class Blocked(Refusal):
    """What would have to be there before cannot be made any more."""

    code = "blocked"


def of(*labels):
    """Mark a method as what makes the truth for these operations."""

    def mark(method):
        method.labels = labels
        return method

    return mark


class Truths:
    """Those of one topic; each is made anew when it is asked for, for nothing is granted twice."""

    def __init__(self, filled):
        self.filled, self.site, self.world = filled, filled.site, filled.site.world
        self.under_way = filled.under_way

    def by_operation(self):
        """Return what makes them, by operation."""
        methods = [getattr(self, name) for name in dir(type(self)) if not name.startswith("__")]
        return {label: one for one in methods for label in getattr(one, "labels", ())}

    def here(self, body=None, *, who="", **places):
        """Return a request on the site's project."""
        return Known(body=body, places={"project_id": self.world.project_id} | places, who=who)

    def made(self, path, who, body=None):
        """Ask for something that has to be there before; return the answer."""
        given = {} if body is None else {"json": body}
        answer = self.site.post(path, who, **given)
        if not answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise Blocked(f"{path}: {answer.status_code} {answer.text}")
        return answer.json
