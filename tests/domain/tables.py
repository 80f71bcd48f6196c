"""Tables that a person can read, as the domain's own words."""

from collections.abc import Iterable, Mapping


def rows(text: str) -> list[list[str]]:
    """Return the words of every line; a "-" stands for nothing."""
    return [["" if word == "-" else word for word in line.split()] for line in text.split("\n")]


def table(text: str) -> dict[tuple[str, str], str]:
    """Read lines of `state action next`."""
    return {(row[0], row[1]): row[2] for row in rows(text) if row}


def reached(transitions: Mapping[tuple[str, str], str], start: str) -> set[str]:
    """Return every state that `start` leads to, itself included."""
    found, new = set(), {start}
    while new:
        found |= new
        new = {after for (before, _), after in transitions.items() if before in new} - found
    return found


def missing_from(transitions: Mapping[tuple[str, str], str], states: Iterable[str]) -> set[str]:
    """Return the states that nothing follows."""
    return set(states) - {start for start, _ in transitions}
