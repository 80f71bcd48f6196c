"""Payday at a bank that others wrote: `mock-bank` pays, rejects, returns and is silent.

The files leave and the answers come by the worker loop's own rounds: through a pair of folders,
by HTTPS push, or fetched by the bank. Where the bank's HTTP side has only a mailbox to be emptied,
`Mailman` brings what lies in it to the service's API, as a bank's own client does. Both clocks
stand still between the steps. Everything is reconciled to the cent at the end of every test.
"""

from __future__ import annotations

import json
import subprocess
from datetime import date, timedelta
from os import environ
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import mockbank
import pytest
from sqlalchemy import text

from adapters.iso20022 import Iso20022
from disburse.clock import system_clock
from disburse.courier.post import OutsideCount, Post
from disburse.domain.open_item import Explained
from disburse.domain.orders import Correction, write_correction
from disburse.domain.sheet import Payee
from disburse.queries.prove import prove
from disburse.queries.reconciliation import reconciliation
from disburse.signing import sign
from disburse.steps.bank.bundle import bundle
from disburse.steps.bank.claim import claim
from disburse.steps.bank.countersign import countersign
from disburse.steps.bank.reissue import reissue
from disburse.steps.bank.retransmit import retransmit
from disburse.steps.money.declare import declare
from disburse.steps.money.endorse import endorse
from disburse.steps.money.explain import explain
from disburse.steps.money.vouch import vouch
from disburse.steps.parties.connect import connect
from disburse.steps.payroll.approve import approve
from disburse.steps.payroll.export import export
from disburse.steps.payroll.review import review
from disburse.storage import embedded, kept_bytes
from disburse.work import turn
from tests.builders import NOW, World, a_key
from tests.cli.terminal import DISBURSE, MASTER_KEY
from tests.courier.carrying import BANK, no_secret
from tests.http.site import Site
from tests.sheets import a_line, a_sheet_json

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

WAYS = ("directory", "push", "pull")
ADAPTER = "iso20022:mock_bank"
# What we know of this bank: it executes a message once, whatever its name was.
PROFILE = {
    "adapter": "iso20022", "title": "mock-bank", "version": "1", "confidence": "confirmed",
    "deduplicates": True,
}  # fmt: skip
SPECIAL_ACCOUNT = "NL41MOCK0000000001"
GOOD, CLOSED, ALSO_GOOD = "NL14MOCK0000000002", "NL84MOCK0000000003", "DE89370400440532013000"
BYTES = "application/octet-stream"


class Bank:
    """The simulator, with its folders or without."""

    def __init__(self, folder, clock="2026-08-05T09:00", **settings):
        config = mockbank.Config(
            port=0, quiet=True, clock=clock, drop_settle_ms=0,
            drop_interval_ms=3_600_000, **settings,
        )  # fmt: skip
        self.server = mockbank.make_server(config)
        self.folder = folder
        self.port = self.server.server_address[1]
        Thread(target=self.server.serve_forever, daemon=True).start()

    def ask(self, method, path, content=None):
        body = json.dumps(content).encode() if isinstance(content, dict) else content
        where = f"http://127.0.0.1:{self.port}{path}"
        try:
            with urlopen(Request(where, data=body, method=method)) as told:
                return told.status, told.read()
        except HTTPError as error:
            return error.code, error.read()

    def json(self, *asked):
        return json.loads(self.ask(*asked)[1])

    def behave(self, how, **parameters):
        told = {"behaviour": how, "parameters": parameters}
        assert self.ask("PATCH", "/_mock/accounts/ACME", told)[0] == 200


