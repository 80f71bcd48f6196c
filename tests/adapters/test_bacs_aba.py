"""Bacs Standard 18 with returned credits, and Australia's ABA files."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from adapters.aba import Aba
from adapters.bacs import Bacs
from disburse import banks
from disburse.adapter import (
    BadProfile,
    Payment,
    Quarantined,
    Result,
    UnreadableFile,
    UnreadableReport,
    Unrenderable,
)
from disburse.kit.carried import reduced
from tests.adapters.batches import a_batch

PROFILES = Path(__file__).parents[2] / "adapters/profiles"
BRITISH = tomllib.loads((PROFILES / "example_uk_bank.toml").read_text("utf-8"))
AUSTRALIAN = tomllib.loads((PROFILES / "example_australian_bank.toml").read_text("utf-8"))
CORPUS = os.environ.get("DISBURSE_CORPUS", "")
MONDAY = date(2026, 10, 12)


def bacs(**changes):
    return Bacs("bacs:example_uk_bank", BRITISH | changes)


def aba(**changes):
    return Aba("aba:example_australian_bank", AUSTRALIAN | changes)


def a_payment(number=1, **changes):
    return replace(
        Payment(
            reference=f"T{number:012d}", name="测试工人", account=f"{12_345_000 + number}",
            bank_code="200000", bank_name="", amount=100_000 + number, note="",
            latin_name=f"TEST WORKER {number}",
        ),
        **changes,
    )  # fmt: skip


def batch(*payments, currency="GBP", **changes):
    one = a_batch(*payments)
    debtor = replace(one.debtor, number="87654321", bank_code="400515")
    return replace(one, **{"currency": currency, "debtor": debtor, "pay_on": MONDAY} | changes)


def lines(bank, made):
    return b"".join(bank.render(made)).decode("ascii").split("\r\n")


def test_a_bacs_file_has_labels_credits_a_contra_record_and_totals():
    written = lines(bacs(), batch(a_payment(1), a_payment(2)))
    volume, first, second, user, one, two, contra, end, same, totals, nothing = written
    assert volume == f"VOL1000007{'':31}123456{'':32}1"
    # Monday's credits are processed on Friday, 9 October: day 282
    assert first == f"HDR1A123456S   12345600000700010001{'':6} 26282 26283 000000{'':20}"
    assert second == f"HDR2F0200000100{'':35}00{'':28}"
    assert user == f"UHL1 26282999999{'':4}000000001 DAILY  007{'':40}"
    assert one == (
        "2000001234500109940051587654321    00000100001"
        f"{'EXAMPLE BUILDERS':<18}{'T000000000001':<18}{'TEST WORKER 1':<18}"
    )  # fmt: skip
    assert two[:14] == "20000012345002"
    assert contra == (
        "4005158765432101740051587654321    00000200003"
        f"{'F0000017':<18}{'CONTRA':<18}{'EXAMPLE BUILDERS':<18}"
    )  # fmt: skip
    assert (end, same) == (first.replace("HDR1", "EOF1"), second.replace("HDR2", "EOF2"))
    assert totals == f"UTL1{200_003:013d}{200_003:013d}{1:07d}{2:07d}{'':36}"
    assert nothing == ""
    assert [len(line) for line in written[:-1]] == [80] * 4 + [100] * 3 + [80] * 3


@pytest.mark.parametrize(
    ("pay_on", "day"),
    [(date(2026, 10, 13), "26285"), (date(2026, 12, 29), "26358"), (date(2027, 1, 4), "26365")],
)
def test_bacs_processes_on_the_working_day_before_also_around_holidays(pay_on, day):
    made = batch(a_payment(), pay_on=pay_on)
    assert lines(bacs(), made)[3][5:10] == day
    assert banks.write(bacs(), made).count == 1


def test_bacs_credits_nobody_on_a_sunday_or_holiday():
    for day in (date(2026, 10, 11), date(2026, 12, 25)):
        with pytest.raises(Unrenderable, match="working days"):
            lines(bacs(), batch(a_payment(), pay_on=day))


def test_an_aba_file_has_a_description_credits_and_totals():
    first, one, last, nothing = lines(aba(), batch(a_payment(), currency="AUD"))
    assert first == (
        f"0{'':17}01EXB{'':7}{'EXAMPLE BUILDERS':<26}301500{'F0000017':<12}121026{'':40}"
    )
    assert one == (
        f"1200-000 12345001 530000100001{'TEST WORKER 1':<32}{'T000000000001':<18}"
        f"400-515 87654321{'EXAMPLE BUILD':<16}00000000"
    )
    assert last == f"7999-999{'':12}000010000100001000010000000000{'':24}000001{'':40}"
    assert nothing == ""


BANKS = [("GBP", bacs), ("AUD", aba)]


@pytest.mark.parametrize(("currency", "make"), BANKS)
def test_what_comes_back_is_what_the_format_holds(currency, make):
    bank = make()
    made = batch(a_payment(1), a_payment(2, latin_name="A & B/C-D"), currency=currency)
    found = [o for o in bank.read_back(bank.render(made)) if isinstance(o, Payment)]
    assert found == [reduced(one, bank.capabilities.carries) for one in made.payments]
    with pytest.raises(banks.Unproven):
        banks.prove(bank, replace(made, pay_on=date(2026, 10, 13)), b"".join(bank.render(made)))


@pytest.mark.parametrize(("currency", "make"), BANKS)
def test_any_flipped_column_is_found(currency, make):
    bank = make()
    made = batch(a_payment(1), a_payment(2), currency=currency)
    content = b"".join(bank.render(made))
    # when the file was made stands twice in Bacs' labels, and is nobody's promise
    made_on = content.find(b" 26282 26283")
    free = range(made_on, made_on + 6) if currency == "GBP" else ()
    for place in range(len(content)):
        if place in free or content[place : place + 1] in b"\r\n":
            continue
        wrong = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        with pytest.raises(banks.Unproven):
            banks.prove(bank, made, wrong)


@pytest.mark.parametrize(("currency", "make"), BANKS)
def test_a_file_that_stops_or_goes_on_is_not_read(currency, make):
    content = b"".join(make().render(batch(a_payment(), currency=currency)))
    last = content[-122:] if currency == "AUD" else content[-82:]
    for wrong in (content[: -len(last)], content + last, content[:-1], b"x" * 300, b"x" * 100):
        with pytest.raises(UnreadableFile):
            list(make().read_back([wrong]))


@pytest.mark.parametrize(("currency", "make"), BANKS)
@pytest.mark.parametrize(
    ("changes", "field"),
    [({"account": "12-345"}, "account"), ({"account": "1234"}, "account"),
     ({"bank_code": "20-00-00"}, "bank_code"), ({"bank_code": ""}, "bank_code"),
     ({"latin_name": ""}, "latin_name"), ({"latin_name": "JOSÉ"}, "latin_name"),
     ({"latin_name": "X" * 33}, "latin_name"), ({"amount": 10**12}, "amount"),
     ({"reference": "a"}, "reference")],
)  # fmt: skip
def test_what_the_bank_would_refuse_is_a_fault(currency, make, changes, field):
    faults = make().preflight(a_payment(**changes), currency)
    assert [fault.field for fault in faults] == [field]
    with pytest.raises(Unrenderable):
        lines(make(), batch(a_payment(**changes), currency=currency))


@pytest.mark.parametrize(("currency", "make"), BANKS)
@pytest.mark.parametrize(
    ("changes", "field"),
    [({"debtor": replace(a_batch().debtor, number="1", bank_code="400515")}, "debtor.number"),
     ({"debtor": replace(a_batch().debtor, number="87654321", bank_code="4")},
      "debtor.bank_code")],
)  # fmt: skip
def test_a_paying_account_that_does_not_fit_gets_no_file(currency, make, changes, field):
    with pytest.raises(Unrenderable) as refused:
        lines(make(), batch(a_payment(), currency=currency, **changes))
    assert [fault.field for _, fault in refused.value.facts["faults"]] == [field]


def test_what_only_one_of_them_has_no_place_for_is_refused():
    with pytest.raises(Unrenderable, match="sequence"):
        lines(bacs(), batch(a_payment(), sequence=1_000_000))
    with pytest.raises(Unrenderable, match="reference"):
        lines(aba(), batch(a_payment(), currency="AUD", reference="F000000000017"))


def arucs(*items, totals=None, around=("", "")):
    """A report in the shape of its published sister for direct debits, about nobody."""
    rows = "".join(
        f'<ReturnedCreditItem ref="{ref}" returnCode="{code}" valueOf="{value}" currency="GBP"/>'
        for ref, code, value in items
    )
    pence = sum(int(v.replace(".", "")) for _, _, v in items)
    number, value = totals or (len(items), f"{pence // 100}.{pence % 100:02d}")
    return (
        f'<?xml version="1.0"?>{around[0]}<BACSDocument><Data><ARUCS>'
        '<Header reportType="REFT1020" currentProcessingDate="2026-10-14"/>'
        f'<Advice>{rows}<Totals numberOf="{number}" valueOf="{value}" currency="GBP"/></Advice>'
        f"</ARUCS></Data></BACSDocument>{around[1]}"
    ).encode()


BACK = (("T000000000001", "B", "1000.01"), ("T000000000002", "0", "1000.02"))


def test_a_returned_credit_names_its_payment_and_why():
    one, two = bacs().read_report(arucs(*BACK))
    assert (one.reference, one.result, one.amount) == ("T000000000001", Result.RETURNED, 100_001)
    assert (one.reason, one.text, one.on) == ("ARUCS B", "account closed", date(2026, 10, 14))
    assert two.text == "invalid details"


@pytest.mark.parametrize(
    "item",
    [("", "B", "1.00"), ("T1", "", "1.00"), ("T1", "B", "1.005"), ("T 1", "B", "1.00")],
)
def test_an_item_that_cannot_be_read_is_quarantined(item):
    content = arucs(item, BACK[1], totals=(2, "1001.02"))
    first, second = bacs().read_report(content)
    assert isinstance(first, Quarantined)
    assert second.reference == "T000000000002"


@pytest.mark.parametrize(
    "content",
    [arucs(*BACK)[:-20], arucs(*BACK, totals=(3, "2000.03")), arucs(*BACK, totals=(2, "2000.02")),
     arucs(*BACK, totals=(2, "2000.04")), arucs(*BACK).replace(b"ARUCS", b"ARUDD"),
     arucs(*BACK).replace(b'numberOf="2"', b'numberOf="x"'), b"", b"ACK",
     arucs(*BACK, around=('<!DOCTYPE BACSDocument [<!ENTITY a "b">]>', ""))],
)  # fmt: skip
def test_a_damaged_report_is_refused_as_a_whole(content):
    with pytest.raises(UnreadableReport):
        list(bacs().read_report(content))


def test_a_report_without_totals_is_read_by_its_items():
    content = arucs(*BACK).replace(b"numberOf", b"other")
    assert len(list(bacs().read_report(content))) == 2


def test_nothing_is_read_as_an_australian_answer():
    with pytest.raises(UnreadableReport, match="statement"):
        aba().read_report(b"ACK")


@pytest.mark.parametrize(
    ("make", "changes", "named"),
    [(bacs, {"service_user": "1"}, "service_user"), (bacs, {"originator": "é"}, "originator"),
     (bacs, {"amount_max": 10**10}, "amount_max"), (bacs, {"holidays": ["x"]}, "holidays"),
     (aba, {"bank": "anz"}, "bank"), (aba, {"remitter": "x" * 17}, "remitter"),
     (aba, {"user_name": " x"}, "user_name"), (aba, {"payments_max": 10**6}, "payments_max")],
)  # fmt: skip
def test_a_profile_is_checked_as_a_whole(make, changes, named):
    with pytest.raises(BadProfile, match=named):
        make(**changes)


@pytest.mark.skipif(not CORPUS, reason="DISBURSE_CORPUS names no folder with others' bank files")
def test_another_writers_file_has_the_columns_that_ours_has():
    [path] = Path(CORPUS, "aba").glob("*.aba")
    first, one, last = path.read_text("ascii").splitlines()[:3]
    ours = lines(aba(), batch(a_payment(), currency="AUD"))
    for theirs, own, same in (
        (first, ours[0], [(1, 1), (19, 20)]),
        (one, ours[1], [(1, 1), (5, 5), (18, 20), (84, 84), (113, 120)]),
        (last, ours[2], [(1, 20), (41, 50), (51, 74), (81, 120)]),
    ):
        assert len(theirs) == len(own) == 120
        assert all(theirs[a - 1 : b] == own[a - 1 : b] for a, b in same)
    # their account that pays stands in the first record, too; ours in every trace
    assert first[1:17] == "012-001123456789"
