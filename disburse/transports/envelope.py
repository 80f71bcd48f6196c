"""The settings of an envelope around a connection's files, whatever transport carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from disburse.transports.wanted import Wanted

PREFIX: Final = "envelope_"
SUFFIX: Final = ".p7m"  # behind a file's own name, as its content is another


@dataclass(frozen=True, slots=True)
class EnvelopeNames:
    """The secrets that hold our key, our certificate and the bank's, each as PEM."""

    key: str
    certificate: str
    bank_certificate: str


def split(settings: Mapping[str, object]) -> tuple[dict[str, object], EnvelopeNames | None]:
    """Return the transport's own settings, and the envelope's; or raise `BadTransport`."""
    own = {name: value for name, value in settings.items() if not name.startswith(PREFIX)}
    if len(own) == len(settings):
        return own, None
    told = {name: value for name, value in settings.items() if name not in own}
    wanted = Wanted(told)
    names = EnvelopeNames(
        key=wanted.secret_name(f"{PREFIX}key"),
        certificate=wanted.secret_name(f"{PREFIX}certificate"),
        bank_certificate=wanted.secret_name(f"{PREFIX}bank_certificate"),
    )
    wanted.finish()
    return own, names