class Mailman:
    """Brings what the bank put into its HTTP mailbox to the service, as the bank's client does."""

    def __init__(self, bank, site):
        self.bank, self.site = bank, site

    def fetch(self):
        """Fetch the files that wait, hand them to the bank, and acknowledge them (pull)."""
        for row in self.site.get("files?state=dispatching", "bank_operator").json["rows"]:
            path = f"files/{row['id']}"
            assert self.site.post(f"{path}/fetch", "bank_operator").status_code == 200
            content = self.site.get(f"{path}/content", "bank_operator").get_data()
            self.bank.ask("POST", "/payments", content)
            told = {"sha256": row["sha256"]}
            assert self.site.post(f"{path}/acknowledge", "bank_operator", json=told).json

    def bring(self):
        """Post every message; notices are about what a statement tells as well."""
        for one in self.bank.json("GET", "/_mock/mailbox"):
            kind = one["type"][: len("camt.053")]
            if kind in {"camt.054", "camt.052"} or one["account"] not in {"ACME", None}:
                continue
            content = one["body"]
            where = "statements" if kind == "camt.053" else "reports"
            told = self.site.post(where, "bank_operator", data=content.encode(), content_type=BYTES)
            assert told.status_code in {200, 201}, told.json


class Town:
    """The site, the bank, and what travels between them."""

    def __init__(self, begin, folder, way, *, adapter=ADAPTER, clock="2026-08-05T09:00", now=NOW):
        self.way, self.folder, self.adapter = way, folder, adapter
        folders = {"drop_dir": str(folder / "out"), "pickup_dir": str(folder / "in")}
        self.bank = Bank(folder, clock, **(folders if way == "directory" else {}))
        self.bank.ask("PATCH", "/_mock/accounts/ACME", {"balance": 0})
        self.world = World(
            begin,
            adapter=adapter,
            now=now,
            account={"currency": "EUR", "number": SPECIAL_ACCOUNT, "bank_code": "MOCKNL2A",
                     "holder": "TEST BUILDERS"},
            banks={adapter: Iso20022(adapter, PROFILE)},
            workers=0,
        )  # fmt: skip
        self.mailman = Mailman(self.bank, Site(self.world))
        self.post = Post(
            begin=self.world.loop, banks=self.world.banks, clock=lambda: self.world.now,
            name="worker",
            count=OutsideCount(folder / "dispatched"), secret=no_secret,
        )  # fmt: skip
        settings = {
            "directory": {"outbox": folders["drop_dir"], "inbox": folders["pickup_dir"]},
            "push": {"url": f"http://127.0.0.1:{self.bank.port}/payments"},
            "pull": {},
        }[way]
        with self.world.operating() as tx:
            connect(
                tx, caller=self.world.caller("administrator"), bank=BANK, adapter=adapter,
                transport=way, settings=settings, now=self.world.now,
            )  # fmt: skip

    pay_on = date(2026, 8, 10)  # a Monday
    money_takes = 1  # days until it stands in a statement

    # ------------------------------------------------------------ time, and the two sides
    def work(self):
        """Let the worker loop and the bank each do what there is to do, until neither has more."""
        for _ in range(3):
            done = turn(self.world.loop, now=self.world.now, post=self.post)
            assert done.failed == 0
            if self.way == "pull":
                self.mailman.fetch()
            if self.way == "directory":
                self.bank.ask("POST", "/_mock/drop/scan")
            else:
                self.mailman.bring()

    def wait(self, days):
        for _ in range(days):  # statement by statement, as time goes
            self.world.now += timedelta(days=1)
            assert self.bank.ask("POST", "/_mock/advance?days=1")[0] == 200
            self.work()

    # ------------------------------------------------------------ people
    def crew(self, *accounts):
        given = [
            a_line(
                place, name=f"TEST WORKER {place}", account=account, bank_name="",
                bank_code="COBADEFF" if account.startswith("DE") else "MOCKNL2A",
            )
            for place, account in enumerate(accounts, start=1)
        ]  # fmt: skip
        with self.world.begin() as tx:
            self.world.enrol(tx, given)
        return given

    def allocates(self, amount):
        """The owner's money comes from an unknown account; two people say what it was."""
        told = {"account": "ACME", "amount": amount, "note": "wages July"}
        assert self.bank.ask("POST", "/_mock/credits", told)[0] == 201
        self.wait(self.money_takes)
        with self.world.loop() as tx:
            query = "SELECT id FROM open_item WHERE remaining = :amount"
            item_id = tx.scalar(text(query), {"amount": amount})
        number = self.world.do(
            explain, "labour_officer", kind=Explained.ALLOCATION, amount=amount, item_id=item_id,
            reason="the owner's transfer of today",
        )  # fmt: skip
        self.world.do(endorse, "approver", explanation_id=number)

    def release(self, crew):
        """Bring a sheet to the point where the worker loop may send its file."""
        got = self.world.receive(a_sheet_json(*crew, currency="EUR", pay_on=self.pay_on))
        self.world.do(review, "labour_officer", sheet_id=got.sheet.id)
        turn(self.world.loop, now=self.world.now)  # funds it
        self.world.do(approve, "approver", sheet_id=got.sheet.id)
        _, files = self.world.do(export, "releaser", sheet_id=got.sheet.id, banks=self.world.banks)
        return got.sheet.id, self.claim(files)

    def claim(self, files):
        [file] = files
        told = {"sha256": file.sha256, "count": file.count, "total": file.total}
        self.world.do(claim, "releaser", file_id=file.id, **told)
        return file

    def paid(self, *accounts):
        """A sheet for these accounts is funded, released and at the bank."""
        crew = self.crew(*accounts)
        self.allocates(sum(line.net for line in crew))
        sheet_id, file = self.release(crew)
        self.work()
        return sheet_id, file

    # ------------------------------------------------------------ what stands where
    def rows(self, query):
        with self.world.loop() as tx:
            return [tuple(row) for row in tx.execute(text(query))]

    def states(self):
        """Return the payments: state and the bank's reason, in order."""
        return self.rows("SELECT state, reason FROM attempt ORDER BY line, attempt")

    def file_state(self):
        return [state for (state,) in self.rows("SELECT state FROM bank_file ORDER BY id")]

    def alarms(self):
        return [code for (code,) in self.rows(
            "SELECT code FROM anomaly WHERE resolved_at IS NULL AND code <> 'unknown-credit' "
            "ORDER BY id")]  # fmt: skip

    def reconcile(self):
        """The ledger, and what the bank itself has of our account, agree to the cent."""
        with self.world.loop() as tx:
            proof = prove(tx, deep=True)
            told = reconciliation(
                tx, self.world.caller("finance_viewer"), project_id=self.world.project_id
            )
        assert proof.ok, proof.differences
        assert told.agrees
        assert [day.difference for day in told.days] == [0] * len(told.days)
        last = self.bank.json("GET", "/_mock/accounts/ACME/statements")[-1]
        assert told.days[-1].closing == last["closing"]
        return proof, told.days[-1]


