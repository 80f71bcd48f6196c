"""The one kind of failure that is nobody's defect: understood, and declined."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):  # noqa: N818  (a refusal is an answer, not an error)
    """A request that was understood and is declined; nothing has changed.

    Every subclass has a stable `code`, lives beside the function that raises it, and says in its
    message what is wrong, where, and what the caller can do.
    """

    code: ClassVar[str]

    def __init__(self, detail: str, **facts: object) -> None:
        """Say in `detail` what is wrong; `facts` are figures a program can read."""
        super().__init__(detail)
        self.detail = detail
        self.facts = facts
