"""What the simulator is for."""

from __future__ import annotations

from dataclasses import dataclass


class Find(Exception):  # noqa: N818  (it is no error of the simulator's)
    """Something that must hold does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A find, and what repeats it."""

    seed: int
    step: int  # that it came after; the life's last one while the bank was getting healthy again
    healing: bool
    what: str
    acts: tuple[str, ...]  # the last ones, in order
    trace: str  # where in the program; names of places only
