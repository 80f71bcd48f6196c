"""What waits until somebody confirms it: roles of accounts, keys of organisations and accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text

from disburse.domain.access import OrganisationKind, Role
from disburse.storage import records
from disburse.storage.acts import By
from disburse.storage.engine import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingAccount:
    """An account with the roles that wait; `made_by` are the persons who granted them."""

    login: str
    name: str
    organisation: str  # registration number
    organisation_name: str
    organisation_id: int
    organisation_kind: OrganisationKind
    member_id: int
    person_id: int | None
    roles: Sequence[Role]
    made_by: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingKey:
    """A key that waits: it signs sheets (`login` None), or the requests of an account."""

    kid: str
    purpose: str
    login: str | None
    organisation: str
    organisation_name: str
    organisation_id: int
    valid_to: datetime
    made_by: int | None  # the person who registered it
    holder: int | None  # the person of the account


def accounts(tx: Transaction, organisations: Collection[int] | None) -> list[WaitingAccount]:
    """Return the waiting accounts of these organisations (None: of all), by organisation."""
    rows = tx.execute(_ACCOUNTS, {"organisations": _ids(organisations)}).all()
    names = records.names(tx, {row.login: row.name for row in rows})
    return [_account(row, names.get(row.login, "")) for row in rows]


def keys(tx: Transaction, organisations: Collection[int] | None) -> list[WaitingKey]:
    """Return the waiting keys of these organisations (None: of all), revoked ones left out."""
    rows = tx.execute(_KEYS, {"organisations": _ids(organisations)})
    return [WaitingKey(**row._mapping) for row in rows]  # noqa: SLF001  (SQLAlchemy's public name)


def fellows(
    tx: Transaction, *, kinds: Collection[OrganisationKind], projects: Collection[int]
) -> set[int]:
    """Return the organisations of these kinds that take part in one of the projects."""
    values = {"kinds": sorted(kinds), "projects": sorted(projects)}
    return {row.id for row in tx.execute(_FELLOWS, values)}


def of_kinds(tx: Transaction, kinds: Collection[OrganisationKind]) -> set[int]:
    """Return every organisation of these kinds."""
    return {row.id for row in tx.execute(_OF_KINDS, {"kinds": sorted(kinds)})}


def confirm_roles(tx: Transaction, *, member_id: int, roles: Collection[Role], by: By) -> int:
    """Let waiting roles of an account count from now on; return how many grants these were."""
    values = {"member": member_id, "roles": sorted(roles), "person": by.person_id, "at": by.at}
    return tx.execute(_CONFIRM_ROLES, values).rowcount


def confirm_key(tx: Transaction, kid: str, *, by: By) -> bool:
    """Let a waiting key count from now on; False when there is none."""
    values = {"kid": kid, "person": by.person_id, "at": by.at}
    return any(tx.execute(one, values).rowcount for one in (_CONFIRM_KEY, _CONFIRM_REQUEST_KEY))


def _ids(organisations: Collection[int] | None) -> list[int] | None:
    return None if organisations is None else sorted(organisations)


def _account(row: Any, name: str) -> WaitingAccount:  # noqa: ANN401  (a row of SQLAlchemy's)
    chosen = {
        "name": name,
        "organisation_kind": OrganisationKind(row.organisation_kind),
        "roles": [Role(role) for role in row.roles],
        "made_by": row.made_by or [],
    }
    return WaitingAccount(**{**row._mapping, **chosen})  # noqa: SLF001


_WHOSE: Final = """
    (CAST(:organisations AS bigint[]) IS NULL
     OR o.id = ANY(CAST(:organisations AS bigint[])))
"""
_ACCOUNTS: Final = text(f"""
    SELECT m.login, m.name, o.registration AS organisation, o.name AS organisation_name,
           o.id AS organisation_id, o.kind AS organisation_kind, m.id AS member_id, m.person_id,
           array_agg(DISTINCT g.role) AS roles,
           array_agg(DISTINCT g.granted_by) FILTER (WHERE g.granted_by IS NOT NULL) AS made_by
    FROM grant_of_role g
    JOIN member m ON m.id = g.member_id
    JOIN organisation o ON o.id = m.organisation_id
    WHERE g.confirmed_at IS NULL AND m.disabled_at IS NULL AND {_WHOSE}
    GROUP BY m.id, o.id ORDER BY o.registration, m.login
""")
_KEYS: Final = text(f"""
    SELECT k.kid, k.purpose, NULL AS login, o.registration AS organisation,
           o.name AS organisation_name, o.id AS organisation_id, k.valid_to,
           k.registered_by AS made_by, CAST(NULL AS bigint) AS holder
    FROM signing_key k JOIN organisation o ON o.id = k.organisation_id
    WHERE k.confirmed_at IS NULL AND k.revoked_at IS NULL AND {_WHOSE}
    UNION ALL
    SELECT k.kid, 'request', m.login, o.registration, o.name, o.id, k.valid_to,
           k.registered_by, m.person_id
    FROM request_key k
    JOIN member m ON m.id = k.member_id
    JOIN organisation o ON o.id = m.organisation_id
    WHERE k.confirmed_at IS NULL AND k.revoked_at IS NULL AND m.disabled_at IS NULL AND {_WHOSE}
    ORDER BY organisation, kid
""")
_FELLOWS: Final = text("""
    SELECT DISTINCT o.id FROM party p JOIN organisation o ON o.id = p.organisation_id
    WHERE p.project_id = ANY(CAST(:projects AS bigint[])) AND o.kind = ANY(CAST(:kinds AS text[]))
""")
_OF_KINDS: Final = text("SELECT id FROM organisation WHERE kind = ANY(CAST(:kinds AS text[]))")
_CONFIRM_ROLES: Final = text("""
    UPDATE grant_of_role SET confirmed_by = :person, confirmed_at = :at
    WHERE member_id = :member AND role = ANY(CAST(:roles AS text[])) AND confirmed_at IS NULL
""")
_CONFIRM_KEY: Final = text("""
    UPDATE signing_key SET confirmed_by = :person, confirmed_at = :at
    WHERE kid = :kid AND confirmed_at IS NULL AND revoked_at IS NULL
""")
_CONFIRM_REQUEST_KEY: Final = text("""
    UPDATE request_key SET confirmed_by = :person, confirmed_at = :at
    WHERE kid = :kid AND confirmed_at IS NULL AND revoked_at IS NULL
""")
