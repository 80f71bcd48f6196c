"""Finds secrets by their names: in the environment, or in a folder that only the service reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from disburse.transports import BadTransport, Secret

PREFIX: Final = "DISBURSE_SECRET_"
FOLDER: Final = "secrets"  # inside DISBURSE_VAR
BYTES_MAX: Final = 64 * 1024  # a key with its certificates is a few KiB


def finder(var: Path, environ: Mapping[str, str]) -> Secret:
    """Return what finds the secret `bank_key` in DISBURSE_SECRET_BANK_KEY or secrets/bank_key."""

    def find(name: str) -> bytes:
        if value := environ.get(f"{PREFIX}{name.upper()}"):
            return value.encode()
        try:
            with (var / FOLDER / name).open("rb") as stream:
                return stream.read(BYTES_MAX)
        except OSError as error:
            raise BadTransport(
                f"the secret {name} is neither in {PREFIX}{name.upper()} nor in "
                f"DISBURSE_VAR/{FOLDER}/{name}"
            ) from error

    return find
