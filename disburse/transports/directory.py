"""A folder that the bank's own program watches, and one that it puts its answers into.

A file appears under its name whole or not at all: it is written under another name in the same
folder, made durable, and then linked, which never overwrites. Names that begin with a dot are not
for the bank, nor are its own for us.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from stat import S_ISREG
from typing import Final

from disburse.transports.contract import (
    ANSWER_BYTES_MAX,
    HALF_DONE,
    READ,
    UNREADABLE,
    Abilities,
    Answer,
    CannotReach,
    NothingSent,
    Parcel,
)
from disburse.transports.wanted import Wanted

GROUP_MAY_READ: Final = 0o640  # the bank's program runs as somebody else


@dataclass(frozen=True, slots=True)
class Directory:
    """Two folders."""

    outbox: Path
    inbox: Path

    @property
    def abilities(self) -> Abilities:
        """Return what a folder can do; that a file lies in it does not say that the bank has it."""
        return Abilities(submits=True, repeats=True, asks=False, cancels=False, collects=True)

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> Directory:
        """Read the settings, or raise `BadTransport`."""
        wanted = Wanted(settings)
        made = cls(outbox=wanted.folder("outbox"), inbox=wanted.folder("inbox"))
        wanted.require(made.outbox != made.inbox, "inbox", "must be another folder than outbox")
        wanted.finish()
        return made

    def submit(self, parcel: Parcel) -> None:
        """Drop the file; one that lies there already with these very bytes is left as it is."""
        place = self.outbox / parcel.name
        if place.parent != self.outbox or parcel.name.startswith("."):
            raise NothingSent("the file's name is none that a folder can hold")
        half = self.outbox / f".{parcel.name}.{parcel.fence}.part"
        try:
            self._forget_older(parcel)
            _write_durably(half, parcel.content)
        except OSError as error:
            raise NothingSent(f"nothing can be written there: {error.strerror}") from error
        try:
            os.link(half, place)
        except FileExistsError:
            if sha256(place.read_bytes()).hexdigest() != parcel.sha256:
                raise NothingSent("the folder has another file by this name") from None
        except PermissionError as error:
            raise NothingSent("the folder's file system has no links") from error
        finally:
            with suppress(FileNotFoundError):
                half.unlink()
        _make_durable(self.outbox)

    def has(self, parcel: Parcel) -> bool | None:  # noqa: ARG002
        """Say nothing: whether the bank fetched it, a folder does not tell."""
        return None

    def collect(self) -> Iterator[Answer]:
        """Read the answers that lie there whole, oldest first."""
        try:
            found = sorted(self._ready())
        except OSError as error:
            raise CannotReach(f"the folder of answers cannot be read: {error.strerror}") from error
        for _, name in found:
            with suppress(FileNotFoundError):  # another process was first
                yield Answer(name=name, content=(self.inbox / name).read_bytes())

    def set_aside(self, answer: Answer, *, read: bool) -> None:
        """Move the answer into a folder beside; what took its place meanwhile stays to be read."""
        beside = self.inbox / (READ if read else UNREADABLE)
        beside.mkdir(exist_ok=True)
        digest = sha256(answer.content).hexdigest()
        kept = beside / f"{digest[:16]}-{answer.name}"
        with suppress(FileNotFoundError):
            (self.inbox / answer.name).rename(kept)
            if sha256(kept.read_bytes()).hexdigest() != digest:
                os.link(kept, self.inbox / f"{kept.stat().st_mtime_ns}-{answer.name}")
        _make_durable(beside)
        _make_durable(self.inbox)

    def _ready(self) -> Iterator[tuple[int, str]]:
        with os.scandir(self.inbox) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.endswith(HALF_DONE):
                    continue
                status = entry.stat(follow_symlinks=False)
                if S_ISREG(status.st_mode) and status.st_size <= ANSWER_BYTES_MAX:
                    yield status.st_mtime_ns, entry.name

    def _forget_older(self, parcel: Parcel) -> None:
        """Remove what older sendings left half-done, so that none links it late."""
        for older in range(max(1, parcel.fence - OLDER_MAX), parcel.fence):
            with suppress(FileNotFoundError):
                (self.outbox / f".{parcel.name}.{older}.part").unlink()


OLDER_MAX: Final = 100  # far more sendings than two people ever agreed on


def _write_durably(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(path, flags, GROUP_MAY_READ)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _make_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
