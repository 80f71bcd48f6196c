"""A second person stands up for whoever is to be let in anew."""

from __future__ import annotations

from datetime import datetime

from disburse.domain import one_time_code
from disburse.domain.access import Act, Caller, Forbidden, require_proof
from disburse.domain.approval import require_other_person
from disburse.door import by, enter
from disburse.storage import acts, invitations, members
from disburse.storage.engine import Transaction


def confirm_recovery(tx: Transaction, *, caller: Caller, login: str, now: datetime) -> str:
    """Return the second half of the code, or raise `SamePerson`, `NoSuchInvitation`, `Forbidden`.

    Any person of the same organisation may; an administrator of the operator only where the other
    one is of the organisation itself, so that the operator's people alone open nobody's account.
    """
    require_proof(caller, Act.CONFIRM_RECOVERY)
    enter(tx, caller)
    member = members.by_login(tx, login)
    asked = invitations.unconfirmed(tx, member.id, at=now)
    require_other_person(caller.persons, asked.person_id, asked.made_by_person)
    asker = members.by_number(tx, asked.made_by)
    own = member.organisation_id
    if caller.organisation_id != own and not (
        asker.organisation_id == own and caller.may(Act.ADD_MEMBER)
    ):
        raise Forbidden("a recovery takes somebody of the person's own organisation")
    code = one_time_code.new()
    invitations.confirm(
        tx, asked.id, code=code, by=caller.member_id, person_id=caller.person_id or 0
    )
    acts.record(
        tx, Act.CONFIRM_RECOVERY, by=by(caller, now), subject="member", subject_id=member.id,
        facts={"invitation": asked.id},
    )  # fmt: skip
    return code
