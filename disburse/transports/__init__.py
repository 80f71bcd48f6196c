"""How bank files travel, whatever is in them; `contract` says what each transport does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from disburse.transports.contract import (
    Abilities,
    Answer,
    BadTransport,
    CannotReach,
    NothingSent,
    Parcel,
    Secret,
    Transport,
)
from disburse.transports.directory import Directory
from disburse.transports.envelope import split
from disburse.transports.pull import Pull
from disburse.transports.push import Push
from disburse.transports.sftp import Sftp

__all__ = [
    "KINDS",
    "Abilities",
    "Answer",
    "BadTransport",
    "CannotReach",
    "NothingSent",
    "Parcel",
    "Secret",
    "Transport",
    "abilities",
    "make",
]

KINDS: Final[Mapping[str, Callable[[Mapping[str, object], Secret], Transport]]] = {
    "directory": lambda settings, _: Directory.of(settings),
    "pull": lambda settings, _: Pull.of(settings),
    "push": Push.of,
    "sftp": Sftp.of,
}


def make(kind: str, settings: Mapping[str, object], secret: Secret) -> Transport:
    """Return the transport of this kind, or raise `BadTransport`; nothing is connected yet.

    Secrets are found by `secret` only when they are needed.
    """
    if kind not in KINDS:
        raise BadTransport(f"there is no transport {kind[:40]!r}; there are {', '.join(KINDS)}")
    own, _ = split(settings)
    return KINDS[kind](own, secret)


def abilities(kind: str, settings: Mapping[str, object]) -> Abilities:
    """Return what the transport can do, or raise `BadTransport`; no secret is looked for."""
    return make(kind, settings, _no_secret).abilities


def _no_secret(name: str) -> bytes:
    raise BadTransport(f"the secret {name} is looked for by the worker only")
