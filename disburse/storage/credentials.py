"""What people's accounts are let in by: the password's hash, the sealed secret of the codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text

from disburse.domain.access import Role
from disburse.storage import records
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What an account is let in by."""

    member_id: int
    login: str
    name: str
    password: str  # argon2id
    totp: bytes | None  # sealed


def of_login(tx: Transaction, login: str) -> Credential | None:
    """Return the credential of a login; None when nobody can sign in by it."""
    return _one(tx, "member_by_login", login)


def of_member(tx: Transaction, member_id: int) -> Credential | None:
    """Return the credential of an account; None when nobody can sign in to it."""
    return _one(tx, "member_by_number", member_id)


def put(
    tx: Transaction, *, member_id: int, password: str, totp: bytes | None, at: datetime
) -> None:
    """Store a new password and a new secret in place of whatever was there."""
    values = {"member": member_id, "password": password, "totp": totp, "at": at}
    tx.execute(_PUT, values)


def remove(tx: Transaction, *, member_id: int) -> None:
    """Forget password and codes: another way in takes their place."""
    tx.execute(text("DELETE FROM credential WHERE member_id = :m"), {"m": member_id})


def set_password(tx: Transaction, *, member_id: int, password: str, at: datetime) -> None:
    """Replace the password."""
    tx.execute(_SET_PASSWORD, {"member": member_id, "password": password, "at": at})


def rehash(tx: Transaction, *, member_id: int, password: str) -> None:
    """Keep the same password hashed anew."""
    tx.execute(_REHASH, {"member": member_id, "password": password})


def take_step(tx: Transaction, *, member_id: int, step: int) -> bool:
    """Say whether no code of this time step, or of a later one, was taken; from now on one was."""
    return tx.execute(_TAKE_STEP, {"member": member_id, "step": step}).rowcount == 1


def lets_in(tx: Transaction, member_id: int) -> bool:
    """Say whether an account can sign in: by a password, or by the company's provider."""
    return bool(tx.scalar(_LETS_IN, {"member": member_id}))


def administered(tx: Transaction, organisation_id: int) -> bool:
    """Say whether somebody who can sign in administers the organisation's people."""
    values = {"organisation": organisation_id, "role": Role.PEOPLE_ADMINISTRATOR}
    return bool(tx.scalar(_ADMINISTERED, values))


def _one(tx: Transaction, found_by: str, value: object) -> Credential | None:
    # By a function that runs as the tables' owner: it is not known yet who asks.
    row = tx.execute(text(_SELECT.format(found_by)), {"value": value}).one_or_none()
    if row is None:
        return None
    name = records.names(tx, {row.login: row.name}).get(row.login, "")
    return Credential(**{**row._mapping, "name": name})  # noqa: SLF001


_SELECT: Final = """
    SELECT c.member_id, m.login, m.name, c.password, c.totp
    FROM {}(:value) m JOIN credential c ON c.member_id = m.id
    WHERE m.disabled_at IS NULL AND m.person_id IS NOT NULL
"""
_ADMINISTERED: Final = text("""
    SELECT EXISTS (
        SELECT FROM member m
        JOIN grant_of_role g ON g.member_id = m.id AND g.role = :role AND g.project_id = 0
        WHERE m.organisation_id = :organisation AND m.disabled_at IS NULL
          AND (EXISTS (SELECT FROM credential c WHERE c.member_id = m.id)
               OR EXISTS (SELECT FROM company_link l WHERE l.member_id = m.id))
    )
""")
_LETS_IN: Final = text("""
    SELECT EXISTS (SELECT FROM credential WHERE member_id = :member)
        OR EXISTS (SELECT FROM company_link WHERE member_id = :member)
""")
_PUT: Final = text("""
    INSERT INTO credential (member_id, password, password_at, totp)
    VALUES (:member, :password, :at, :totp)
    ON CONFLICT (member_id) DO UPDATE
    SET password = excluded.password, password_at = excluded.password_at, totp = excluded.totp,
        totp_step = 0
""")
_SET_PASSWORD: Final = text("""
    UPDATE credential SET password = :password, password_at = :at WHERE member_id = :member
""")
_REHASH: Final = text("UPDATE credential SET password = :password WHERE member_id = :member")
_TAKE_STEP: Final = text("""
    UPDATE credential SET totp_step = :step WHERE member_id = :member AND totp_step < :step
""")
