"""An owner, contractor, bank or authority becomes known here."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller, OrganisationKind
from disburse.domain.particulars import BadParticulars
from disburse.door import by, enter
from disburse.storage import acts, parties
from disburse.storage.engine import Transaction
from disburse.storage.parties import Organisation


def add_organisation(
    tx: Transaction,
    *,
    caller: Caller,
    kind: OrganisationKind,
    registration: str,
    name: str,
    region: str = "",
    sector: str = "",
    now: datetime,
) -> Organisation:
    """Store the organisation, or raise `BadParticulars` or `PartyTaken`.

    `region` is what an authority watches: the beginning of a project's region. An authority
    without one would watch nothing, a sector authority without a sector neither.
    """
    enter(tx, caller, Act.ADD_ORGANISATION)
    watches = {
        OrganisationKind.LABOUR_AUTHORITY: {"region": region},
        OrganisationKind.SECTOR_AUTHORITY: {"region": region, "sector": sector},
    }
    for field, value in watches.get(kind, {}).items():
        if not value.strip():
            raise BadParticulars(f"a {kind} needs a {field}, or it watches nothing", field=field)
    values = {
        "kind": kind,
        "registration": particulars.registration(registration),
        "name": particulars.text("name", name),
        "region": particulars.text("region", region, limit=particulars.LABEL_MAX, empty=True),
        "sector": particulars.text("sector", sector, limit=particulars.LABEL_MAX, empty=True),
    }
    number = parties.add_organisation(tx, dict(values))
    acts.record(
        tx,
        Act.ADD_ORGANISATION,
        by=by(caller, now),
        subject="organisation",
        subject_id=number,
        facts={"registration": values["registration"], "kind": kind},
    )
    return parties.organisation(tx, values["registration"])
