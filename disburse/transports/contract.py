"""How bank files travel, whatever is in them: by folder, SFTP or HTTPS.

A transport is told what to carry and says what it can do. It decides nothing: it never tries
again, and what it cannot be sure of it raises, so that the file becomes `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from disburse.domain.refusal import Refusal

ANSWER_BYTES_MAX: Final = 64 * 2**20  # as many as the API takes of a report
READ: Final = "read"  # folders beside the answers, for those that were taken in
UNREADABLE: Final = "unreadable"
HALF_DONE: Final = (".part", ".tmp", ".filepart")  # suffixes that banks write under
Secret = Callable[[str], bytes]  # finds a secret by its name, or raises `BadTransport`


class BadTransport(Refusal):
    """The transport's settings cannot be used; `facts["wrong"]` names every one, and why."""

    code = "bad-transport"


class NothingSent(Refusal):
    """It is certain that not one byte reached the bank under the file's name."""

    code = "nothing-sent"


class CannotReach(Refusal):
    """The bank's answers cannot be fetched now."""

    code = "cannot-reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is carried: one bank file, the same bytes under the same name at every sending."""

    name: str
    reference: str  # ours; also the idempotency key where a transport has one
    sha256: str
    content: bytes
    fence: int  # of this sending; an older one must not get through where that can be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A file that the bank put out for us, as it is; `set_aside` moves it out of the way."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a transport can do."""

    submits: bool  # we bring the file; False: the bank fetches it
    repeats: bool  # sending the same file once more under its name does no harm on the way
    asks: bool  # it can be asked whether the bank has a file
    cancels: bool  # it can take a file back
    collects: bool  # it picks the bank's answers up


class Transport(Protocol):
    """Carries files to one bank and its answers back; blocks, within its own time limits."""

    @property
    def abilities(self) -> Abilities:
        """Return what this transport can do."""
        ...

    def submit(self, parcel: Parcel) -> None:
        """Hand the file over, and return only when the bank's side has all of it.

        Raises `NothingSent` where that is certain; any other exception leaves it open.
        """
        ...

    def has(self, parcel: Parcel) -> bool | None:
        """Ask whether the bank has the file; None: it does not say."""
        ...

    def collect(self) -> Iterator[Answer]:
        """Return the bank's answers that lie ready, oldest first; or raise `CannotReach`."""
        ...

    def set_aside(self, answer: Answer, *, read: bool) -> None:
        """Move an answer that is safely in the database out of the way; nothing is deleted."""
        ...
