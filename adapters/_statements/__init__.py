"""Account statements in the formats that banks share: camt, MT940, BAI2. For any adapter.

Which of them a bank sends is in the adapter's profile; the bytes themselves say which one it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from adapters._statements import bai2, camt, mt940
from disburse.adapter import StatementRecord, UnreadableStatement

Read = Callable[[bytes], Iterator[StatementRecord]]
_READERS: Final[Mapping[str, tuple[str, Read]]] = {
    "camt": ("ISO 20022 camt.052, .053 and .054, versions .02 to .12", camt.read_statement),
    "mt940": ("MT940", mt940.read_statement),
    "bai2": ("BAI2", bai2.read_statement),
}
FORMATS: Final = tuple(_READERS)
_LOOK: Final = 256  # bytes of the beginning that tell which format it is


def titles(formats: tuple[str, ...]) -> tuple[str, ...]:
    """Return what people call the formats, for `Capabilities.statements`."""
    return tuple(_READERS[one][0] for one in formats)


def read_statement(content: bytes, formats: tuple[str, ...]) -> Iterator[StatementRecord]:
    """Read a statement in one of `formats`, or raise `UnreadableStatement`."""
    kind = _kind(content)
    if kind not in formats:
        wanted = ", ".join(titles(formats))
        raise UnreadableStatement(f"these bytes are no statement of this bank; it sends {wanted}")
    return _READERS[kind][1](content)


def _kind(content: bytes) -> str:
    """Say which format the bytes begin like; whether they are one, its reader says."""
    start = content[:_LOOK].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"01,"):
        return "bai2"
    if start.startswith((b"{1:", b":20:", b":940:")) or b"\n:20:" in start:
        return "mt940"
    return "camt"
