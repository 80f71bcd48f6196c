"""What carrying files takes: a database, a name of one's own, secrets, and a count outside."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from disburse.adapter import Adapter
from disburse.storage import connections
from disburse.storage.connections import Connection
from disburse.storage.engine import Begin
from disburse.storage.leases import Holder
from disburse.transports import BadTransport, Secret, Transport, make

# Longer than any transport may take for one file: a lease that is over means a dead worker.
LEASE: Final = timedelta(minutes=10)
DIGITS_MAX: Final = 18

_log: Final = logging.getLogger(__name__)
Routes = dict[int, tuple[Connection, Transport]]  # by connection


class OutsideCount:
    """How many sendings there were, in a file that no restore of the database takes back."""

    def __init__(self, path: Path) -> None:
        """Remember where the count is; it begins with the first sending."""
        self._path = path

    def read(self) -> int:
        """Return the count; 0 before the first sending."""
        try:
            return int(self._path.read_text(encoding="ascii")[:DIGITS_MAX] or "0")
        except FileNotFoundError:
            return 0

    def raise_to(self, count: int) -> None:
        """Make the count at least `count`, durably; several processes may do so at once."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT
        with os.fdopen(os.open(self._path, flags, 0o600), "r+", encoding="ascii") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if count > int(stream.read(DIGITS_MAX) or "0"):
                stream.seek(0)
                stream.write(f"{count}\n")
                stream.flush()
                os.fsync(stream.fileno())


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One worker process that carries files."""

    begin: Begin
    banks: Mapping[str, Adapter]
    clock: Callable[[], datetime]
    name: str  # of this process, such as "host:1234"
    count: OutsideCount
    secret: Secret
    lease: timedelta = LEASE

    def holder(self) -> Holder:
        """Return the lease that this process takes now."""
        return Holder(name=self.name, until=self.clock() + self.lease)

    def routes(self) -> Routes:
        """Return, by connection, how its files travel; one that cannot be used is logged."""
        with self.begin() as tx:
            every = connections.every(tx)
        found: Routes = {}
        for one in every:
            try:
                if one.kind is not None:
                    found[one.id] = one, make(one.kind, one.settings, self.secret)
            except BadTransport as why:
                _log.error("bank connection %s cannot be used: %s", one.id, why.detail)
        return found
