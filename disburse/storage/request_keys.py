"""The keys that accounts sign requests with, and the nonces that were used up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.access import Caller
from disburse.domain.request_key import RequestAlgorithm, RequestKey
from disburse.storage import members, tenancy
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
    return None if row is None else Known(_key(row), members.caller_in(row))


def revoke(tx: Transaction, *, kid: str, member_id: int, at: datetime) -> None:
    """Make a key of the account worthless from `at` on, or raise `NoSuchKey`."""
    done = tx.execute(_REVOKE, {"kid": kid, "member": member_id, "at": at})
    if done.rowcount != 1:
        raise NoSuchKey(f"the account has no key {kid} that could be revoked")


def end_all(tx: Transaction, *, member_id: int, at: datetime) -> int:
    """Make every key of an account worthless from `at` on; return how many."""
    return tx.execute(_END_ALL, {"member": member_id, "at": at}).rowcount


def use_up(tx: Transaction, caller: Caller, *, kid: str, nonce: str, expires_at: datetime) -> bool:
    """Say whether the nonce of the caller's key is new; until `expires_at` it is not any more.

    A second request with the same nonce waits until the first one's transaction has ended. From
    here on `tx` is the caller's, as by `tenancy.stand`, but in one way to the database.
    """
    values = {"kid": kid, "nonce": nonce, "expires_at": expires_at, "who": tenancy.named(caller)}
    return tx.execute(_USE_UP, values).rowcount == 1


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
# Before it is known who asks, and in one way there and back: every signed request pays for it.
_BY_KID: Final = text(f"""
    {_KEY}, c.id, c.person_id, c.organisation_id, c.kind, c.grants, c.waiting
    FROM request_key_of(:kid) k CROSS JOIN LATERAL caller_of_member(k.member_id) c
""")
_REVOKE: Final = text("""
    UPDATE request_key SET revoked_at = :at
    WHERE kid = :kid AND member_id = :member AND revoked_at IS NULL
""")
_END_ALL: Final = text("""
    UPDATE request_key SET revoked_at = :at WHERE member_id = :member AND revoked_at IS NULL
""")
# The policy of the table judges the new row, so after the row was made, which takes the caller.
_USE_UP: Final = text("""
    WITH stood AS MATERIALIZED (SELECT set_config('disburse.caller', :who, true) AS who)
    INSERT INTO request_nonce (kid, nonce, expires_at)
    SELECT :kid, :nonce, :expires_at FROM stood WHERE who = :who
    ON CONFLICT DO NOTHING
""")
_FORGET: Final = text("DELETE FROM request_nonce WHERE expires_at <= :at")
