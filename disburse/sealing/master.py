"""The master key: what it must be able to do, wherever it is kept."""

from __future__ import annotations

from typing import Protocol

from disburse.domain.refusal import Refusal


class MasterKeyUnusable(Refusal):
    """The master key is missing, malformed, or not the one that the data were sealed under."""

    code = "master-key-unusable"


class MasterKeyUnreachable(Refusal):
    """The service that keeps the master key does not answer; again in a moment."""

    code = "master-key-unreachable"


class MasterKey(Protocol):
    """Wraps the few root keys of an installation; a new place to keep it is one such class."""

    def label(self) -> str:
        """Name the version that wraps now."""

    def label_of(self, wrapped: bytes) -> str:
        """Name the version that wrapped; it stands in the open beside what it wrapped."""

    def wrap(self, secret: bytes, place: bytes) -> bytes:
        """Wrap a root key so that it is good at this place only."""

    def unwrap(self, wrapped: bytes, place: bytes) -> bytes:
        """Return the root key, also where an older version wrapped it.

        Raises `MasterKeyUnusable` when no version that is held did so, or the place is another.
        """
