"""Passwords are kept as argon2id only, and looking one up costs the same whether it is there."""

from __future__ import annotations

import secrets
from functools import cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from disburse.domain.password import canonical

# The second choice of RFC 9106 (section 4): about a tenth of a second on a small machine.
TIME_COST: Final = 3
MEMORY_KIB: Final = 64 * 1024
LANES: Final = 4
AT_ONCE_MAX: Final = 4  # so that a flood of sign-ins takes 256 MiB and not the machine


class Passwords:
    """Hashes passwords, and compares them."""

    def __init__(
        self, *, time_cost: int = TIME_COST, memory_kib: int = MEMORY_KIB, lanes: int = LANES
    ) -> None:
        self._hasher = PasswordHasher(time_cost, memory_kib, lanes)
        self._turns = BoundedSemaphore(AT_ONCE_MAX)
        self._nobodys = _nobodys(time_cost, memory_kib, lanes)

    def hash(self, password: str) -> str:
        """Return what is kept of a password: argon2id, its parameters and a salt of its own."""
        with self._turns:
            return self._hasher.hash(canonical(password))

    def matches(self, password: str, kept: str | None) -> bool:
        """Say whether this is the password; None, of nobody, takes the same work and is False."""
        with self._turns:
            try:
                self._hasher.verify(self._nobodys if kept is None else kept, canonical(password))
            except VerificationError:
                return False
        return kept is not None

    def outdated(self, kept: str) -> bool:
        """Say whether a password was hashed with other parameters than are used now."""
        return self._hasher.check_needs_rehash(kept)


@cache
def _nobodys(time_cost: int, memory_kib: int, lanes: int) -> str:
    """Hash a password that nobody has, with the same parameters, once in a process."""
    return PasswordHasher(time_cost, memory_kib, lanes).hash(secrets.token_urlsafe())