class Living(Town):
    """The same, but `disburse work` is a process of its own, and both sides have the real time."""

    def __init__(self, begin, folder, database):
        self.environment = {k: v for k, v in environ.items() if not k.startswith("DISBURSE_")} | {
            "DISBURSE_DATABASE_URL": embedded.as_role(database, embedded.WORK),
            "DISBURSE_VAR": str(folder / "var"),
            "DISBURSE_MASTER_KEY": MASTER_KEY,
            "DISBURSE_ADAPTERS": "iso20022",
        }
        now = system_clock()
        self.pay_on = now.date() + timedelta(days=3)
        super().__init__(begin, folder, "directory", adapter="iso20022", clock="", now=now)

    money_takes = 4  # today may be a Friday afternoon

    def work(self):
        for _ in range(2):
            subprocess.run([*DISBURSE, "work", "--once"], env=self.environment, check=True)
            self.bank.ask("POST", "/_mock/drop/scan")

    def wait(self, days):
        assert self.bank.ask("POST", f"/_mock/advance?days={days}")[0] == 200
        self.work()


@pytest.fixture(params=WAYS)
def town(begin, tmp_path, request, socket_enabled):
    (tmp_path / "out").mkdir()
    (tmp_path / "in").mkdir()
    made = Town(begin, tmp_path, request.param)
    yield made
    made.bank.server.shutdown()
    made.bank.server.server_close()


