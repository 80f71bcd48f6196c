"""A site begins: its owner, its general contractor, its money and its rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any, Final

from disburse.domain import particulars
from disburse.domain.access import Act, Caller, OrganisationKind
from disburse.domain.money import MINOR_MAX
from disburse.domain.particulars import BadParticulars
from disburse.domain.policy import Policy
from disburse.door import by, enter
from disburse.storage import acts, parties
from disburse.storage.engine import Transaction
from disburse.storage.parties import Organisation, Project

BASIS_POINTS: Final = 10_000  # of the whole


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProject:
    """A project as somebody sets it up; organisations by registration number."""

    code: str
    name: str
    owner: str
    general_contractor: str
    region: str
    sector: str
    government_funded: bool
    currency: str
    contract_amount: int  # minor units
    labour_share_basis_points: int  # of the contract amount, agreed for wages
    starts_on: date
    ends_on: date
    time_zone: str = "Asia/Shanghai"
    payer_account: str = ""  # the owner's account that allocations come from
    policy: Mapping[str, Any] = field(default_factory=dict)


def start_project(
    tx: Transaction, *, caller: Caller, project: NewProject, now: datetime
) -> Project:
    """Store the project with its owner and general contractor as parties.

    Raises `BadParticulars`, `PolicyRefused`, `NoSuchParty` or `PartyTaken`. It pays nobody before
    `use_account` gave it a special account.
    """
    enter(tx, caller, Act.START_PROJECT)
    owner = _organisation(tx, project.owner, OrganisationKind.OWNER)
    contractor = _organisation(tx, project.general_contractor, OrganisationKind.GENERAL_CONTRACTOR)
    values = _sound(project) | {"owner_id": owner.id, "general_contractor_id": contractor.id}
    number = parties.add_project(tx, values)
    for party in (owner, contractor):
        parties.add_party(tx, project_id=number, organisation_id=party.id, capacity=party.kind)
    acts.record(
        tx,
        Act.START_PROJECT,
        by=by(caller, now),
        subject="project",
        subject_id=number,
        project_id=number,
        facts={
            "code": values["code"],
            "owner": owner.registration,
            "general_contractor": contractor.registration,
            "contract_amount": project.contract_amount,
            "policy": values["policy"],
        },
    )
    return parties.project(tx, number)


def _organisation(tx: Transaction, registration: str, kind: OrganisationKind) -> Organisation:
    found = parties.organisation(tx, particulars.registration(registration))
    if found.kind is not kind:
        raise BadParticulars(
            f"{found.registration} is a {found.kind}, not a {kind}", field=kind.value
        )
    return found


def _sound(project: NewProject) -> dict[str, object]:
    """Return the row's values as they are stored, or raise."""
    particulars.in_order("ends_on", project.starts_on, project.ends_on)
    if not 0 <= project.contract_amount <= MINOR_MAX:
        raise BadParticulars("contract_amount is out of bounds", field="contract_amount")
    if not 0 <= project.labour_share_basis_points <= BASIS_POINTS:
        raise BadParticulars(
            f"labour_share_basis_points is from 0 to {BASIS_POINTS}",
            field="labour_share_basis_points",
        )
    payer = project.payer_account
    label = particulars.LABEL_MAX
    return asdict(project) | {
        "code": particulars.code(project.code),
        "name": particulars.text("name", project.name),
        "region": particulars.text("region", project.region, limit=label),
        "sector": particulars.text("sector", project.sector, limit=label),
        "currency": particulars.currency(project.currency),
        "time_zone": particulars.time_zone(project.time_zone),
        "payer_account": particulars.account_number(payer) if payer.strip() else "",
        "policy": Policy.read(project.policy).stored(),
    }
