"""The accounts of an organisation's people and machine clients: roles and tokens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.domain.access import Caller, OrganisationKind, Role
from disburse.storage import records
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.parties import NoSuchParty, PartyTaken


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An account's row."""

    id: int
    organisation_id: int
    organisation_kind: OrganisationKind
    person_id: int | None
    name: str
    login: str


def nobody(tx: Transaction) -> bool:
    """Say whether nobody has an account yet; no other transaction adds one until this one ends."""
    tx.execute(text("LOCK TABLE member IN SHARE ROW EXCLUSIVE MODE"))
    return not tx.scalar(text("SELECT anybody_exists()"))


def add_member(tx: Transaction, values: dict[str, object]) -> int:
    """Store an account of an organisation, without any role; return its number."""
    try:
        with tx.begin_nested():
            name = records.seal_name(tx, str(values["login"]), str(values["name"]))
            number = tx.scalar(_ADD_MEMBER, values | {"name": name})
    except IntegrityError as error:
        raise PartyTaken("an account with this login is here already") from error
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert that worked)
    return number


def grant(
    tx: Transaction,
    *,
    member_id: int,
    roles: Sequence[Role],
    project_id: int | None,
    by: By,
    stands: bool = False,
) -> None:
    """Give an account roles on one project, or on all of its organisation's (None).

    They wait to be confirmed, unless the role `stands` by itself.
    """
    values = {
        "member": member_id,
        "project": project_id or 0,
        "by": by.person_id,
        "at": by.at,
        "confirmed_at": by.at if stands else None,
    }
    for role in roles:
        tx.execute(_GRANT, values | {"role": role})


def by_login(tx: Transaction, login: str) -> Member:
    """Return the account with this login, or raise `NoSuchParty`."""
    row = tx.execute(_BY_LOGIN, {"login": login}).one_or_none()
    if row is None:
        raise NoSuchParty(f"there is no account {login!r}; set it up first")
    return _member(tx, row)


def by_number(tx: Transaction, member_id: int) -> Member:
    """Return the account with this number, which is there."""
    return _member(tx, tx.execute(_BY_NUMBER, {"member": member_id}).one())


def disable(tx: Transaction, *, member_id: int, at: datetime) -> bool:
    """Let nobody in by an account from `at` on; False when it is so already."""
    return tx.execute(_DISABLE, {"member": member_id, "at": at}).rowcount == 1


def enable(tx: Transaction, *, member_id: int) -> bool:
    """Let an account count again; False when it was not disabled."""
    return tx.execute(_ENABLE, {"member": member_id}).rowcount == 1


def owns_login(tx: Transaction, *, member_id: int, login: str) -> bool:
    """Say whether the account with this number is the one with this login."""
    return bool(tx.scalar(_OWNS_LOGIN, {"member": member_id, "login": login}))


def logins_with(tx: Transaction, role: Role, *, organisation_id: int | None = None) -> list[str]:
    """Return who has a role everywhere, in one organisation or in all; disabled ones are not."""
    values = {"role": role, "organisation": organisation_id}
    return [row.login for row in tx.execute(_LOGINS_WITH, values)]


def anybody_is(tx: Transaction, roles: Collection[Role]) -> bool:
    """Say whether a role of these stands anywhere; nobody else is granted one until we end."""
    tx.execute(text("LOCK TABLE grant_of_role IN SHARE ROW EXCLUSIVE MODE"))
    return bool(tx.scalar(_ANYBODY_IS, {"roles": sorted(roles)}))


def caller_of_token(tx: Transaction, *, digest: bytes, at: datetime) -> Caller | None:
    """Return who a token stands for; None when it is unknown, revoked or expired at `at`."""
    row = tx.execute(_CALLER_OF_TOKEN, {"digest": digest, "at": at}).one_or_none()
    return caller_in(row) if row else None


def caller_of_member(tx: Transaction, member_id: int) -> Caller | None:
    """Return the account with this number as a caller; None when it is disabled."""
    row = tx.execute(_CALLER_OF_MEMBER, {"member": member_id}).one_or_none()
    return caller_in(row) if row else None


def caller_of_login(tx: Transaction, login: str) -> Caller:
    """Return the account with this login as a caller, or raise `NoSuchParty`."""
    row = tx.execute(_CALLER_OF_LOGIN, {"login": login}).one_or_none()
    if row is None:
        raise NoSuchParty(f"there is no account {login!r}, or it is disabled")
    return caller_in(row)


def add_token(tx: Transaction, values: dict[str, object]) -> None:
    """Store a token's digest."""
    tx.execute(_ADD_TOKEN, values)


