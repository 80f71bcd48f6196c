"""Where the installation's master key is, as its settings say."""

from __future__ import annotations

from typing import Final

from disburse.clock import ticks
from disburse.sealing import (
    Keychain,
    LocalMaster,
    MasterKey,
    MasterKeyUnusable,
    TransitMaster,
    ensure_file,
    read_file,
    read_keys,
)
from disburse.settings import MASTER_KEYS, Settings

FILE: Final = "master.key"  # in `Settings.var`, where no setting says otherwise


def keychain(chosen: Settings) -> Keychain:
    """Return what opens this installation's seals; raises `MasterKeyUnusable`."""
    return Keychain(master_key(chosen), ticks)


def master_key(chosen: Settings) -> MasterKey:
    """Return the master key; where no setting names one, a file is made that only we can read."""
    if chosen.transit_url:
        return TransitMaster(chosen.transit_url, chosen.transit_key, chosen.transit_token)
    if chosen.master_key:
        return LocalMaster(read_keys(chosen.master_key))
    if chosen.master_key_file is not None:
        return LocalMaster(read_file(chosen.master_key_file))
    return LocalMaster(ensure_file(chosen.var / FILE))


def require_chosen(chosen: Settings) -> None:
    """Raise `MasterKeyUnusable` unless somebody decided where the master key is."""
    if not any(getattr(chosen, name) for name in MASTER_KEYS):
        path = chosen.var / FILE
        raise MasterKeyUnusable(
            "in production somebody has to decide where the master key is: name a key service "
            "with DISBURSE_TRANSIT_URL, a file on another disk than the database's with "
            f"DISBURSE_MASTER_KEY_FILE (or the usual one, {path}), or pass the key in "
            "DISBURSE_MASTER_KEY"
        )
