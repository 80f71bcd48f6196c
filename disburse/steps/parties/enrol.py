"""The labour officer puts workers on the roster of a project, all of a list or none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from disburse.domain import particulars, roster
from disburse.domain.access import Act, Caller
from disburse.domain.finding import Effect, Finding
from disburse.domain.identity import normalise_account
from disburse.domain.refusal import Refusal
from disburse.domain.roster import ENROLMENTS_MAX, Enrolment
from disburse.door import admit, by, day
from disburse.storage import acts, parties, workers
from disburse.storage.engine import Transaction
from disburse.storage.parties import NoSuchParty
from disburse.storage.workers import NewWorker


class RosterRefused(Refusal):
    """The roster has faults; `findings` has every one. Nobody of it was enrolled."""

    code = "roster-refused"

    def __init__(self, detail: str, findings: Sequence[Finding] = ()) -> None:
        """Say how many faults there are, and keep them all."""
        super().__init__(detail)
        self.findings = findings


def enrol(
    tx: Transaction,
    *,
    caller: Caller,
    project_id: int,
    registration: str,
    enrolments: Sequence[Enrolment],
    rows: Sequence[int] | None = None,
    now: datetime,
) -> int:
    """Enrol workers of the subcontractor with this registration number; return how many.

    A worker who is on the roster already gets the new particulars. `rows` says where each stands
    in the file that was read (default: 1, 2, 3 …). Raises `RosterRefused` with everything that is
    wrong, `NoSuchParty` for a company that is no subcontractor of the project.
    """
    project = admit(tx, caller, Act.ENROL, project_id)
    employer = parties.organisation(tx, particulars.registration(registration))
    if parties.delegation(tx, project_id=project_id, organisation_id=employer.id) is None:
        raise NoSuchParty(f"{employer.registration} is no subcontractor of this project")
    _require_sound(enrolments, rows or range(1, len(enrolments) + 1), day(project, now))
    index = workers.index(tx)
    prints = [index.of_identity(one.id_type, one.id_number) for one in enrolments]
    numbers = workers.persons(tx, prints)
    count = workers.enrol(
        tx,
        project_id=project_id,
        employer_id=employer.id,
        workers=(
            _stored(one, numbers[print_], index.of_account(normalise_account(one.account)))
            for one, print_ in zip(enrolments, prints, strict=True)
        ),
    )
    acts.record(
        tx,
        Act.ENROL,
        by=by(caller, now),
        subject="organisation",
        subject_id=employer.id,
        project_id=project_id,
        facts={"employer": employer.registration, "workers": count},
    )
    return count


def _require_sound(enrolments: Sequence[Enrolment], rows: Sequence[int], today: date) -> None:
    if not 0 < len(enrolments) <= ENROLMENTS_MAX:
        raise RosterRefused(f"a roster has 1 to {ENROLMENTS_MAX} workers, not {len(enrolments)}")
    found = roster.check(enrolments, rows=rows, today=today)
    wrong = [finding for finding in found if finding.effect is not Effect.ADVISES]
    if wrong:
        raise RosterRefused(
            f"the roster has {len(wrong)} faults and nobody was enrolled; mend all of them", wrong
        )


def _stored(one: Enrolment, person_id: int, account_index: bytes) -> NewWorker:
    return NewWorker(
        person_id=person_id,
        joined_on=one.joined_on,
        left_on=one.left_on,
        account_index=account_index,
        latin=bool(one.latin_name),
        particulars={
            "name": one.name,
            "latin_name": one.latin_name,
            "id_type": one.id_type,
            "id_number": one.id_number,
            "mobile": one.mobile,
            "team": one.team,
            "trade": one.trade,
            "account": one.account,
            "bank_code": one.bank_code,
            "bank_name": one.bank_name,
        },
    )