def test_what_the_bank_accepts_is_paid_when_its_statement_says_so(town):
    town.paid(GOOD, ALSO_GOOD)
    assert town.states() == [("accepted", "ACCP")] * 2
    assert town.file_state() == ["acknowledged"]
    town.wait(6)  # over the pay day, Monday, and its statement
    assert [state for state, _ in town.states()] == ["paid"] * 2
    assert town.alarms() == []
    proof, day = town.reconcile()
    assert proof.unbooked == ()
    assert (day.closing, day.held, day.in_flight) == (0, 0, 0)


def test_a_closed_account_is_rejected_held_and_paid_to_the_next(town):
    sheet_id, _ = town.paid(GOOD, CLOSED)
    assert town.states() == [("accepted", "ACCP"), ("rejected", "AC04")]
    _, reference = (one for (one,) in town.rows("SELECT reference FROM attempt ORDER BY line"))
    town.wait(6)
    _, day = town.reconcile()
    assert day.closing == day.held > 0

    payee = Payee(name="TEST WORKER 2", account=ALSO_GOOD, bank_code="COBADEFF", bank_name="")
    order = write_correction(Correction(reference, payee, "the account was closed"))
    asked = town.world.do(
        reissue, "labour_officer", reference=reference, reason="AC04", order=order,
        signature=sign(order, a_key("subcontractor"), now=town.world.now), banks=town.world.banks,
    )  # fmt: skip
    town.wait((asked.not_before - town.world.now).days)  # the new account cools down
    town.world.do(countersign, "approver", reference=asked.reference)
    town.claim(town.world.do(bundle, "releaser", sheet_id=sheet_id, banks=town.world.banks))
    town.work()
    town.wait(5)
    assert [state for state, _ in town.states()] == ["paid", "rejected", "paid"]
    proof, day = town.reconcile()
    assert proof.unbooked == ()
    assert (day.closing, day.held) == (0, 0)


def test_money_that_was_declared_and_did_not_come_is_rejected_and_paid_once_it_comes(town):
    """The bank has less than two people said (AM04)."""
    town.bank.behave("insufficient-funds")
    crew = town.crew(GOOD, ALSO_GOOD)
    there, lacking = crew[0].net, crew[1].net
    told = {"amount": lacking, "voucher_digest": "0" * 64, "expected_on": town.world.now.date()}
    number = town.world.do(declare, "funder", **told)
    town.world.do(vouch, "approver", declaration_id=number)
    town.allocates(there)
    sheet_id, _ = town.release(crew)
    town.work()
    assert town.states() == [("accepted", "ACCP"), ("rejected", "AM04")]
    town.wait(6)
    town.reconcile()

    [reference] = (one for (one,) in town.rows("SELECT reference FROM attempt WHERE line = 2"))
    town.bank.ask("POST", "/_mock/credits", {"account": "ACME", "amount": lacking, "note": "late"})
    town.wait(1)
    with town.world.loop() as tx:
        item_id = tx.scalar(
            text("SELECT id FROM open_item WHERE remaining > 0 AND side = 'credit'")
        )
    explained = town.world.do(
        explain, "labour_officer", kind=Explained.ALLOCATION, amount=lacking, item_id=item_id,
        reason="the money that was declared",
    )  # fmt: skip
    town.world.do(endorse, "approver", explanation_id=explained)
    asked = town.world.do(
        reissue, "labour_officer", reference=reference, reason="AM04", banks=town.world.banks
    )
    town.world.do(countersign, "approver", reference=asked.reference)
    town.claim(town.world.do(bundle, "releaser", sheet_id=sheet_id, banks=town.world.banks))
    town.work()
    town.wait(5)
    assert [state for state, _ in town.states()] == ["paid", "rejected", "paid"]
    proof, _ = town.reconcile()
    assert proof.unbooked == ()


