"""Who sees people in full, what keeps their data, and that nothing is left when they end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import Forbidden
from disburse.domain.approval import SamePerson
from disburse.domain.retention import RULES, StillKept, kept_until
from disburse.queries.prove import prove
from disburse.steps.privacy import reveal as revealing
from disburse.steps.privacy.hold import hold
from disburse.steps.privacy.lift_hold import lift_hold
from disburse.steps.privacy.reveal import TooManyReveals, reveal
from disburse.steps.privacy.shred import shred
from disburse.storage import history, kept_bytes, seals
from disburse.storage.holds import NoSuchHold
from disburse.storage.lines import NoSuchLine
from disburse.storage.seals import Forgotten
from disburse.storage.sheets import NoSuchSheet
from tests.http.site import Site
from tests.sheets import TODAY, lines

WHY = {"reason": "the card's holder is another person"}


@pytest.fixture
def sheet(world):
    return world.receive().sheet


@pytest.fixture
def ended(world):
    """Everybody is paid, and the project ended more than three years ago."""
    _, [file], [content] = world.sent()
    order = read_order(content)
    answers = {credit.reference: Word() for credit in order.credits}
    world.ingest(write_answer(order, answers, on=world.now.date()))
    with world.begin() as tx:
        tx.execute(text("UPDATE project SET ends_on = :day"), {"day": TODAY})
    world.now += timedelta(days=3 * 366 + 40)
    return file


def see(world, sheet, who="labour_officer", line=1):
    return world.do(reveal, who, sheet_id=sheet.id, line=line, **WHY)


class TestRevealing:
    def test_one_line_is_shown_in_full_and_the_history_says_to_whom_and_why(self, world, sheet):
        shown = see(world, sheet, line=2)
        line = lines(2)[1]
        assert (shown.name, shown.id_number, shown.mobile, shown.account) == (
            line.name, line.id_number, line.mobile, line.account,
        )  # fmt: skip
        with world.begin() as tx:
            act = tx.execute(text("SELECT * FROM act WHERE act = 'reveal'")).one()
        assert (act.person_id, act.subject_id) == (
            world.caller("labour_officer").person_id, f"{sheet.id}.2",
        )  # fmt: skip
        assert act.facts == {"line": 2, **WHY}

    def test_it_is_told_once_and_a_repetition_keeps_it_to_itself(self, world, sheet):
        site = Site(world)
        path = f"sheets/{sheet.id}/lines/1/reveal"
        first = site.post(path, "inspector", key="again", json=WHY)
        second = site.post(path, "inspector", key="again", json=WHY)
        assert first.json["id_number"] == lines(1)[0].id_number
        assert set(second.json.values()) == {None}
        assert site.post(path, "approver", json=WHY).status_code == 403

    @pytest.mark.parametrize("who", ["approver", "supervisor", "signer", "viewer"])
    def test_only_who_compares_people_with_papers_may(self, world, sheet, who):
        with pytest.raises(Forbidden):
            see(world, sheet, who)

    def test_what_is_not_there_is_refused(self, world, sheet):
        with pytest.raises(NoSuchLine):
            see(world, sheet, line=99)
        with pytest.raises(NoSuchSheet):
            world.do(reveal, "inspector", sheet_id=999, line=1, **WHY)

    def test_nobody_copies_a_roster_line_by_line(self, world, sheet, monkeypatch):
        monkeypatch.setattr(revealing, "REVEALS_MAX", 2)
        see(world, sheet)
        see(world, sheet, line=2)
        with pytest.raises(TooManyReveals) as refused:
            see(world, sheet, line=3)
        assert refused.value.facts["seconds"] == 86_400
        assert see(world, sheet, "inspector").name  # each person counts alone
        world.now += timedelta(days=1)
        assert see(world, sheet, line=3).name


class TestHolds:
    def test_one_person_holds_and_two_lift(self, world):
        number = world.do(hold, "inspector", **WHY)
        asked = {"hold_id": number, **WHY}
        assert world.do(lift_hold, "labour_officer", **asked) is False
        with pytest.raises(SamePerson):
            world.do(lift_hold, "labour_officer", **asked)
        assert world.do(lift_hold, "supervisor", **asked) is True
        with pytest.raises(NoSuchHold):
            world.do(lift_hold, "inspector", **asked)

    def test_the_database_refuses_one_person_for_both(self, world):
        number = world.do(hold, "inspector", **WHY)
        alone = text(
            "UPDATE legal_hold SET asked_by = 1, lifted_by = 1, lifted_at = now() WHERE id = :h"
        )
        with pytest.raises(IntegrityError, match="lifted_by_another_person"), world.begin() as tx:
            tx.execute(alone, {"h": number})


class TestShredding:
    def test_the_law_says_for_how_long(self):
        assert max(rule.years for rule in RULES) == 3
        assert all(rule.source for rule in RULES)
        assert kept_until(TODAY, None) == TODAY.replace(year=TODAY.year + 3)
        later = TODAY + timedelta(days=10)
        assert kept_until(TODAY, later) == later.replace(year=later.year + 3)
        assert str(kept_until(TODAY.replace(year=2028, month=2, day=29), None)) == "2031-03-01"

    def test_everything_that_keeps_the_data_is_told_at_once(self, world):
        world.receive()
        world.do(hold, "inspector", **WHY)
        with pytest.raises(StillKept) as refused:
            world.do(shred, "administrator", **WHY)
        assert (refused.value.facts["unsettled"], refused.value.facts["holds"]) == (8, 1)
        assert "the law wants them kept until" in str(refused.value)

    @pytest.mark.usefixtures("ended")
    def test_only_the_administrator_destroys(self, world):
        with pytest.raises(Forbidden):
            world.do(shred, "labour_officer", **WHY)

    @pytest.mark.usefixtures("ended")
    def test_a_hold_blocks_it_until_two_people_lift_it(self, world):
        number = world.do(hold, "supervisor", **WHY)
        with pytest.raises(StillKept, match="legal holds"):
            world.do(shred, "administrator", **WHY)
        for who in ("inspector", "labour_officer"):
            world.do(lift_hold, who, hold_id=number, **WHY)
        assert world.do(shred, "administrator", **WHY).keys > 0

    def test_afterwards_nothing_can_be_read_and_the_books_still_prove(self, world, ended):
        done = world.do(shred, "administrator", **WHY)
        assert done.keys >= 10  # of eight people, of a month, and the project's own
        assert (done.indexes, done.salts, done.persons) == (16, 1, 8)
        here = {"p": world.project_id}
        with world.begin() as tx:
            assert tx.scalar(text("SELECT count(*) FROM root_key WHERE project_id = :p"), here) == 0
            kept = text("SELECT count(*) FROM record_key WHERE project_id = :p")
            assert tx.scalar(kept, here) == 0
            rows = list(history.payouts(tx, history.Selection(project_ids=[world.project_id])))
            assert [row["amount"] for row in rows] == [line.net for line in lines(8)]
            told = {(row["name"], row["id_number"], row["account"]) for row in rows}
            assert told == {("", "", "")}
            with pytest.raises(Forgotten):
                kept_bytes.read(tx, project_id=world.project_id, bytes_id=ended.bytes_id)
            assert tx.scalar(text("SELECT count(*) FROM person WHERE fingerprint IS NULL")) == 8
            sealed = text("SELECT bool_and(length(digest) = 64 AND signature <> '') FROM sheet")
            assert tx.scalar(sealed)
            assert prove(tx, deep=True).ok
            with pytest.raises(Forgotten):
                seals.of_month(tx, world.project_id, world.now)
        with pytest.raises(Forgotten):
            world.do(reveal, "inspector", sheet_id=1, line=1, **WHY)

    @pytest.mark.usefixtures("ended")
    def test_a_person_with_an_account_is_still_found(self, world):
        with world.begin() as tx:
            worker = tx.scalar(text("SELECT person_id FROM worker ORDER BY id LIMIT 1"))
        with world.operating() as tx:
            tx.execute(text("""
                UPDATE member SET person_id = :worker WHERE id = (SELECT max(id) FROM member)
            """), {"worker": worker})  # fmt: skip
        assert world.do(shred, "administrator", **WHY).persons == 7
