"""A subcontractor or a bank takes part in a project."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from disburse.domain import particulars
from disburse.domain.access import Act, Caller, OrganisationKind
from disburse.domain.particulars import BadParticulars
from disburse.door import by, enter
from disburse.storage import acts, parties
from disburse.storage.engine import Transaction
from disburse.storage.parties import Delegation, Organisation

# Owner and general contractor take part from the start; authorities watch and take no part.
JOINING: Final = (OrganisationKind.SUBCONTRACTOR, OrganisationKind.BANK)


def join_project(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    registration: str,
    delegation: Delegation | None = None,
    now: datetime,
) -> Organisation:
    """Let the organisation take part as what it is; again renews a subcontractor's delegation.

    A subcontractor needs the written order that the general contractor pay on its behalf
    (Order 724 art. 31): its digest and its dates. Raises `BadParticulars` or `NoSuchParty`.
    """
    enter(tx, caller, Act.JOIN_PROJECT)
    project = parties.project(tx, project_id)
    joining = parties.organisation(tx, particulars.registration(registration))
    if joining.kind not in JOINING:
        raise BadParticulars(
            f"a {joining.kind} does not join a project; these do: {', '.join(JOINING)}",
            field="registration",
        )
    if (delegation is not None) != (joining.kind is OrganisationKind.SUBCONTRACTOR):
        raise BadParticulars("a subcontractor, and nobody else, needs a delegation",
                             field="delegation")  # fmt: skip
    facts: dict[str, object] = {"organisation": joining.registration}
    if delegation is not None:
        particulars.in_order("delegation_to", delegation.valid_from, delegation.valid_to)
        facts["delegation"] = particulars.digest("delegation_digest", delegation.digest)
        facts["from"], facts["to"] = str(delegation.valid_from), str(delegation.valid_to)
    parties.add_party(
        tx,
        project_id=project.id,
        organisation_id=joining.id,
        capacity=joining.kind,
        delegation=delegation,
    )
    acts.record(
        tx,
        Act.JOIN_PROJECT,
        by=by(caller, now),
        subject="project",
        subject_id=project.id,
        project_id=project.id,
        facts=facts,
    )
    return joining
