"""One person asks that another, who lost password or telephone, be let in anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from disburse.domain import one_time_code, particulars
from disburse.domain.access import Act, Caller, Forbidden
from disburse.domain.approval import require_other_person
from disburse.door import by, enter
from disburse.storage import acts, invitations, members
from disburse.storage.engine import Transaction
from disburse.storage.parties import NoSuchParty

VALID_FOR: Final = timedelta(hours=24)  # somebody waits for it, and nobody should forget it


def recover(tx: Transaction, *, caller: Caller, login: str, reason: str, now: datetime) -> str:
    """Return the first half of a code; a second person gets the other by `confirm_recovery`.

    Neither half opens anything, so no one person can take over an account. Until the code is used
    everything stays as it is. Raises `SamePerson` for the own account.
    """
    enter(tx, caller, Act.RECOVER)
    member = members.by_login(tx, login)
    if member.person_id is None:
        raise NoSuchParty(f"{login} is a machine's account; register another key for it")
    if member.organisation_id != caller.organisation_id and not caller.may(Act.ADD_MEMBER):
        raise Forbidden("a recovery is asked for by an administrator of the own people")
    require_other_person(caller.persons, member.person_id)
    code = one_time_code.new()
    values = {
        "member": member.id, "person": member.person_id, "purpose": "recovery",
        "digest": one_time_code.digest(code), "by": caller.member_id,
        "by_person": caller.person_id, "at": now, "until": now + VALID_FOR,
        "reason": particulars.reason(reason),
    }  # fmt: skip
    number = invitations.add(tx, values)
    acts.record(
        tx, Act.RECOVER, by=by(caller, now), subject="member", subject_id=member.id,
        facts={"invitation": number, "reason": values["reason"]},
    )  # fmt: skip
    return code
