"""Banks that know no gaps in file numbers: one file in flight, an unknown one holds up the next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from disburse.adapter import Numbering
from disburse.courier.carrying import Carried
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.lifecycle.edges import WrongState
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.cancel_file import cancel_file
from disburse.steps.bank.claim import claim
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.reissue import reissue
from disburse.transports.directory import Directory


class Gapless:
    """The real adapter of a bank that wants consecutive numbers, and few payments in a file."""

    def __init__(self, adapter):
        self._adapter = adapter
        self.capabilities = replace(
            adapter.capabilities, numbering=Numbering.CONSECUTIVE, payments_max=3
        )

    def __getattr__(self, name):
        return getattr(self._adapter, name)


@pytest.fixture
def gapless(carrying):
    """A connection to such a bank, and three files for it."""
    world = carrying.world
    world.banks = {name: Gapless(one) for name, one in world.banks.items()}
    _, carrying.files = world.exported()
    assert [file.sequence for file in carrying.files] == [1, 2, 3]
    return carrying


def acknowledged(carrying, file):
    order = read_order((carrying.outbox / file.name).read_bytes())
    words = {credit.reference: Word() for credit in order.credits}
    carrying.world.ingest(write_answer(order, words, on=file.pay_on))


def test_the_next_file_leaves_when_the_bank_has_the_one_before(gapless):
    gapless.connect()
    first, second, third = gapless.files
    for file in (third, second, first):  # released in any order
        gapless.release(file)
    for file in (first, second, third):
        assert gapless.carry() == Carried(sent=1)
        assert gapless.carry() == Carried()
        assert gapless.file_state(file.id) == "sent"
        acknowledged(gapless, file)
    assert set(gapless.states()) == {"paid"}


def test_an_unknown_file_holds_up_the_next(gapless, monkeypatch):
    gapless.connect()
    first, second, _ = gapless.files
    gapless.release(first)
    gapless.release(second)
    with monkeypatch.context() as broken:
        broken.setattr(Directory, "submit", lambda *_: (_ for _ in ()).throw(TimeoutError))
        assert gapless.carry() == Carried(unknown=1)
    assert gapless.carry() == Carried()
    assert gapless.file_state(second.id) == "dispatching"


def test_a_number_that_nobody_had_is_given_to_another_file(gapless):
    gapless.connect()
    world, (first, second, third) = gapless.world, gapless.files
    gapless.release(first)
    gapless.release(third)
    gapless.carry()
    acknowledged(gapless, first)
    world.do(cancel_file, "releaser", file_id=second.id, reason="the pay day is over")
    assert gapless.carry() == Carried()  # number 2 is missing
    rows = gapless.rows("SELECT reference FROM attempt WHERE state = 'void' ORDER BY reference")
    facts = {"reference": rows[0][0], "reason": "again", "banks": world.banks}
    asked = world.do(reissue, "labour_officer", **facts)
    world.do(countersign, "approver", reference=asked.reference)
    [again] = world.do(bundle, "releaser", sheet_id=second.sheet_id, banks=world.banks)
    assert again.sequence == 2
    gapless.release(again)
    assert gapless.carry() == Carried(sent=1)
    acknowledged(gapless, again)
    assert gapless.carry() == Carried(sent=1)


def test_people_who_carry_files_keep_the_order_too(gapless):
    first, second, _ = gapless.files

    def take(file):
        shown = {"sha256": file.sha256, "count": file.count, "total": file.total}
        facts = {"file_id": file.id, "banks": gapless.world.banks}
        return gapless.world.do(claim, "releaser", **facts, **shown)

    with pytest.raises(WrongState, match="every lower number"):
        take(second)
    assert take(first)[0].state == "dispatching"
    with pytest.raises(WrongState, match="every lower number"):
        take(second)