def test_a_whole_file_that_the_bank_refuses_moves_no_money(town):
    town.bank.behave("reject-file")
    town.paid(GOOD, ALSO_GOOD)
    assert town.file_state() == ["refused"]
    assert town.states() == [("rejected", "FF01")] * 2
    town.wait(6)
    _, day = town.reconcile()
    assert day.closing == day.held > 0


def test_a_file_that_comes_twice_is_paid_once(town):
    _, file = town.paid(GOOD, ALSO_GOOD)
    with town.world.loop() as tx:
        content = kept_bytes.read(tx, project_id=file.project_id, bytes_id=file.bytes_id)
    if town.way == "directory":
        (town.folder / "out" / "again.xml").write_bytes(content)
    else:
        assert town.bank.ask("POST", "/payments", content)[0] == 422
    town.work()
    assert town.states() == [("accepted", "ACCP")] * 2
    assert town.file_state() == ["acknowledged"]
    town.wait(6)
    assert [state for state, _ in town.states()] == ["paid"] * 2
    proof, day = town.reconcile()
    assert (proof.unbooked, day.closing) == ((), 0)


def test_a_payment_that_comes_back_days_later_is_held_again(town):
    town.bank.behave("return-later", days=3, reason="AC04")
    town.paid(GOOD, ALSO_GOOD)
    town.wait(6)
    assert [state for state, _ in town.states()] == ["paid"] * 2
    town.reconcile()
    town.wait(4)
    assert town.states() == [("returned", "AC04")] * 2
    assert town.alarms() == []
    proof, day = town.reconcile()
    assert proof.unbooked == ()
    assert day.closing == day.held > 0
    assert day.unconfirmed == 0


def test_a_bank_that_is_silent_makes_the_file_unknown_until_its_statement_says_paid(town):
    town.bank.behave("silent")
    town.paid(GOOD, ALSO_GOOD)
    taken = "acknowledged" if town.way == "pull" else "sent"  # who fetches says that it has it
    assert town.file_state() == [taken]
    town.wait(4)
    assert town.file_state() == ["acknowledged" if town.way == "pull" else "unknown"]
    town.reconcile()
    town.wait(3)
    assert [state for state, _ in town.states()] == ["paid"] * 2
    assert town.file_state() == ["acknowledged"]
    proof, day = town.reconcile()
    assert (proof.unbooked, day.closing) == ((), 0)


@pytest.mark.parametrize("town", ["directory", "push"], indirect=True)
def test_an_unknown_file_that_two_people_send_again_is_recognised_and_paid_once(town):
    town.bank.behave("silent")
    _, file = town.paid(GOOD, ALSO_GOOD)
    town.wait(4)
    assert town.file_state() == ["unknown"]
    town.bank.behave("accept")
    for who in ("releaser", "approver"):
        town.world.do(retransmit, who, file_id=file.id, reason="no answer", banks=town.world.banks)
    town.work()
    assert town.file_state() == ["acknowledged"], "a duplicate proves that the bank has it"
    town.wait(3)
    assert [state for state, _ in town.states()] == ["paid"] * 2
    proof, day = town.reconcile()
    assert (proof.unbooked, day.closing) == ((), 0)


def test_the_worker_as_a_process_of_its_own_pays_by_the_real_time(
    begin, database, tmp_path, socket_enabled
):
    (tmp_path / "out").mkdir()
    (tmp_path / "in").mkdir()
    town = Living(begin, tmp_path, database)
    try:
        town.paid(GOOD, CLOSED, ALSO_GOOD)
        town.wait(8)
        assert [state for state, _ in town.states()] == ["paid", "rejected", "paid"]
        proof, day = town.reconcile()
        assert proof.unbooked == ()
        assert day.closing == day.held > 0
    finally:
        town.bank.server.shutdown()
        town.bank.server.server_close()
