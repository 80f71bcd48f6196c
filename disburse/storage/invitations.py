"""Invitations, and recoveries, which are invitations that two people give half each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.domain import one_time_code
from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction


class NoSuchInvitation(Refusal):
    """There is no invitation or recovery like this that is still good."""

    code = "no-such-invitation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation's row."""

    id: int
    member_id: int
    person_id: int
    purpose: str  # "join" or "recovery"
    made_by: int
    made_by_person: int | None
    second_digest: bytes | None
    totp: bytes | None  # sealed: the secret that is shown to whoever opens it
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A recovery under way, as the owner of the account sees it."""

    made_by: int  # member
    reason: str
    confirmed: bool  # both halves are given
    made_at: datetime
    expires_at: datetime


def add(tx: Transaction, values: dict[str, object]) -> int:
    """Store an invitation; earlier ones of the account are worth nothing from now on."""
    withdraw(tx, member_id=values["member"], at=values["at"])
    number = tx.scalar(_ADD, {"reason": ""} | values)
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert)
    return number


def withdraw(tx: Transaction, *, member_id: object, at: object) -> None:
    """Make every code for the account worthless."""
    tx.execute(_WITHDRAW, {"member": member_id, "at": at})


def by_code(tx: Transaction, code: str, *, at: datetime) -> Invitation:
    """Return what this code opens, locked, or raise `NoSuchInvitation` for every reason alike.

    Of a recovery both halves are needed, in the order in which they were given.
    """
    first, *rest = one_time_code.halves(code) or [""]
    values = {"digest": one_time_code.digest(first), "at": at}
    row = tx.execute(_BY_CODE, values).one_or_none()
    second = [one_time_code.digest(rest[0])] if len(rest) == 1 else rest
    wanted = [bytes(row.second_digest)] if row and row.second_digest else []
    if row is None or second != wanted or (row.purpose == "recovery") != bool(wanted):
        raise NoSuchInvitation(
            "this code opens nothing: it was mistyped, used, replaced by a newer one, or is too old"
        )
    return _invitation(row)


def by_number(tx: Transaction, number: int, *, at: datetime) -> Invitation:
    """Return an invitation whose code was shown a moment ago, locked; or raise."""
    row = tx.execute(_BY_NUMBER, {"id": number, "at": at}).one_or_none()
    if row is None:
        raise NoSuchInvitation("the invitation was used, replaced or is too old")
    return _invitation(row)


def unconfirmed(tx: Transaction, member_id: int, *, at: datetime) -> Invitation:
    """Return the recovery of an account that waits for a second person, locked; or raise."""
    row = tx.execute(_UNCONFIRMED, {"member": member_id, "at": at}).one_or_none()
    if row is None:
        raise NoSuchInvitation("nobody asked for a recovery of this account, or it is too old")
    return _invitation(row)


def recovery_of(tx: Transaction, member_id: int, *, at: datetime) -> Recovery | None:
    """Return the recovery of an account that was begun and may still be used."""
    row = tx.execute(_RECOVERY, {"member": member_id, "at": at}).one_or_none()
    return None if row is None else Recovery(**row._mapping)  # noqa: SLF001


def stop_recovery(tx: Transaction, *, member_id: int, at: datetime) -> int:
    """Make the open recovery of an account worthless and return its number, or raise."""
    number = tx.scalar(_STOP_RECOVERY, {"member": member_id, "at": at})
    if not isinstance(number, int):
        raise NoSuchInvitation("no recovery of your account is under way; it may be used already")
    return number


def confirm(tx: Transaction, number: int, *, code: str, by: int, person_id: int) -> None:
    """Store the second person's half."""
    values = {"id": number, "digest": one_time_code.digest(code), "by": by, "person": person_id}
    tx.execute(_CONFIRM, values)


def show(tx: Transaction, number: int, totp: bytes) -> None:
    """Keep the secret that is shown to whoever opens it."""
    tx.execute(
        text("UPDATE invitation SET totp = :totp WHERE id = :id"), {"id": number, "totp": totp}
    )


def use(tx: Transaction, number: int, *, at: datetime) -> None:
    """Use it up, and forget the secret, which is the account's now."""
    values = {"id": number, "at": at}
    tx.execute(text("UPDATE invitation SET used_at = :at, totp = NULL WHERE id = :id"), values)


def _invitation(row: Any) -> Invitation:  # noqa: ANN401  (a row of SQLAlchemy's)
    return Invitation(**{name: getattr(row, name) for name in Invitation.__slots__})


_WITHDRAW: Final = text("""
    UPDATE invitation SET withdrawn_at = :at, totp = NULL
    WHERE member_id = :member AND used_at IS NULL AND withdrawn_at IS NULL
""")
_ADD: Final = text("""
    INSERT INTO invitation (member_id, person_id, purpose, digest, made_by, made_by_person,
                            made_at, expires_at, reason)
    VALUES (:member, :person, :purpose, :digest, :by, :by_person, :at, :until, :reason)
    RETURNING id
""")
_SELECT: Final = """
    SELECT id, member_id, person_id, purpose, made_by, made_by_person, second_digest, totp,
           expires_at
    FROM invitation
    WHERE used_at IS NULL AND withdrawn_at IS NULL AND expires_at > :at
"""
_BY_CODE: Final = text(f"{_SELECT} AND digest = :digest FOR UPDATE")
_BY_NUMBER: Final = text(f"{_SELECT} AND id = :id FOR UPDATE")
_UNCONFIRMED: Final = text(f"""
    {_SELECT} AND member_id = :member AND purpose = 'recovery' AND second_digest IS NULL FOR UPDATE
""")
_OPEN_RECOVERY: Final = """
    member_id = :member AND purpose = 'recovery'
    AND used_at IS NULL AND withdrawn_at IS NULL AND expires_at > :at
"""
_RECOVERY: Final = text(f"""
    SELECT made_by, reason, second_digest IS NOT NULL AS confirmed, made_at, expires_at
    FROM invitation WHERE {_OPEN_RECOVERY}
""")
_STOP_RECOVERY: Final = text(f"""
    UPDATE invitation SET withdrawn_at = :at, totp = NULL WHERE {_OPEN_RECOVERY} RETURNING id
""")
_CONFIRM: Final = text("""
    UPDATE invitation
    SET second_digest = :digest, confirmed_by = :by, confirmed_by_person = :person
    WHERE id = :id
""")
