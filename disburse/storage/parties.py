"""Organisations, their special accounts, and the projects that they take part in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.adapter import Account
from disburse.domain.access import Caller, OrganisationKind
from disburse.domain.refusal import Refusal
from disburse.storage.engine import Transaction


class NoSuchParty(Refusal):
    """There is no organisation, person, project or account by that name here."""

    code = "no-such-party"


class PartyTaken(Refusal):
    """An organisation, login, project or account by that name is here already."""

    code = "party-taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation's row."""

    id: int
    kind: OrganisationKind
    registration: str
    name: str
    region: str
    sector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project's row, with the registration numbers that its sheets must name."""

    id: int
    code: str
    name: str
    owner_id: int
    owner_name: str
    general_contractor_id: int
    general_contractor: str  # registration number
    general_contractor_name: str
    account_id: int | None
    region: str
    sector: str
    government_funded: bool
    currency: str
    contract_amount: int
    labour_share_basis_points: int
    starts_on: date
    ends_on: date
    time_zone: str
    payer_account: str
    policy: dict[str, Any]
    policy_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialAccount:
    """A special account's row."""

    id: int
    connection_id: int
    adapter: str
    bank_id: int
    holder: str
    number: str
    bank_code: str
    bank_name: str
    currency: str
    statements: bool
    state: str

    def as_debtor(self) -> Account:
        """Return what a bank file says of the account that pays."""
        return Account(
            holder=self.holder,
            number=self.number,
            bank_code=self.bank_code,
            bank_name=self.bank_name,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """A subcontractor's written order that the general contractor pay on its behalf."""

    digest: str
    valid_from: date
    valid_to: date | None

    def covers(self, day: date) -> bool:
        """Say whether the order stands on `day`."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def add_organisation(tx: Transaction, values: dict[str, object]) -> int:
    """Store an organisation, or raise `PartyTaken`; return its number."""
    return _insert(tx, _ADD_ORGANISATION, values, "an organisation with this registration number")


def add_connection(tx: Transaction, *, bank_id: int, adapter: str) -> int:
    """Return the number of the connection to a bank by one adapter, new or not."""
    number = tx.scalar(_ADD_CONNECTION, {"bank": bank_id, "adapter": adapter})
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an upsert)
    return number


def add_account(tx: Transaction, values: dict[str, object]) -> int:
    """Store a special account; return its number."""
    return _insert(tx, _ADD_ACCOUNT, values, "a special account with this number")


def add_project(tx: Transaction, values: dict[str, object]) -> int:
    """Store a project; return its number."""
    row = values | {"policy": json.dumps(values["policy"])}
    return _insert(tx, _ADD_PROJECT, row, "a project with this code")


def add_party(
    tx: Transaction,
    *,
    project_id: int,
    organisation_id: int,
    capacity: str,
    delegation: Delegation | None = None,
) -> None:
    """Let an organisation take part in a project; doing so again renews the delegation."""
    tx.execute(
        _ADD_PARTY,
        {
            "p": project_id,
            "o": organisation_id,
            "capacity": capacity,
            "digest": delegation.digest if delegation else "",
            "from": delegation.valid_from if delegation else None,
            "to": delegation.valid_to if delegation else None,
        },
    )


def use_account(tx: Transaction, *, project_id: int, account_id: int) -> None:
    """Make `account_id` the account that the project's wages are paid from."""
    values = {"p": project_id, "a": account_id}
    tx.execute(text("UPDATE project SET account_id = :a WHERE id = :p"), values)


def organisation(tx: Transaction, registration: str) -> Organisation:
    """Return the organisation with this registration number, or raise `NoSuchParty`."""
    row = tx.execute(_ORGANISATION, {"r": registration}).one_or_none()
    if row is None:
        raise NoSuchParty(f"there is no organisation {registration!r}; set it up first")
    return Organisation(**{**row._mapping, "kind": OrganisationKind(row.kind)})  # noqa: SLF001


def project(tx: Transaction, project_id: int) -> Project:
    """Return a project by number, or raise `NoSuchParty`."""
    return _project(tx, "p.id = :value", project_id)


def project_by_code(tx: Transaction, code: str) -> Project:
    """Return a project by its code, or raise `NoSuchParty`."""
    return _project(tx, "p.code = :value", code)


def account(tx: Transaction, account_id: int) -> SpecialAccount:
    """Return a special account, locked against change until the transaction ends."""
    row = tx.execute(_ACCOUNT, {"a": account_id}).one_or_none()
    if row is None:
        raise NoSuchParty(f"there is no special account {account_id}")
    return SpecialAccount(**row._mapping)  # noqa: SLF001


def sharing(tx: Transaction, account_id: int) -> list[int]:
    """Return the projects that pay from this account."""
    return [row.id for row in tx.execute(_SHARING, {"a": account_id})]


def delegation(tx: Transaction, *, project_id: int, organisation_id: int) -> Delegation | None:
    """Return the subcontractor's delegation on the project; None when it takes no part in it."""
    row = tx.execute(_DELEGATION, {"p": project_id, "o": organisation_id}).one_or_none()
    if row is None:
        return None
    return Delegation(digest=row.digest, valid_from=row.valid_from, valid_to=row.valid_to)


def takes_part(tx: Transaction, *, project_id: int, organisation_id: int) -> bool:
    """Say whether the organisation is a party of the project."""
    return bool(tx.scalar(_TAKES_PART, {"p": project_id, "o": organisation_id}))


def projects_of(tx: Transaction, caller: Caller) -> list[int]:
    """Return the projects that the caller's organisation takes part in or watches."""
    return [row.id for row in tx.execute(_PROJECTS_OF, {"o": caller.organisation_id})]


def _insert(tx: Transaction, statement: Any, values: dict[str, object], what: str) -> int:  # noqa: ANN401
    try:
        with tx.begin_nested():
            number = tx.scalar(statement, values)
    except IntegrityError as error:
        raise PartyTaken(f"{what} is here already, or it names something that is not") from error
    assert isinstance(number, int)  # noqa: S101  (RETURNING from an insert that worked)
    return number


def _project(tx: Transaction, condition: str, value: object) -> Project:
    row = tx.execute(text(f"{_PROJECT} WHERE {condition}"), {"value": value}).one_or_none()
    if row is None:
        raise NoSuchParty(f"there is no project {value!r}")
    return Project(**row._mapping)  # noqa: SLF001  (SQLAlchemy's public name)


_ADD_ORGANISATION: Final = text("""
    INSERT INTO organisation (kind, registration, name, region, sector)
    VALUES (:kind, :registration, :name, :region, :sector) RETURNING id
""")
_ADD_CONNECTION: Final = text("""
    INSERT INTO bank_connection (bank_id, adapter) VALUES (:bank, :adapter)
    ON CONFLICT (bank_id, adapter) DO UPDATE SET adapter = excluded.adapter RETURNING id
""")
_ADD_ACCOUNT: Final = text("""
    INSERT INTO special_account (connection_id, holder, number, bank_code, bank_name, currency,
                                 statements)
    VALUES (:connection_id, :holder, :number, :bank_code, :bank_name, :currency, :statements)
    RETURNING id
""")
_ADD_PROJECT: Final = text("""
    INSERT INTO project (code, name, owner_id, general_contractor_id, region, sector,
        government_funded, currency, contract_amount, labour_share_basis_points, starts_on, ends_on,
        time_zone, payer_account, policy)
    VALUES (:code, :name, :owner_id, :general_contractor_id, :region, :sector, :government_funded,
        :currency, :contract_amount, :labour_share_basis_points, :starts_on, :ends_on, :time_zone,
        :payer_account, CAST(:policy AS jsonb))
    RETURNING id
""")
_ADD_PARTY: Final = text("""
    INSERT INTO party (project_id, organisation_id, capacity, delegation_digest, delegation_from,
                       delegation_to)
    VALUES (:p, :o, :capacity, :digest, :from, :to)
    ON CONFLICT (project_id, organisation_id, capacity) DO UPDATE
    SET delegation_digest = excluded.delegation_digest,
        delegation_from = excluded.delegation_from, delegation_to = excluded.delegation_to
""")
_ORGANISATION: Final = text("""
    SELECT id, kind, registration, name, region, sector FROM organisation WHERE registration = :r
""")
_PROJECT: Final = """
    SELECT p.id, p.code, p.name, p.owner_id, o.name AS owner_name, p.general_contractor_id,
           g.registration AS general_contractor, g.name AS general_contractor_name, p.account_id,
           p.region, p.sector, p.government_funded, p.currency, p.contract_amount,
           p.labour_share_basis_points, p.starts_on, p.ends_on, p.time_zone, p.payer_account,
           p.policy, p.policy_version
    FROM project p
    JOIN organisation o ON o.id = p.owner_id
    JOIN organisation g ON g.id = p.general_contractor_id
"""
_ACCOUNT: Final = text("""
    SELECT a.id, a.connection_id, c.adapter, c.bank_id, a.holder, a.number, a.bank_code,
           a.bank_name, a.currency, a.statements, a.state
    FROM special_account a JOIN bank_connection c ON c.id = a.connection_id
    WHERE a.id = :a FOR SHARE OF a
""")
_DELEGATION: Final = text("""
    SELECT delegation_digest AS digest, delegation_from AS valid_from, delegation_to AS valid_to
    FROM party WHERE project_id = :p AND organisation_id = :o AND capacity = 'subcontractor'
""")
_TAKES_PART: Final = text(
    "SELECT EXISTS (SELECT FROM party WHERE project_id = :p AND organisation_id = :o)"
)
_SHARING: Final = text("SELECT * FROM projects_paid_from(:a) AS p (id)")  # others' projects, too
_PROJECTS_OF: Final = text("""
    SELECT project_id AS id FROM access WHERE organisation_id = :o ORDER BY id
""")
