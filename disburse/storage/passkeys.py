"""The public halves of people's passkeys, and the questions that wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.refusal import Refusal
from disburse.factors.passkey import NewPasskey, PasskeyRefused
from disburse.storage.engine import Transaction

ANSWERED_WITHIN: Final = timedelta(minutes=5)


class NoSuchPasskey(Refusal):
    """The account has no such passkey."""

    code = "no-such-passkey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey's row."""

    id: int
    member_id: int
    credential: bytes
    public_key: bytes
    uses: int
    label: str
    made_at: datetime
    used_at: datetime | None


def ask(tx: Transaction, challenge: bytes, *, member_id: int | None, at: datetime) -> None:
    """Remember a question: of a new passkey for an account, or (None) of anybody's."""
    values = {"digest": sha256(challenge).digest(), "member": member_id,
              "until": at + ANSWERED_WITHIN}  # fmt: skip
    tx.execute(_ASK, values)


def take(tx: Transaction, challenge: bytes, *, member_id: int | None, at: datetime) -> None:
    """Use a question up, or raise `PasskeyRefused`: each is answered once, and soon."""
    values = {"digest": sha256(challenge).digest(), "member": member_id, "at": at}
    if tx.execute(_TAKE, values).rowcount != 1:
        raise PasskeyRefused("this was asked too long ago, or answered before; try again")


def add(tx: Transaction, new: NewPasskey, *, member_id: int, label: str, at: datetime) -> int:
    """Store a passkey, or raise `PasskeyRefused` when it is somebody's already."""
    values = {"credential": new.credential, "key": new.public_key, "uses": new.uses,
              "member": member_id, "label": label, "at": at}  # fmt: skip
    try:
        with tx.begin_nested():
            number = tx.scalar(_ADD, values)
    except IntegrityError:
        raise PasskeyRefused("this passkey is registered already") from None
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert that worked)
    return number


def by_credential(tx: Transaction, credential: bytes) -> Passkey | None:
    """Return the passkey that calls itself so, locked; None when it is unknown or removed."""
    row = tx.execute(_BY_CREDENTIAL, {"credential": credential}).one_or_none()
    return None if row is None else Passkey(**row._mapping)  # noqa: SLF001


def of_member(tx: Transaction, member_id: int) -> list[Passkey]:
    """Return an account's passkeys, oldest first."""
    return [Passkey(**row._mapping) for row in tx.execute(_OF_MEMBER, {"member": member_id})]  # noqa: SLF001


def used(tx: Transaction, number: int, *, uses: int, at: datetime) -> None:
    """Note that a passkey was shown, and what it counts."""
    tx.execute(_USED, {"id": number, "uses": uses, "at": at})


def remove(tx: Transaction, number: int, *, member_id: int, at: datetime) -> None:
    """Make a passkey of the account worthless, or raise `NoSuchPasskey`."""
    values = {"id": number, "member": member_id, "at": at}
    if tx.execute(_REMOVE, values).rowcount != 1:
        raise NoSuchPasskey(f"you have no passkey {number}")


def remove_all(tx: Transaction, *, member_id: int, at: datetime) -> None:
    """Make every passkey of an account worthless."""
    tx.execute(_REMOVE_ALL, {"member": member_id, "at": at})


def forget_questions(tx: Transaction, *, at: datetime) -> int:
    """Forget the questions that nobody answered; return how many."""
    done = tx.execute(text("DELETE FROM passkey_question WHERE expires_at <= :at"), {"at": at})
    return done.rowcount


_ASK: Final = text("""
    INSERT INTO passkey_question (digest, member_id, expires_at) VALUES (:digest, :member, :until)
""")
_TAKE: Final = text("""
    DELETE FROM passkey_question
    WHERE digest = :digest AND expires_at > :at
      AND member_id IS NOT DISTINCT FROM CAST(:member AS bigint)
""")
_ADD: Final = text("""
    INSERT INTO passkey (member_id, credential, public_key, uses, label, made_at)
    VALUES (:member, :credential, :key, :uses, :label, :at) RETURNING id
""")
_COLUMNS: Final = (
    "k.id, k.member_id, k.credential, k.public_key, k.uses, k.label, k.made_at, k.used_at"
)
_BY_CREDENTIAL: Final = text(f"""
    SELECT {_COLUMNS} FROM passkey k CROSS JOIN LATERAL member_by_number(k.member_id) m
    WHERE k.credential = :credential AND k.removed_at IS NULL AND m.disabled_at IS NULL
    FOR UPDATE OF k
""")
_OF_MEMBER: Final = text(f"""
    SELECT {_COLUMNS} FROM passkey k WHERE k.member_id = :member AND k.removed_at IS NULL
    ORDER BY k.id
""")
_USED: Final = text("UPDATE passkey SET uses = :uses, used_at = :at WHERE id = :id")
_REMOVE: Final = text("""
    UPDATE passkey SET removed_at = :at
    WHERE id = :id AND member_id = :member AND removed_at IS NULL
""")
_REMOVE_ALL: Final = text("""
    UPDATE passkey SET removed_at = :at WHERE member_id = :member AND removed_at IS NULL
""")
