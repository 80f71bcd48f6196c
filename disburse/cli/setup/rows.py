"""Reads one row of each set-up table into what the steps take."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from disburse.cli.setup import forms
from disburse.domain import money
from disburse.domain.access import OrganisationKind, Role
from disburse.domain.finding import Code
from disburse.domain.money import DIGITS
from disburse.domain.particulars import Identity
from disburse.domain.roster import Enrolment
from disburse.domain.sheet import IdType
from disburse.sheetfile import roster
from disburse.sheetfile.columns import Column
from disburse.sheetfile.fields import Fields, Members
from disburse.sheetfile.lines import long_number
from disburse.steps.parties.start_project import NewProject
from disburse.storage.parties import Delegation

Choice = TypeVar("Choice", bound=StrEnum)
_NEVER: Final = date(2000, 1, 1)  # stands only where a fault was found, and such a row is not used
_APPROVERS: Final = re.compile(r"([0-9.]+)\s*=\s*([0-9])", re.ASCII)
_CURRENCIES: Final = {code: code for code in DIGITS}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrganisation:
    """A row of the organisations."""

    kind: OrganisationKind
    registration: str
    name: str
    region: str
    sector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """A row of the special accounts."""

    bank: str
    adapter: str
    currency: str
    number: str
    holder: str
    bank_code: str
    bank_name: str
    statements: bool


@dataclass(frozen=True, slots=True)
class AccountOf:
    """A special account and the projects that are paid from it, by code."""

    account: NewAccount
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """A row of the parties."""

    project: str
    organisation: str
    delegation: Delegation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """A row of the people; without an identity it is a machine client."""

    organisation: str
    login: str
    name: str
    identity: Identity | None
    roles: tuple[Role, ...]
    projects: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hired:
    """A row of the workers."""

    project: str
    employer: str
    enrolment: Enrolment


def organisation(members: Members, fields: Fields) -> NewOrganisation:
    """Read a row of the organisations."""
    columns = _by_name(forms.ORGANISATIONS)
    return NewOrganisation(
        kind=fields.choice(members, columns["kind"], _members_of(OrganisationKind))
        or OrganisationKind.OWNER,
        registration=fields.text(members, columns["registration"]),
        name=fields.text(members, columns["name"]),
        region=fields.text(members, columns["region"]),
        sector=fields.text(members, columns["sector"]),
    )


def project(members: Members, fields: Fields) -> NewProject:
    """Read a row of the projects."""
    columns = _by_name(forms.PROJECTS)
    currency = fields.choice(members, columns["currency"], _CURRENCIES) or "CNY"
    policy: dict[str, object] = {
        "approvers": _approvers(fields, fields.texts(members, columns["approvers"]), currency),
        "approval_days": _count(members, fields, columns["approval_days"]),
        "cooling_days": _count(members, fields, columns["cooling_days"]),
        "note": fields.text(members, columns["note"]) or None,
    }
    return NewProject(
        code=fields.text(members, columns["code"]),
        name=fields.text(members, columns["name"]),
        owner=fields.text(members, columns["owner"]),
        general_contractor=fields.text(members, columns["general_contractor"]),
        region=fields.text(members, columns["region"]),
        sector=fields.text(members, columns["sector"]),
        government_funded=fields.flag(members, columns["government_funded"]),
        currency=currency,
        contract_amount=_amount(fields, members, columns["contract_amount"], currency),
        labour_share_basis_points=_basis_points(fields.decimal(members, columns["labour_share"])),
        starts_on=fields.day(members, columns["starts_on"]) or _NEVER,
        ends_on=fields.day(members, columns["ends_on"]) or _NEVER,
        time_zone=fields.text(members, columns["time_zone"]) or "Asia/Shanghai",
        payer_account=long_number(fields, members, columns["payer_account"]),
        policy={name: value for name, value in policy.items() if value is not None},
    )


def account(members: Members, fields: Fields) -> AccountOf:
    """Read a row of the special accounts."""
    columns = _by_name(forms.ACCOUNTS)
    read = NewAccount(
        bank=fields.text(members, columns["bank"]),
        adapter=fields.text(members, columns["adapter"]),
        currency=fields.choice(members, columns["currency"], _CURRENCIES) or "CNY",
        number=long_number(fields, members, columns["number"]),
        holder=fields.text(members, columns["holder"]),
        bank_code=fields.text(members, columns["bank_code"]),
        bank_name=fields.text(members, columns["bank_name"]),
        statements=fields.flag(members, columns["statements"]),
    )
    return AccountOf(read, fields.texts(members, columns["projects"]))


def party(members: Members, fields: Fields) -> Joining:
    """Read a row of the parties; a delegation has a first day."""
    columns = _by_name(forms.PARTIES)
    first = fields.day(members, columns["delegation_from"])
    last = fields.day(members, columns["delegation_to"])
    digest = fields.digest(members, columns["delegation_digest"])
    if first is None and (last is not None or digest):
        fields.refuse(Code.MISSING_FIELD, "delegation_from")
    return Joining(
        project=fields.text(members, columns["project"]),
        organisation=fields.text(members, columns["organisation"]),
        delegation=Delegation(digest=digest, valid_from=first, valid_to=last) if first else None,
    )


def person(members: Members, fields: Fields) -> NewPerson:
    """Read a row of the people."""
    columns = _by_name(forms.PEOPLE)
    id_type = fields.choice(members, columns["id_type"], _members_of(IdType))
    number = long_number(fields, members, columns["id_number"])
    identity = Identity(id_type or IdType.RESIDENT_CARD, number) if number else None
    known = _members_of(Role)
    names = fields.texts(members, columns["roles"])
    for name in names:
        if name not in known:
            fields.refuse(Code.BAD_CHOICE, "roles", name[:20], choices=", ".join(known))
    return NewPerson(
        organisation=fields.text(members, columns["organisation"]),
        login=fields.text(members, columns["login"]),
        name=fields.text(members, columns["name"]),
        identity=identity,
        roles=tuple(known[name] for name in names if name in known),
        projects=fields.texts(members, columns["projects"]),
    )


def worker(members: Members, fields: Fields) -> Hired | None:
    """Read a row of the workers."""
    columns = _by_name(forms.WORKERS)
    site = fields.text(members, columns["project"])
    employer = fields.text(members, columns["employer"])
    enrolment = roster.enrolment(members, fields)
    if enrolment is None:
        return None
    return Hired(project=site, employer=employer, enrolment=enrolment)


Read = Callable[[Members, Fields], object]
READERS: Final[Mapping[str, Read]] = {
    forms.ORGANISATIONS.name: organisation,
    forms.PROJECTS.name: project,
    forms.ACCOUNTS.name: account,
    forms.PARTIES.name: party,
    forms.PEOPLE.name: person,
    forms.WORKERS.name: worker,
}


def _by_name(form: forms.Blank) -> dict[str, Column]:
    return {column.name: column for column in form.columns}


def _members_of(kind: type[Choice]) -> dict[str, Choice]:
    return {one.value: one for one in kind}


def _count(members: Members, fields: Fields, column: Column) -> int | None:
    return fields.count(members, column, least=0) if column.name in members else None


def _amount(fields: Fields, members: Members, column: Column, currency: str) -> int:
    text = fields.text(members, column)
    return _money(fields, column.name, text, currency) if text else 0


def _money(fields: Fields, name: str, text: str, currency: str) -> int:
    try:
        return money.parse(text, currency)
    except money.MoneyRefused:
        fields.refuse(Code.BAD_AMOUNT, name, text[:40], currency=currency)
        return 0


def _approvers(
    fields: Fields, steps: tuple[str, ...], currency: str
) -> tuple[tuple[int, int], ...] | None:
    """Read "0=1; 500000.00=2": one approver, and two from that total on."""
    found = []
    for step in steps:
        match = _APPROVERS.fullmatch(step)
        if match is None:
            fields.refuse(Code.BAD_NUMBER, "approvers", step[:20], wanted="like 0=1; 500000.00=2")
        else:
            found.append((_money(fields, "approvers", match[1], currency), int(match[2])))
    return tuple(found) or None


def _basis_points(percent: str) -> int:
    """Return hundredths of a percent: "25.5" → 2550; faults were found before."""
    whole, _, part = percent.partition(".")
    digits = whole + part.ljust(2, "0")
    return int(digits) if digits.isdecimal() else 0
