"""Roles that are lent: kept for good, ended by their last day, by either side, or with the role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import text

from disburse.domain.access import Role, StandsFor
from disburse.domain.refusal import Refusal
from disburse.storage import records
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.rows import AnyRow, as_dicts


class NoSuchLending(Refusal):
    """There is no lending by that number that either side could end."""

    code = "no-such-lending"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLending:
    """Who lends which role to whom; the last day counts."""

    project_id: int
    role: Role
    lender_id: int
    lender_person: int
    delegate_id: int
    delegate_person: int
    made_at: datetime
    ends_on: date


def add(tx: Transaction, new: NewLending) -> int:
    """Store a lending and return its number; the CHECKs refuse one person for both."""
    number = tx.scalar(_ADD, {name: getattr(new, name) for name in NewLending.__slots__})
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert that worked)
    return number


def end(
    tx: Transaction,
    *,
    project_id: int,
    lending_id: int,
    member_id: int,
    person_id: int,
    at: datetime,
) -> Role:
    """End a lending that the account is one side of; return the role, or raise `NoSuchLending`."""
    values = {"p": project_id, "l": lending_id, "m": member_id, "person": person_id, "at": at}
    role = tx.scalar(_END, values)
    if role is None:
        raise NoSuchLending("you lent and were lent no role by that number, or it was taken back")
    return Role(role)


def end_all(tx: Transaction, *, member_id: int, by: By) -> int:
    """End everything that an account lent and was lent, for good; return how much that was."""
    values = {"m": member_id, "person": by.person_id, "at": by.at}
    return tx.execute(_END_ALL, values).rowcount


def lent(
    tx: Transaction, *, delegate_id: int, lender: str, project_id: int, at: datetime
) -> tuple[StandsFor, set[Role]] | None:
    """Return for whom an account may act, and as what; None when that lender lent it nothing.

    Counted is what is good `at` this time: not taken back, not past its last day where the project
    is, and the lender's own role still, confirmed, of an account that is not disabled.
    """
    values = {"d": delegate_id, "login": lender, "p": project_id, "at": at}
    rows = tx.execute(_LENT, values).all()
    if not rows:
        return None
    first = rows[0]
    who = StandsFor(member_id=first.id, person_id=first.person_id, login=lender)
    return who, {Role(row.role) for row in rows}


def listed(
    tx: Transaction,
    *,
    project_id: int | None = None,
    organisation_id: int | None = None,
    member_id: int | None = None,
    at: datetime,
) -> list[AnyRow]:
    """Return lendings, newest first; with a project, organisation or account, only theirs.

    `good` says whether one counts `at` this time.
    """
    values = {"p": project_id, "o": organisation_id, "m": member_id, "at": at}
    rows = as_dicts(tx.execute(_LISTED, values))
    sealed = {row[side]: row.pop(f"{side}_name") for row in rows for side in _SIDES}
    names = records.names(tx, sealed)
    return [row | {f"{side}_name": names.get(row[side], "") for side in _SIDES} for row in rows]


_SIDES: Final = ("lender", "delegate")
_COUNTS: Final = """
    l.revoked_at IS NULL AND l.ends_on >= (CAST(:at AS timestamptz) AT TIME ZONE p.time_zone)::date
    AND m.disabled_at IS NULL AND m.person_id = l.lender_person
    AND d.disabled_at IS NULL AND d.person_id = l.delegate_person
    AND EXISTS (SELECT FROM grant_of_role g
                WHERE g.member_id = l.lender_id AND g.role = l.role
                  AND g.project_id IN (0, l.project_id) AND g.confirmed_at IS NOT NULL)
"""
_FROM: Final = """
    FROM lending l
    JOIN member m ON m.id = l.lender_id
    JOIN member d ON d.id = l.delegate_id
    JOIN project p ON p.id = l.project_id
"""
_ADD: Final = text(f"""
    INSERT INTO lending ({", ".join(NewLending.__slots__)})
    VALUES ({", ".join(f":{name}" for name in NewLending.__slots__)})
    RETURNING id
""")
_END: Final = text("""
    UPDATE lending SET revoked_at = :at, revoked_by = :person
    WHERE project_id = :p AND id = :l AND :m IN (lender_id, delegate_id) AND revoked_at IS NULL
    RETURNING role
""")
_END_ALL: Final = text("""
    UPDATE lending SET revoked_at = :at, revoked_by = :person
    WHERE :m IN (lender_id, delegate_id) AND revoked_at IS NULL
""")
_LENT: Final = text(f"""
    SELECT m.id, m.person_id, l.role {_FROM}
    WHERE l.project_id = :p AND l.delegate_id = :d AND m.login = :login AND {_COUNTS}
""")
_LISTED: Final = text(f"""
    SELECT l.project_id, p.code AS project, l.id, l.role, m.login AS lender, m.name AS lender_name,
           d.login AS delegate, d.name AS delegate_name, l.made_at, l.ends_on, l.revoked_at,
           ({_COUNTS}) AS good
    {_FROM}
    WHERE (CAST(:p AS bigint) IS NULL OR l.project_id = :p)
      AND (CAST(:o AS bigint) IS NULL OR m.organisation_id = :o)
      AND (CAST(:m AS bigint) IS NULL OR :m IN (l.lender_id, l.delegate_id))
    ORDER BY l.project_id, l.id DESC
""")
