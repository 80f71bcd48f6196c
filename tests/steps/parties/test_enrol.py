from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from disburse.domain.access import Forbidden, OrganisationKind
from disburse.domain.finding import Code
from disburse.domain.roster import ENROLMENTS_MAX, Enrolment
from disburse.domain.sheet import IdType
from disburse.steps.parties.enrol import RosterRefused, enrol
from disburse.storage import records
from disburse.storage.parties import NoSuchParty
from disburse.storage.records import Sealed
from tests.sheets import a_card, a_credit_code, a_sheet_json, an_identity_number, lines


def a_worker(place=0, **changed):
    made = Enrolment(
        name=f"工人{place}",
        id_type=IdType.RESIDENT_CARD,
        id_number=an_identity_number(place),
        joined_on=date(2026, 3, 1),
        account=a_card(place),
        team="A",
    )
    return replace(made, **changed)


def enrolling(world, *workers, caller="labour_officer", **changed):
    values = {"registration": a_credit_code(2), "enrolments": workers}
    with world.begin() as tx:
        return enrol(tx, caller=world.caller(caller), **world.here | values | changed)


def roster(world):
    with world.begin() as tx:
        return tx.execute(text("SELECT * FROM worker ORDER BY id")).all()


def test_workers_are_enrolled_and_then_their_lines_are_payable(world):
    before = len(roster(world))
    more = lines(world.workers + 2)
    new = [
        a_worker(name=line.name, id_number=line.id_number, account=line.account)
        for line in more[world.workers :]
    ]
    content = a_sheet_json(*more)
    assert enrolling(world, *new) == 2
    assert len(roster(world)) == before + 2
    assert world.receive(content).findings == []


def test_a_worker_who_is_enrolled_again_gets_the_new_particulars(world):
    enrolling(world, a_worker(500))
    count = len(roster(world))
    enrolling(world, a_worker(500, team="B", left_on=date(2026, 9, 1)))
    last = roster(world)[-1]
    place = records.of_worker(world.project_id, last.employer_id, last.person_id)
    with world.begin() as tx:
        [told] = records.opened(tx, [Sealed(world.project_id, place, last.particulars)])
    assert (len(roster(world)), told["team"], last.left_on) == (count, "B", date(2026, 9, 1))


def test_every_fault_of_every_worker_is_told_at_once_and_masked(world):
    before = roster(world)
    wrong = [
        a_worker(1),
        a_worker(1, account="6222021234567890123"),
        a_worker(2, id_number="620200199001011234", mobile="12", bank_code="nonsense"),
        a_worker(3, left_on=date(2026, 2, 1)),
    ]
    with pytest.raises(RosterRefused) as refused:
        enrolling(world, *wrong, rows=[2, 5, 6, 9])
    found = [(one.code, one.row, one.column) for one in refused.value.findings]
    assert found == [
        (Code.SAME_WORKER_TWICE, 5, "id_number"),
        (Code.BAD_ACCOUNT, 5, "account"),
        (Code.BAD_IDENTITY_NUMBER, 6, "id_number"),
        (Code.BAD_DATE, 9, "left_on"),
    ]
    shown = " ".join(one.value for one in refused.value.findings)
    assert "620200199001011234" not in shown
    assert "6222021234567890123" not in shown
    assert roster(world) == before


def test_advice_keeps_nobody_off_the_roster(world):
    assert enrolling(world, a_worker(7, mobile="12")) == 1


@pytest.mark.parametrize("count", [0, ENROLMENTS_MAX + 1])
def test_a_roster_has_somebody_and_not_too_many(world, count):
    with pytest.raises(RosterRefused):
        enrolling(world, *[a_worker(1)] * count)


def test_only_the_projects_labour_officer_enrols(world):
    for caller in ("approver", "signer"):
        with pytest.raises(Forbidden):
            enrolling(world, a_worker(1), caller=caller)
    with pytest.raises(NoSuchParty):
        enrolling(world, a_worker(1), caller="administrator")


def test_workers_are_enrolled_for_a_subcontractor_of_the_project_only(world):
    with pytest.raises(NoSuchParty, match="no subcontractor"):
        enrolling(world, a_worker(1), registration=a_credit_code(3))
    with pytest.raises(NoSuchParty):
        enrolling(world, a_worker(1), registration=a_credit_code(77))


def test_the_history_says_how_many_and_nobodys_name(world):
    enrolling(world, a_worker(500))
    with world.begin() as tx:
        row = tx.execute(text("SELECT act, facts FROM act ORDER BY id DESC LIMIT 1")).one()
    assert row.act == "enrol"
    assert row.facts == {"employer": a_credit_code(2), "workers": 1}
    assert world.organisations[OrganisationKind.SUBCONTRACTOR]
