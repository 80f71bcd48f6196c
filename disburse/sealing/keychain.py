"""The master key with the root keys that were unwrapped lately: few, and not for long."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

from disburse.sealing.box import Key, new_secret
from disburse.sealing.master import MasterKey

KEPT_MAX: Final = 1_000  # projects that are worked on at once; the least used one goes first
KEPT_SECONDS_MAX: Final = 600  # a master key that was withdrawn is felt after ten minutes
NANOSECONDS: Final = 10**9


class Keychain:
    """What a process opens seals with; safe to use from several threads."""

    def __init__(self, master: MasterKey, ticks: Callable[[], int] = lambda: 0) -> None:
        """Hold the master key; `ticks` counts nanoseconds."""
        self.master = master
        self._ticks = ticks
        self._lock = Lock()
        self._kept: OrderedDict[bytes, tuple[int, Key]] = OrderedDict()

    def new_root(self, place: bytes) -> bytes:
        """Make a root key for a place, and return it wrapped."""
        return self.master.wrap(new_secret(), place)

    def root(self, number: int, wrapped: bytes, place: bytes) -> Key:
        """Return an unwrapped root key; the master key is asked once in a while only."""
        where = place + wrapped  # which no other root key has, in no other database either
        now = self._ticks()
        with self._lock:
            since, key = self._kept.get(where, (0, None))
            if key is not None and now - since < KEPT_SECONDS_MAX * NANOSECONDS:
                self._kept.move_to_end(where)
                return key
        key = Key(number, self.master.unwrap(wrapped, place))
        with self._lock:
            self._kept[where] = (now, key)
            self._kept.move_to_end(where)
            while len(self._kept) > KEPT_MAX:
                self._kept.popitem(last=False)
        return key

    def forget(self) -> None:
        """Let go of every root key that was unwrapped."""
        with self._lock:
            self._kept.clear()
