"""Reads a transport's settings: all that is wrong is told at once, and nothing is ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from disburse.transports.contract import BadTransport

TEXT_MAX: Final = 500  # characters; paths and addresses are shorter
_SECRET: Final = re.compile(r"[a-z0-9_]{1,60}", re.ASCII)


class Wanted:
    """What a transport wants to be told; ask for each setting, then `finish`."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._settings = settings
        self._asked: set[str] = set()
        self._wrong: dict[str, str] = {}

    def text(self, name: str, *, usual: str | None = None) -> str:
        """Return a text; `usual` where it is not given."""
        self._asked.add(name)
        value = self._settings.get(name, usual)
        known = isinstance(value, str) and len(value) <= TEXT_MAX and value.isprintable()
        if isinstance(value, str) and known and (value or usual is not None):
            return value
        self._wrong[name] = "must be a text"
        return ""

    def number(self, name: str, *, usual: int, most: int) -> int:
        """Return a whole number from 1 to `most`."""
        self._asked.add(name)
        value = self._settings.get(name, usual)
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most:
            return value
        self._wrong[name] = f"must be a whole number from 1 to {most}"
        return usual

    def folder(self, name: str) -> Path:
        """Return the absolute path of a folder; whether it is there shows when it is used."""
        value = self.text(name)
        if value and not Path(value).is_absolute():
            self._wrong[name] = "must be an absolute path, such as /srv/bank/outbox"
        return Path(value)

    def secret_name(self, name: str, *, usual: str | None = None) -> str:
        """Return the name of a secret; the secret itself never stands in settings."""
        value = self.text(name, usual=usual)
        if value and not _SECRET.fullmatch(value):
            self._wrong[name] = "must be the name of a secret: small letters, digits and _"
        return value

    def require(self, sound: object, name: str, why: str) -> None:
        """Note that a setting is wrong, unless `sound`."""
        if not sound and name not in self._wrong:
            self._wrong[name] = why

    def finish(self) -> None:
        """Raise `BadTransport` with all that is wrong, also settings that nobody asked for."""
        unknown = dict.fromkeys(self._settings, "is no setting of this transport")
        wrong = {n: why for n, why in unknown.items() if n not in self._asked} | self._wrong
        if wrong:
            told = "; ".join(f"{name} {why}" for name, why in sorted(wrong.items()))
            raise BadTransport(f"the transport's settings cannot be used: {told}", wrong=wrong)
