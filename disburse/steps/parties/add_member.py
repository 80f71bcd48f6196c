"""A person or a machine client gets an account of an organisation."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import particulars
from disburse.domain.access import Act, Caller
from disburse.domain.particulars import Identity
from disburse.door import by, enter
from disburse.storage import acts, members, parties, workers
from disburse.storage.engine import Transaction
from disburse.storage.members import Member


def add_member(
    tx: Transaction,
    *,
    caller: Caller,
    registration: str,
    login: str,
    name: str,
    identity: Identity | None,
    now: datetime,
) -> Member:
    """Store the account; it has no roles yet. `identity` None makes it a machine client.

    Two accounts of one human being are one person here, whatever organisation each belongs to:
    maker and checker are compared by person. Raises `BadParticulars`, `NoSuchParty`, `PartyTaken`.
    """
    enter(tx, caller, Act.ADD_MEMBER)
    organisation = parties.organisation(tx, particulars.registration(registration))
    person_id = None
    if identity is not None:
        known = identity.sound(today=now.date())
        fingerprint = workers.index(tx).of_identity(known.id_type, known.number)
        person_id = workers.persons(tx, [fingerprint])[fingerprint]
    values = {
        "organisation_id": organisation.id,
        "person_id": person_id,
        "name": particulars.text("name", name),
        "login": particulars.login(login),
    }
    number = members.add_member(tx, dict(values))
    acts.record(
        tx,
        Act.ADD_MEMBER,
        by=by(caller, now),
        subject="member",
        subject_id=number,
        facts={"organisation": organisation.registration, "machine": identity is None},
    )
    return members.by_login(tx, str(values["login"]))
