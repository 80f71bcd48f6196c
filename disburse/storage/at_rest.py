"""The secret that an authenticator app shares with us, as it lies in the database: sealed."""

from __future__ import annotations

from disburse.sealing import bound_to
from disburse.storage import seals
from disburse.storage.engine import Transaction


def seal(tx: Transaction, member_id: int, secret: str) -> bytes:
    """Seal an account's secret; for no other account it opens."""
    return seals.seal_secret(tx, _place(member_id), secret.encode())


def unseal(tx: Transaction, member_id: int, sealed: bytes) -> str:
    """Return the secret, or raise `BrokenSeal` when it was changed or is another account's."""
    return seals.open_secret(tx, _place(member_id), sealed).decode()


def _place(member_id: int) -> bytes:
    return bound_to(seals.INSTALLATION, "credential", "totp", member_id)
