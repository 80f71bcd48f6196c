"""A bank profile in the hands of who writes it: every fault, and what its files would look like."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from disburse import banks
from disburse.adapter import Adapter, BadProfile, Refusal
from disburse.kit import synthetic
from disburse.kit.verdict import Broken

SAMPLE: Final = 3  # payments
PROFILE_BYTES_MAX: Final = 1 << 20  # a profile is written by hand
_NAME: Final = re.compile("[a-z0-9_-]{1,60}", re.ASCII)


@runtime_checkable
class Explained(Protocol):
    """An adapter that tells where everything stands in its files; optional."""

    def layout(self) -> Iterable[Sequence[str]]:
        """Return a row for each column: line, number, what stands there, from-to, form."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is wrong with a profile; or an adapter that works, and a file of it."""

    faults: tuple[str, ...] = ()
    adapter: Adapter | None = None
    layout: tuple[tuple[str, ...], ...] = ()
    sample: str = ""
    file_name: str = ""


def check(file: Path) -> Checked:
    """Check a profile as the service would load it, and write a file of invented payments by it.

    Raises `OSError`; everything else is a fault, which says what is wanted.
    """
    if _NAME.fullmatch(file.stem) is None or file.suffix != ".toml":
        want = "lower-case letters, digits, - and _, then .toml"
        return Checked(faults=(f"the file's name must be of {want}: it is the profile's name",))
    if file.stat().st_size > PROFILE_BYTES_MAX:
        return Checked(faults=(f"it is larger than any profile, {PROFILE_BYTES_MAX} bytes",))
    try:
        mapping = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        return Checked(faults=(f"it is not TOML: {why}",))
    installed = [one.name for one in banks.announced()]
    if mapping.get("adapter") not in installed:
        want = ", ".join(repr(one) for one in installed)
        return Checked(faults=(f"adapter must be given, as one of {want}",))
    name = f"{mapping['adapter']}:{file.stem}"
    try:
        adapter = banks.load([name], file.parent)[name]
    except BadProfile as why:
        faults = why.facts.get("faults")
        return Checked(faults=tuple(faults) if isinstance(faults, tuple) else (why.detail,))
    return _sampled(adapter)


def _sampled(adapter: Adapter) -> Checked:
    try:
        batch = synthetic.example(adapter, min(SAMPLE, adapter.capabilities.payments_max))
        written = banks.write(adapter, batch)
    except (Broken, Refusal) as why:
        detail = why.detail if isinstance(why, Refusal) else str(why)
        return Checked(faults=(f"no invented payment fits: {detail}",), adapter=adapter)
    return Checked(
        adapter=adapter,
        layout=tuple(tuple(row) for row in adapter.layout())
        if isinstance(adapter, Explained)
        else (),
        sample=_shown(written.content, adapter.capabilities.charset),
        file_name=written.name,
    )


def _shown(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return content.decode("utf-8", "backslashreplace")
