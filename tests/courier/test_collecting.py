"""Answers are taken in before they are moved; nothing is deleted, nothing read twice."""

from __future__ import annotations

import pytest

from disburse.courier import collecting
from disburse.courier.carrying import Carried
from disburse.demo.bank import Word, read_order, with_stranger, write_answer
from disburse.transports.directory import Directory


@pytest.fixture
def answered(carrying):
    """A file that the bank has; returns its answer."""
    carrying.connect()
    file = carrying.released()
    carrying.carry()
    order = read_order((carrying.outbox / file.name).read_bytes())
    words = {credit.reference: Word() for credit in order.credits}
    return write_answer(order, words, on=file.pay_on)


def lying(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_an_answer_is_taken_in_and_moved_beside(carrying, answered):
    (carrying.inbox / "a.txt").write_bytes(answered)
    (carrying.inbox / ".hidden").write_bytes(b"?")
    (carrying.inbox / "half.part").write_bytes(b"?")
    (carrying.inbox / "linked").symlink_to(carrying.inbox / "half.part")

    assert carrying.carry() == Carried(answers=1)

    assert set(carrying.states()) == {"paid"}
    read = [name for name in lying(carrying.inbox) if name.startswith("read/")]
    assert len(read) == 1
    assert (carrying.inbox / read[0]).read_bytes() == answered
    assert carrying.rows("SELECT received_by FROM report") == [(None,)]
    assert carrying.carry() == Carried()


def test_an_answer_whose_moving_failed_is_no_second_answer(carrying, answered, monkeypatch):
    (carrying.inbox / "a.txt").write_bytes(answered)
    set_aside = Directory.set_aside

    def die(self, answer, *, read):
        raise KeyboardInterrupt

    monkeypatch.setattr(Directory, "set_aside", die)
    with pytest.raises(KeyboardInterrupt):
        carrying.carry()
    monkeypatch.setattr(Directory, "set_aside", set_aside)
    assert carrying.carry() == Carried(answers=1)
    assert len(carrying.rows("SELECT 1 FROM report")) == 1
    assert carrying.rows("SELECT code FROM anomaly") == []


def test_what_nobody_can_read_is_kept_and_told(carrying, answered):
    (carrying.inbox / "odd.txt").write_bytes(b"\xff no bank wrote this")
    assert carrying.carry() == Carried(answers=1)
    assert [name[:11] for name in lying(carrying.inbox)] == ["unreadable/"]
    facts = carrying.rows("SELECT facts ->> 'refused' FROM act WHERE act = 'ingest'")
    assert facts == [("unreadable-report",)]
    alarms = carrying.rows("SELECT code, reference, red FROM anomaly")
    assert alarms == [("answer-not-taken", "unreadable-report", False)]


def test_a_record_about_nobody_is_seen_once_and_blocks_no_other(carrying, answered):
    order = with_stranger(read_order(next(carrying.outbox.iterdir()).read_bytes()))
    words = {credit.reference: Word() for credit in order.credits}
    (carrying.inbox / "a.txt").write_bytes(write_answer(order, words, on=carrying.world.now.date()))
    carrying.carry()
    assert set(carrying.states()) == {"paid"}
    assert carrying.rows("SELECT code FROM anomaly") == [("unknown-reference",)]


def test_an_answer_that_names_nothing_of_ours_goes_to_the_oldest_project(carrying, answered):
    order = with_stranger(read_order(next(carrying.outbox.iterdir()).read_bytes()))
    words = {order.credits[-1].reference: Word()}
    (carrying.inbox / "a.txt").write_bytes(write_answer(order, words, on=carrying.world.now.date()))
    carrying.carry()
    assert carrying.rows("SELECT code, project_id FROM anomaly") == [
        ("unknown-reference", carrying.world.project_id)
    ]


def test_two_workers_do_not_read_one_folder_at_once(carrying, answered, monkeypatch):
    (carrying.inbox / "a.txt").write_bytes(answered)
    collect, inside = Directory.collect, []

    def meanwhile(self):
        if not inside:
            inside.append(carrying.carry("another"))
        yield from collect(self)

    monkeypatch.setattr(Directory, "collect", meanwhile)
    assert carrying.carry().answers == 1
    assert inside == [Carried()]


def test_a_defect_holds_up_no_other_answer(carrying, answered, monkeypatch):
    """And what met it stays where it lies, to be taken once the defect is mended."""
    (carrying.inbox / "a.txt").write_bytes(b"met")
    (carrying.inbox / "b.txt").write_bytes(answered)
    apply = collecting._apply

    def defective(post, connection, content):
        if content == b"met":
            raise ZeroDivisionError
        apply(post, connection, content)

    monkeypatch.setattr(collecting, "_apply", defective)
    with pytest.raises(ZeroDivisionError):
        carrying.carry()
    assert set(carrying.states()) == {"paid"}
    assert (carrying.inbox / "a.txt").exists()
    assert not (carrying.inbox / "b.txt").exists()


def test_a_folder_that_is_away_is_told_and_holds_up_nobody(carrying, answered):
    (carrying.inbox / "a.txt").write_bytes(answered)
    carrying.inbox.rename(carrying.folder / "away")
    assert carrying.carry() == Carried(unreachable=1)
    (carrying.folder / "away").rename(carrying.inbox)
    assert carrying.carry() == Carried(answers=1)
    assert collecting.collect_all(carrying.post(), {}) == (0, 0)
