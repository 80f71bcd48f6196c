"""The keys that accounts sign requests with, and the nonces that were used up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.access import Caller
from disburse.domain.request_key import RequestAlgorithm, RequestKey
from disburse.storage import members
from disburse.storage.engine import Transaction
from disburse.storage.keys import KeyTaken, NoSuchKey


@dataclass(frozen=True, slots=True)
class Known:
    """A registered key, and whose requests it signs."""

    key: RequestKey
    caller: Caller


def add(tx: Transaction, key: RequestKey) -> None:
    """Store a public key, or raise `KeyTaken`."""
    try:
        tx.execute(_ADD, {name: getattr(key, name) for name in RequestKey.__slots__})
    except IntegrityError as error:
        raise KeyTaken(f"key {key.kid} is registered already; generate a new one") from error


def of_member(tx: Transaction, member_id: int) -> list[RequestKey]:
    """Return every key that the account ever had, oldest first."""
    return [_key(row) for row in tx.execute(_OF_MEMBER, {"member": member_id})]


def known(tx: Transaction, kid: str) -> Known | None:
    """Return the key and its account; None when there is none, or the account is disabled."""
    row = tx.execute(_BY_KID, {"kid": kid}).one_or_none()
    if row is None:
        return None
    caller = members.caller_of_member(tx, row.member_id)
    return None if caller is None else Known(_key(row), caller)


def revoke(tx: Transaction, *, kid: str, member_id: int, at: datetime) -> None:
    """Make a key of the account worthless from `at` on, or raise `NoSuchKey`."""
    done = tx.execute(_REVOKE, {"kid": kid, "member": member_id, "at": at})
    if done.rowcount != 1:
        raise NoSuchKey(f"the account has no key {kid} that could be revoked")


def use_up(tx: Transaction, *, kid: str, nonce: str, expires_at: datetime) -> bool:
    """Say whether the key's nonce is new; from now until `expires_at` it is not any more.

    A second request with the same nonce waits until the first one's transaction has ended.
    """
    done = tx.execute(_USE_UP, {"kid": kid, "nonce": nonce, "expires_at": expires_at})
    return done.rowcount == 1


def forget_nonces(tx: Transaction, *, at: datetime) -> int:
    """Forget the nonces of signatures that are too old `at` this time; return how many."""
    return tx.execute(_FORGET, {"at": at}).rowcount


def _key(row: Any) -> RequestKey:  # noqa: ANN401  (a row of SQLAlchemy's)
    values = {name: getattr(row, name) for name in RequestKey.__slots__}
    return RequestKey(**values | {"algorithm": RequestAlgorithm(row.algorithm)})


_ADD: Final = text("""
    INSERT INTO request_key (kid, member_id, algorithm, jwk, valid_from, valid_to, revoked_at,
                             registered_by, confirmed_by, confirmed_at)
    VALUES (:kid, :member_id, :algorithm, :public_jwk, :valid_from, :valid_to, :revoked_at,
            :registered_by, :confirmed_by, :confirmed_at)
""")
_KEY: Final = """
    SELECT kid, member_id, algorithm, jwk AS public_jwk, valid_from, valid_to, revoked_at,
           registered_by, confirmed_by, confirmed_at
"""
_OF_MEMBER: Final = text(
    f"{_KEY} FROM request_key WHERE member_id = :member ORDER BY valid_from, kid"
)
_BY_KID: Final = text(f"{_KEY} FROM request_key_of(:kid)")  # before it is known who asks
_REVOKE: Final = text("""
    UPDATE request_key SET revoked_at = :at
    WHERE kid = :kid AND member_id = :member AND revoked_at IS NULL
""")
_USE_UP: Final = text("""
    INSERT INTO request_nonce (kid, nonce, expires_at) VALUES (:kid, :nonce, :expires_at)
    ON CONFLICT DO NOTHING
""")
_FORGET: Final = text("DELETE FROM request_nonce WHERE expires_at <= :at")
