"""The bank's own client over HTTP: it lists, takes, downloads, acknowledges, answers."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import text

from disburse.courier.carrying import Carried
from disburse.demo.bank import Word, read_order, write_answer
from disburse.domain.access import OrganisationKind, Role
from disburse.queries.prove import prove
from disburse.steps.bank.fetch import FETCH_HOLDS
from disburse.steps.bank.keep_document import keep_document
from disburse.storage import parties
from tests.courier.carrying import Carrying
from tests.courier.test_envelopes import NAMES, Keys
from tests.http.site import Site, add_token
from tests.sheets import a_credit_code

BYTES = "application/octet-stream"


@pytest.fixture
def bank(world, tmp_path):
    return Bank(world, tmp_path)


class Bank:
    def __init__(self, world, folder, keys=None):
        self.carrying = Carrying(world, folder)
        self.carrying.connect("pull", **(NAMES if keys else {}))
        if keys:
            self.carrying.post(secret=keys.find)
        self.site = Site(world)
        self.file = self.carrying.released()
        self.path = f"files/{self.file.id}"

    def post(self, what, who="bank_operator", **body):
        return self.site.post(f"{self.path}/{what}", who, **({"json": body} if body else {}))

    def content(self, who="bank_operator"):
        answer = self.site.get(f"{self.path}/content", who)
        answer.get_data()
        answer.close()  # the transaction is open until then
        return answer


def test_a_file_is_listed_taken_downloaded_acknowledged_and_answered(bank):
    rows = bank.site.get("files?state=dispatching", "bank_operator").json["rows"]
    assert [row["sha256"] for row in rows] == [bank.file.sha256]
    assert bank.content().status_code == 403  # not before it was taken
    assert bank.post("fetch").json["state"] == "dispatching"
    content = bank.content().data
    assert sha256(content).hexdigest() == bank.file.sha256
    assert bank.post("acknowledge", sha256=bank.file.sha256).json["state"] == "acknowledged"
    assert bank.post("acknowledge", sha256=bank.file.sha256).json["state"] == "acknowledged"
    assert set(bank.carrying.states()) == {"sent"}
    order = read_order(content)
    words = {credit.reference: Word() for credit in order.credits}
    answer = write_answer(order, words, on=bank.file.pay_on)
    told = bank.site.post("reports", "bank_operator", data=answer, content_type=BYTES)
    assert told.status_code == 200
    assert set(bank.carrying.states()) == {"paid"}
    assert bank.carrying.outcomes() == [(1, "sent")]


def test_no_worker_sends_what_the_bank_fetches(bank):
    assert bank.carrying.carry() == Carried()
    assert bank.carrying.file_state() == "dispatching"


def test_it_is_taken_once_and_unknown_when_the_bank_says_no_more(bank):
    assert bank.post("fetch").status_code == 200
    assert bank.post("fetch").status_code == 409
    bank.carrying.wait(seconds=FETCH_HOLDS.total_seconds() + 1)
    assert bank.carrying.carry() == Carried(unknown=1)
    assert bank.content().status_code == 200  # the same bytes; the bank executes a file once
    assert bank.post("acknowledge", sha256=bank.file.sha256).json["state"] == "acknowledged"


def test_other_bytes_are_not_acknowledged(bank):
    bank.post("fetch")
    answer = bank.post("acknowledge", sha256="0" * 64)
    assert (answer.status_code, answer.json["type"]) == (409, "/problems/other-bytes")


def test_nobody_carries_it_besides(bank):
    assert bank.content("releaser").status_code == 409
    assert bank.post("hand_over", "releaser").status_code == 409
    bank.post("fetch")
    bank.post("acknowledge", sha256=bank.file.sha256)
    assert bank.content("releaser").status_code == 409


def test_another_bank_on_the_project_gets_nothing(bank):
    world = bank.site.world
    with world.operating() as tx:
        values = {"kind": OrganisationKind.BANK, "registration": a_credit_code(92),
                  "name": "Another bank", "region": "", "sector": ""}  # fmt: skip
        mine = world.organisations[OrganisationKind.BANK]
        world.organisations[OrganisationKind.BANK] = parties.add_organisation(tx, values)
        caller = world.add_member(tx, OrganisationKind.BANK, Role.BANK_OPERATOR, "other bank")
        parties.add_party(
            tx,
            project_id=world.project_id,
            organisation_id=caller.organisation_id,
            capacity="bank",
        )
        add_token(tx, world, "other bank", caller)
        world.organisations[OrganisationKind.BANK] = mine
    assert bank.post("fetch", "other bank").status_code == 403
    assert bank.content("other bank").status_code == 403
    assert bank.post("acknowledge", "other bank", sha256=bank.file.sha256).status_code == 403


def test_a_bank_that_is_sent_its_files_does_not_fetch_them(world, tmp_path):
    carrying = Carrying(world, tmp_path)
    carrying.connect()
    site = Site(world)
    file = carrying.released()
    assert site.post(f"files/{file.id}/fetch", "bank_operator").status_code == 409


def test_what_was_refused_is_not_downloaded_again(bank):
    bank.post("fetch")
    bank.carrying.wait(seconds=(FETCH_HOLDS + timedelta(seconds=1)).total_seconds())
    bank.carrying.carry()
    letter = bank.carrying.world.do(keep_document, "releaser", content=b"the bank's letter")
    said = {"document_sha256": letter, "reason": "the bank wrote"}
    bank.post("never", "releaser", **said)
    assert bank.post("never", "approver", **said).json["state"] == "refused"
    assert bank.content().status_code == 409


class TestInAnEnvelope:
    @pytest.fixture
    def keys(self):
        return Keys()

    @pytest.fixture
    def sealing(self, world, tmp_path, keys):
        return Bank(world, tmp_path, keys)

    def test_the_bank_fetches_what_the_worker_sealed_and_says_what_was_inside(self, sealing, keys):
        refused = sealing.post("fetch")
        assert refused.status_code == 409, "serve has none of the keys"
        assert "envelope" in refused.json["detail"]
        assert sealing.carrying.carry() == Carried()
        assert sealing.carrying.outcomes() == [], "nobody had it yet"

        assert sealing.post("fetch").status_code == 200
        answer = sealing.content()
        assert f"{sealing.file.name}.p7m" in answer.headers["Content-Disposition"]
        assert answer.get_etag()[0] == sha256(answer.data).hexdigest()
        inside = keys.banks.open(answer.data)
        assert sha256(inside).hexdigest() == sealing.file.sha256
        assert sealing.post("acknowledge", sha256=sealing.file.sha256).status_code == 200

        sealing.carrying.carry()
        assert sealing.content().data == answer.data, "the same bytes every time"
        with sealing.carrying.world.loop() as tx:
            assert prove(tx, deep=True).ok

    def test_what_the_bank_has_plainly_is_not_sealed_afterwards(self, bank, keys):
        bank.post("fetch")
        before = bank.content().data
        bank.carrying.connect("pull", **NAMES)
        bank.carrying.post(secret=keys.find)
        bank.carrying.carry()
        assert bank.content().data == before

    def test_keys_that_cannot_be_used_let_the_file_wait(self, sealing, keys):
        del keys.secrets["our_key"]
        assert sealing.carrying.carry() == Carried()
        assert sealing.post("fetch").status_code == 409
        assert sealing.carrying.file_state() == "dispatching"

    def test_bytes_that_were_changed_are_not_sealed(self, sealing):
        with sealing.carrying.world.owning() as tx:
            tx.execute(text("UPDATE bank_file SET sha256 = repeat('0', 64)"))
        assert sealing.carrying.carry() == Carried()
        assert sealing.post("fetch").status_code == 409
        assert sealing.carrying.rows("SELECT outer_bytes_id FROM bank_file") == [(None,)]
