"""The bank's own client fetches its files over our API, and posts its answers there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from disburse.transports.contract import Abilities, Answer, NothingSent, Parcel
from disburse.transports.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Pull:
    """Nothing to carry: the bank comes by itself, with signed requests."""

    @property
    def abilities(self) -> Abilities:
        """Return that the bank does everything; fetching a file twice is its own affair."""
        return Abilities(submits=False, repeats=True, asks=False, cancels=False, collects=False)

    @classmethod
    def of(cls, settings: Mapping[str, object]) -> Pull:
        """Read the settings: there are none."""
        Wanted(settings).finish()
        return cls()

    def submit(self, parcel: Parcel) -> None:
        """Send nothing: the bank fetches the file."""
        raise NothingSent(f"the bank fetches {parcel.name} itself")

    def has(self, parcel: Parcel) -> bool | None:  # noqa: ARG002
        """Say nothing: the bank's client acknowledges what it has."""
        return None

    def collect(self) -> Iterator[Answer]:
        """Fetch nothing: answers are posted."""
        return iter(())

    def set_aside(self, answer: Answer, *, read: bool) -> None:
        """Move nothing: nothing lies anywhere."""