def tokens_of(tx: Transaction, *, member_id: int, label: str, at: datetime) -> list[bytes]:
    """Return the digests of an account's tokens with this label that are good at `at`."""
    values = {"member": member_id, "label": label, "at": at}
    return [bytes(row.digest) for row in tx.execute(_TOKENS_OF, values)]


def revoke_token(tx: Transaction, *, digest: bytes, at: datetime) -> bool:
    """Make a token worthless from `at` on; False when there was none to revoke."""
    done = tx.execute(_REVOKE_TOKEN, {"digest": digest, "at": at})
    return done.rowcount == 1


def end_tokens(tx: Transaction, *, member_id: int, at: datetime) -> int:
    """Make every token of a colleague's account worthless from `at` on; return how many."""
    return int(tx.scalar(_END_TOKENS, {"member": member_id, "at": at}) or 0)


def _member(tx: Transaction, row: Any) -> Member:  # noqa: ANN401  (a row of SQLAlchemy's)
    name = records.names(tx, {row.login: row.name}).get(row.login, "")
    told = {"organisation_kind": OrganisationKind(row.organisation_kind), "name": name}
    return Member(**{**row._mapping, **told})  # noqa: SLF001


def caller_in(row: Any) -> Caller:  # noqa: ANN401  (a row of SQLAlchemy's)
    """Return the account that a row of `caller_of_member` stands for."""
    return Caller(
        member_id=row.id,
        person_id=row.person_id,
        organisation_id=row.organisation_id,
        organisation_kind=OrganisationKind(row.kind),
        grants=_grants(row.grants),
        waiting=_grants(row.waiting),
    )


def _grants(found: list[tuple[str, int]] | None) -> frozenset[tuple[Role, int | None]]:
    return frozenset((Role(role), project or None) for role, project in found or ())


_ADD_MEMBER: Final = text("""
    INSERT INTO member (organisation_id, person_id, name, login)
    VALUES (:organisation_id, :person_id, :name, :login) RETURNING id
""")
_GRANT: Final = text("""
    INSERT INTO grant_of_role (member_id, role, project_id, holder, granted_by, granted_at,
                               confirmed_at)
    SELECT :member, :role, :project, m.person_id, :by, :at, :confirmed_at
    FROM member m WHERE m.id = :member
    ON CONFLICT DO NOTHING
""")
_BY_LOGIN: Final = text("""
    SELECT m.id, m.organisation_id, o.kind AS organisation_kind, m.person_id, m.name, m.login
    FROM member m JOIN organisation o ON o.id = m.organisation_id WHERE m.login = :login
""")
_BY_NUMBER: Final = text("""
    SELECT id, organisation_id, organisation_kind, person_id, name, login
    FROM member_by_number(:member)
""")
_ANYBODY_IS: Final = text("""
    SELECT EXISTS (SELECT FROM grant_of_role
                   WHERE role = ANY(CAST(:roles AS text[])) AND confirmed_at IS NOT NULL)
""")
_LOGINS_WITH: Final = text("SELECT * FROM logins_with(:role, :organisation) AS t (login)")
# Asked before it is known who asks: functions that run as the tables' owner.
_CALLER_OF_TOKEN: Final = text("SELECT * FROM caller_of_token(:digest, :at)")
_CALLER_OF_LOGIN: Final = text("SELECT * FROM caller_of_login(:login)")
_CALLER_OF_MEMBER: Final = text("SELECT * FROM caller_of_member(:member)")
_DISABLE: Final = text("""
    UPDATE member SET disabled_at = :at WHERE id = :member AND disabled_at IS NULL
""")
_ENABLE: Final = text("""
    UPDATE member SET disabled_at = NULL WHERE id = :member AND disabled_at IS NOT NULL
""")
_OWNS_LOGIN: Final = text("""
    SELECT EXISTS (SELECT FROM member WHERE id = :member AND login = :login)
""")
_ADD_TOKEN: Final = text("""
    INSERT INTO token (digest, member_id, label, created_at, expires_at)
    VALUES (:digest, :member_id, :label, :created_at, :expires_at)
""")
_TOKENS_OF: Final = text("""
    SELECT digest FROM token
    WHERE member_id = :member AND label = :label AND revoked_at IS NULL AND expires_at > :at
""")
_REVOKE_TOKEN: Final = text("""
    UPDATE token SET revoked_at = :at WHERE digest = :digest AND revoked_at IS NULL
""")
_END_TOKENS: Final = text("SELECT end_tokens(:member, :at)")
