"""Seals values so that whoever holds the database alone can read nothing personal.

A master key, which is never in the database, wraps root keys: one per project, and a few of the
installation's own. A project's root key wraps one key per person and one per month; these seal.
"""

from disburse.sealing.box import WRAPPED_BYTES, BrokenSeal, Key, bound_to, new_secret, number_in
from disburse.sealing.keychain import Keychain
from disburse.sealing.local import LocalMaster, ensure_file, read_file, read_keys
from disburse.sealing.master import MasterKey, MasterKeyUnreachable, MasterKeyUnusable
from disburse.sealing.transit import TransitMaster

__all__ = [
    "WRAPPED_BYTES",
    "BrokenSeal",
    "Key",
    "Keychain",
    "LocalMaster",
    "MasterKey",
    "MasterKeyUnreachable",
    "MasterKeyUnusable",
    "TransitMaster",
    "bound_to",
    "ensure_file",
    "new_secret",
    "number_in",
    "read_file",
    "read_keys",
]
