"""The first act of an installation: the operator and its administrator."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, OrganisationKind, Role
from disburse.domain.particulars import Identity
from disburse.domain.refusal import Refusal
from disburse.storage import acts, members, parties, tenancy, workers
from disburse.storage.acts import By
from disburse.storage.engine import Transaction
from disburse.storage.members import Member


class AlreadyFounded(Refusal):
    """The installation has its people; an administrator adds the others."""

    code = "already-founded"


def found(
    tx: Transaction,
    *,
    registration: str,
    name: str,
    login: str,
    person: str,
    identity: Identity,
    now: datetime,
) -> Member:
    """Add the operator and the person who administers; on an empty database only."""
    tenancy.stand_as_operator(tx)
    if not members.nobody(tx):
        raise AlreadyFounded(
            "this installation was founded before; an administrator adds further people"
        )
    organisation: dict[str, object] = {
        "kind": OrganisationKind.OPERATOR,
        "registration": particulars.registration(registration),
        "name": particulars.text("name", name),
        "region": "",
        "sector": "",
    }
    operator = parties.add_organisation(tx, organisation)
    index = workers.index(tx)
    known = identity.sound(today=now.date())
    fingerprint = index.of_identity(known.id_type, known.number)
    person_id = workers.persons(tx, [fingerprint])[fingerprint]
    values = {
        "organisation_id": operator,
        "person_id": person_id,
        "name": particulars.text("person", person),
        "login": particulars.login(login),
    }
    member_id = members.add_member(tx, values)
    founder = By(member_id=member_id, person_id=person_id, at=now)
    roles = [Role.ADMINISTRATOR]
    members.grant(tx, member_id=member_id, roles=roles, project_id=None, by=founder, stands=True)
    acts.record(
        tx,
        Act.FOUND,
        by=founder,
        subject="organisation",
        subject_id=operator,
        facts={"registration": organisation["registration"]},
    )
    return members.by_login(tx, str(values["login"]))
