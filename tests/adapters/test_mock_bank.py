"""Another bank's simulator takes our pain.001 files; its answers mean the same to us as to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from threading import Thread
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import mockbank
import pytest

from disburse import banks
from disburse.adapter import (
    Account,
    FileAnswer,
    PaymentAnswer,
    Result,
    StatementClosed,
    StatementEntry,
    StatementOpened,
)
from disburse.domain.bookable import bookable
from tests.adapters.batches import REFERENCES, a_batch, a_payment

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

DEBTOR = Account(
    holder="TEST BUILDERS", number="NL41MOCK0000000001", bank_code="MOCKNL2A", bank_name=""
)
# One account of the simulator's own for each thing that can happen; the first and third are paid.
ACCOUNTS = ("NL14MOCK0000000002", "NL84MOCK0000000003", "DE89370400440532013000",
            "NL57MOCK0000000004")  # fmt: skip
ADAPTERS = ("iso20022", "iso20022:iso_generic_v3", "iso20022:iso_sepa")


class Bank:
    """The simulator over HTTP; its clock stands on a Friday."""

    def __init__(self) -> None:
        config = mockbank.Config(port=0, quiet=True, clock="2026-10-09T09:00")
        self.server = mockbank.make_server(config)
        Thread(target=self.server.serve_forever, daemon=True).start()

    def ask(self, method: str, path: str, content: bytes | None = None) -> tuple[int, bytes]:
        where = f"http://127.0.0.1:{self.server.server_address[1]}{path}"
        try:
            with urlopen(Request(where, data=content, method=method)) as told:
                return told.status, told.read()
        except HTTPError as error:
            return error.code, error.read()

    def answers(self, kind: str) -> Iterator[bytes]:
        for one in json.loads(self.ask("GET", f"/_mock/mailbox?type={kind}")[1]):
            yield next(one[key] for key in ("content", "xml", "raw", "body") if key in one).encode()


@pytest.fixture
def bank(socket_enabled):
    simulator = Bank()
    yield simulator
    simulator.server.shutdown()
    simulator.server.server_close()


@pytest.fixture(params=ADAPTERS)
def adapter(request):
    return banks.load([request.param])[request.param]


def a_file(adapter, **changes):
    payments = [
        a_payment(
            number,
            account=account,
            bank_code="COBADEFF" if account.startswith("DE") else "MOCKNL2A",
            bank_name="",
            name=f"TEST WORKER {number}",
            latin_name=f"TEST WORKER {number}",
            note="WAGES",
        )
        for number, account in enumerate(ACCOUNTS, start=1)
    ]
    told = {"currency": "EUR", "debtor": DEBTOR, "pay_on": date(2026, 10, 12)} | changes
    return b"".join(adapter.render(a_batch(*payments, **told)))


def test_the_simulator_finds_nothing_wrong_with_our_file(bank, adapter):
    status, told = bank.ask("POST", "/_mock/validate", a_file(adapter))
    assert (status, told.decode().rpartition(", ")[2].strip()) == (200, "0 findings"), told


def test_its_status_report_says_the_same_to_us(bank, adapter):
    bank.ask("POST", "/payments", a_file(adapter))
    (report,) = bank.answers("pain.002")
    records = list(adapter.read_report(report))
    told = {one.reference: (one.result, one.reason) for one in records
            if isinstance(one, PaymentAnswer)}  # fmt: skip
    assert told == {
        REFERENCES[0]: (Result.ACCEPTED, "ACCP"),
        REFERENCES[1]: (Result.REJECTED, "AC04"),
        REFERENCES[2]: (Result.ACCEPTED, "ACCP"),
        REFERENCES[3]: (Result.REJECTED, "RC01"),
    }
    (whole,) = [one for one in records if isinstance(one, FileAnswer)]
    assert (whole.reference, whole.result) == ("F0000017", Result.PENDING)


def test_a_file_that_comes_twice_is_a_duplicate_and_no_rejection(bank, adapter):
    content = a_file(adapter)
    bank.ask("POST", "/payments", content)
    list(bank.answers("pain.002"))
    bank.ask("POST", "/payments", content)
    (report,) = bank.answers("pain.002")
    (whole,) = adapter.read_report(report)
    assert (whole.reference, whole.result) == ("F0000017", Result.DUPLICATE)


def test_its_statements_add_up_and_name_our_payments(bank, adapter):
    bank.ask("POST", "/payments", a_file(adapter))
    bank.ask("POST", "/_mock/advance?days=5")
    noticed = [one for content in bank.answers("camt.054")
               for one in adapter.read_statement(content)]  # fmt: skip
    booked, closing = [], 12_500_000
    for content in bank.answers("camt.053"):
        opened, *entries, closed = adapter.read_statement(content)
        assert isinstance(opened, StatementOpened)
        assert isinstance(closed, StatementClosed)
        assert opened.opening + sum(one.amount for one in entries) == closed.closing
        if opened.account == DEBTOR.number:
            assert opened.opening == closing
            closing = closed.closing
            booked += entries
            found = bookable([opened, *entries, closed], account=DEBTOR.number, currency="EUR")
            found.statements[0].require_sound(after=opened.opening)
    told = [(one.payment_reference, one.amount) for one in booked]
    assert told == [(REFERENCES[0], -650_001), (REFERENCES[2], -650_003)]
    assert [(one.payment_reference, one.amount) for one in noticed
            if isinstance(one, StatementEntry)] == told  # fmt: skip


def test_a_payment_that_comes_back_is_a_credit_with_its_reason(bank, adapter):
    behaviour = json.dumps({"behaviour": "return-later"}).encode()
    assert bank.ask("PATCH", "/_mock/accounts/ACME", behaviour)[0] == 200
    bank.ask("POST", "/payments", a_file(adapter))
    bank.ask("POST", "/_mock/advance?days=12")
    entries = [
        one
        for content in bank.answers("camt.053")
        for one in adapter.read_statement(content)
        if isinstance(one, StatementEntry) and one.return_reason
    ]
    told = [(one.payment_reference, one.amount, one.code) for one in entries]
    assert told == [
        (REFERENCES[0], 650_001, "PMNT/ICDT/RRTN"),
        (REFERENCES[2], 650_003, "PMNT/ICDT/RRTN"),
    ]
    said = [
        (one.reference, one.result, one.amount, one.currency, one.reason, bool(one.evidence))
        for content in bank.answers("pacs.004")
        for one in adapter.read_report(content)
    ]
    assert said == [
        (REFERENCES[0], Result.RETURNED, 650_001, "EUR", "AC04", True),
        (REFERENCES[2], Result.RETURNED, 650_003, "EUR", "AC04", True),
    ]


def test_its_report_of_the_day_is_interim(bank, adapter):
    status, _ = bank.ask("POST", "/_mock/accounts/ACME/report")
    assert status in {200, 201}
    (content,) = bank.answers("camt.052")
    opened, closed = adapter.read_statement(content)
    assert (opened.kind, opened.opening, closed.closing) == ("interim", 12_500_000, 12_500_000)
