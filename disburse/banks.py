"""Which bank adapters are installed and enabled; and no file leaves before it is proven."""

from __future__ import annotations

import hashlib
import io
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from disburse.adapter import Adapter, BadProfile, Batch, Make, Refusal
from disburse.proof import CARRIABLE, CARRIED_ALWAYS, HEAD, Unproven, prove

__all__ = [
    "CARRIABLE", "CARRIED_ALWAYS", "GROUP", "HEAD", "AdapterMissing", "Announced", "Enabled",
    "FileTooLarge", "Unproven", "WrittenFile", "announced", "load", "prove", "shipped_text",
    "write",
]  # fmt: skip

GROUP: Final = "disburse.adapters"

_ENABLED: Final = re.compile(r"([a-z0-9_-]{1,40})(?::([a-z0-9_-]{1,60}))?", re.ASCII)


class AdapterMissing(Refusal):
    """An adapter or a profile is enabled that is not installed."""

    code = "adapter-missing"


class FileTooLarge(Refusal):
    """A bank file is larger than the bank takes; the batch has to be split further."""

    code = "bank-file-too-large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An adapter that some installed distribution brings."""

    name: str
    distribution: str
    version: str
    profiles: tuple[str, ...]  # the ones that the distribution ships


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A bank file that was read back and proven, ready to be kept."""

    name: str
    content: bytes
    sha256: str  # hex, of `content`
    count: int
    total: int  # minor units
    adapter: str
    adapter_version: str


class Enabled(dict[str, Adapter]):
    """The enabled adapters by name; one that an account needs and nobody enabled is a refusal."""

    def __missing__(self, name: str) -> Adapter:
        """Raise `AdapterMissing`, with what the operator can do."""
        raise AdapterMissing(
            f"adapter {name[:100]!r} is used by a special account but not enabled here; "
            "add it to DISBURSE_ADAPTERS and start again"
        )


def announced() -> tuple[Announced, ...]:
    """Return the installed adapters, by name; they are not loaded."""
    return tuple(
        Announced(
            name=point.name,
            distribution=point.dist.name if point.dist else "",
            version=point.dist.version if point.dist else "",
            profiles=tuple(sorted(_shipped(point))),
        )
        for point in sorted(entry_points(group=GROUP), key=lambda point: point.name)
    )


def load(names: Iterable[str], profiles: Path | None = None) -> Mapping[str, Adapter]:
    """Return the enabled adapters by name, such as "iso20022" or "delimited:small_chinese_bank".

    A profile is looked for in the folder `profiles`, then among those shipped with its adapter.
    Raises `AdapterMissing` or `BadProfile`: nothing starts with half its banks.
    """
    points = {point.name: point for point in entry_points(group=GROUP)}
    return Enabled({name: _make(name, points, profiles) for name in dict.fromkeys(names)})


def shipped_text(name: str) -> str:
    """Return the shipped "ADAPTER:PROFILE" as it is written, or raise `AdapterMissing`."""
    kind, _, profile = name.partition(":")
    for point in entry_points(group=GROUP):
        if point.name == kind and profile in _shipped(point):
            return (_folder(point) / f"{profile}.toml").read_text(encoding="utf-8")
    known = [f"{one.name}:{profile}" for one in announced() for profile in one.profiles]
    raise AdapterMissing(f"there is no profile {name[:100]!r}; installed: {', '.join(known)}")


def write(adapter: Adapter, batch: Batch) -> WrittenFile:
    """Write a batch's file and prove it, or raise.

    `Unrenderable`: the format cannot carry it. `FileTooLarge`: the bank does not take so much at
    once. `Unproven`: what was written is not what was asked for.
    """
    kept = io.BytesIO()
    for piece in adapter.render(batch):
        kept.write(piece)
        if kept.tell() > adapter.capabilities.bytes_max:
            raise FileTooLarge(
                f"the bank takes {adapter.capabilities.bytes_max} bytes; put fewer than"
                f" {batch.count} payments into a file",
                bytes_max=adapter.capabilities.bytes_max,
            )
    content = kept.getvalue()
    prove(adapter, batch, content)
    return WrittenFile(
        name=adapter.file_name(batch),
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        count=batch.count,
        total=batch.total,
        adapter=adapter.name,
        adapter_version=adapter.version,
    )


def _make(name: str, points: Mapping[str, EntryPoint], folder: Path | None) -> Adapter:
    match = _ENABLED.fullmatch(name)
    point = points.get(match[1]) if match else None
    if match is None or point is None:
        raise AdapterMissing(
            f"adapter {name[:100]!r} is not installed; installed: {sorted(points)}"
        )
    try:
        make: Make = point.load()
    except (ImportError, AttributeError) as why:
        told = f"adapter {name!r} is announced as {point.value}, which cannot be loaded ({why});"
        raise AdapterMissing(f"{told} mend its entry point and install it again") from why
    return make(name, _profile(point, match[2], folder) if match[2] else None)


def _profile(point: EntryPoint, name: str, folder: Path | None) -> Mapping[str, object]:
    """Return the profile's mapping, the operator's before the shipped one."""
    shipped = _shipped(point)
    if folder is not None and (own := folder / f"{name}.toml").is_file():
        mapping = _toml(own)
        if mapping.get("adapter") != point.name:
            raise BadProfile(f"profile {name}: adapter must be {point.name!r}", key="adapter")
        return mapping
    if name not in shipped:
        raise AdapterMissing(
            f"{point.name} has no profile {name!r}: put {name}.toml into the profile folder"
            f" ({folder or 'none is set'}), or use one of {sorted(shipped)}"
        )
    return shipped[name]


def _shipped(point: EntryPoint) -> Mapping[str, Mapping[str, object]]:
    """Return the profiles for this adapter in the folder `profiles` of its top package."""
    top = find_spec(point.module.partition(".")[0])
    if not (top and top.submodule_search_locations and (folder := _folder(point)).is_dir()):
        return {}  # a module alone has no folder
    found = {
        one.name.removesuffix(".toml"): _toml(one)
        for one in folder.iterdir()
        if one.name.endswith(".toml")
    }
    return {name: one for name, one in found.items() if one.get("adapter") == point.name}


def _folder(point: EntryPoint) -> Traversable:
    return files(point.module.partition(".")[0]) / "profiles"


def _toml(file: Traversable) -> Mapping[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as why:
        raise BadProfile(f"profile {file.name} is not TOML: {why}") from why
