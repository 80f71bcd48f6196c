"""Saudi and Qatari wage files: their columns, what they refuse, and the Saudi answer."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban

from adapters import _iban
from adapters.qatar_wps import QatarWps
from adapters.saudi_wps import SaudiWps
from disburse import banks
from disburse.adapter import (
    BadProfile,
    ExampleAnswer,
    FileAnswer,
    Payment,
    PaymentAnswer,
    Quarantined,
    Result,
    UnreadableReport,
    Unrenderable,
    Wage,
)
from disburse.kit.carried import reduced
from tests.adapters.batches import a_batch

PROFILES = Path(__file__).parents[2] / "adapters/profiles"
SAUDI = tomllib.loads((PROFILES / "example_saudi_bank.toml").read_text("utf-8"))
QATARI = tomllib.loads((PROFILES / "example_qatar_bank.toml").read_text("utf-8"))
ITEMS = (("base", 300_000), ("overtime", 40_000), ("bonus", 1_005))


def an_iban(number, country):
    body = f"80{number:018d}" if country == "SA" else f"DOHB{number:021d}"
    moved = f"{body}{country}00"
    return f"{country}{98 - int(''.join(str(int(c, 36)) for c in moved)) % 97:02d}{body}"


def a_payment(number=1, country="SA", items=ITEMS, deductions=(("advance", 50_000),), **changes):
    digits = f"{2_000_000_000 + number}" if country == "SA" else f"{28_400_000_000 + number}"
    wage = Wage(
        id_type="foreign_card", id_number=digits, worked_from=date(2026, 9, 1),
        worked_to=date(2026, 9, 30), days="26", items=items, deductions=deductions,
    )  # fmt: skip
    return replace(
        Payment(
            reference=f"T{number:012d}", name="测试工人", account=an_iban(number, country),
            bank_code="RJHI" if country == "SA" else "QNB", bank_name="",
            amount=wage.gross - wage.deducted, note="", latin_name=f"Test Worker {number}",
            wage=wage,
        ),
        **changes,
    )  # fmt: skip


def batch(*payments, country="SA"):
    one = a_batch(*payments)
    debtor = replace(one.debtor, number=an_iban(99, country), bank_code="TEST")
    currency, employer = ("SAR", "1234567890") if country == "SA" else ("QAR", "12345678")
    return replace(
        one, currency=currency, employer=employer, debtor=debtor, period=date(2026, 9, 1)
    )


def saudi(**changes):
    return SaudiWps("saudi_wps:example_saudi_bank", SAUDI | changes)


def qatari(**changes):
    return QatarWps("qatar_wps:example_qatar_bank", QATARI | changes)


def lines(bank, made):
    return b"".join(bank.render(made)).decode("ascii").split("\r\n")


def test_a_saudi_file_has_a_header_a_row_per_worker_and_a_hyphen():
    header, row, last, end = lines(saudi(), batch(a_payment()))
    assert header.split("\t") == [
        "TEST", "1000000001", an_iban(99, "SA"), "SAR", "20261010", "2910.05", "", "F0000017", "",
        "1234567890",
    ]  # fmt: skip
    assert row.split("\t") == [
        "2910.05", an_iban(1, "SA"), "Test Worker 1", "RJHI", "T000000000001", "", "3000.00",
        "0.00", "410.05", "500.00", "2000000001", "", "", "",
    ]  # fmt: skip
    assert (last, end) == ("-", "")


def test_a_qatari_file_has_two_lines_of_the_file_and_twenty_columns_a_worker():
    made = batch(a_payment(country="QA"), country="QA")
    titles, said, more, row, end = lines(qatari(), made)
    assert titles.startswith("Employer EID,")
    assert said.split(",") == [
        "12345678", "20261009", "0407", "12345678", "", "TEST", an_iban(99, "QA"), "202609",
        "2910.05", "1", "01",
    ]  # fmt: skip
    assert more.endswith(",Deduction Reason Code")
    assert row.split(",") == [
        "1", "28400000001", "", "Test Worker 1", "QNB", an_iban(1, "QA"), "M", "26", "2910.05",
        "3000.00", "0", "410.05", "500.00", "Normal Payment", "", "0.00", "0.00", "0.00", "400.00",
        "/DRC/04",
    ]  # fmt: skip
    assert end == ""
    assert qatari().file_name(made) == "SIF_12345678_TEST_20261009_0407.csv"


def test_a_visa_number_and_several_reasons_have_their_columns():
    one = a_payment(country="QA", deductions=(("advance", 1_000), ("tax", 2_000)))
    visa = replace(one, wage=replace(one.wage, id_number="382026123456"))
    row = lines(qatari(allowances_in_extra_income=False), batch(visa, country="QA"))[3].split(",")
    assert row[1:3] == ["", "382026123456"]
    assert (row[11], row[18]) == ("10.05", "400.00")
    assert (row[14], row[19]) == ("Lawful deductions", "/DRC/99")


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("country", ["SA", "QA"])
def test_what_comes_back_is_what_the_format_holds(country, apart):
    bank = saudi() if country == "SA" else qatari(allowances_in_extra_income=apart)
    some = [
        a_payment(1, country), a_payment(2, country, deductions=()),
        a_payment(3, country, items=(("bonus", 5),), deductions=()),
        a_payment(4, country, deductions=(("tax", 1),)),
    ]  # fmt: skip
    made = batch(*some, country=country)
    found = [o for o in bank.read_back(bank.render(made)) if isinstance(o, Payment)]
    assert found == [reduced(one, bank.capabilities.carries) for one in some]
    assert banks.write(bank, made).count == 4


BAD = [
    ({"account": "SA0380000000608010167518"}, "account"),
    ({"account": "DE89370400440532013000"}, "account"),
    ({"bank_code": "rjhi"}, "bank_code"),
    ({"latin_name": ""}, "latin_name"),
    ({"latin_name": "محمد"}, "latin_name"),
    ({"latin_name": "A" * 141}, "latin_name"),
    ({"wage": None}, "wage"),
    ({"amount": 291_004}, "wage.items"),
    ({"wage": replace(a_payment().wage, id_number="12")}, "wage.id_number"),
]


@pytest.mark.parametrize("country", ["SA", "QA"])
@pytest.mark.parametrize(("changes", "field"), BAD)
def test_what_would_refuse_the_whole_file_is_a_fault_of_one_line(country, changes, field):
    bank = saudi() if country == "SA" else qatari()
    made = batch(a_payment(1, country, **changes), country=country)
    [payment] = made.payments
    faults = bank.preflight(payment, made.currency)
    assert [fault.field for fault in faults] == [field]
    with pytest.raises(Unrenderable):
        lines(bank, made)


def test_a_qatari_line_needs_its_days():
    one = a_payment(country="QA")
    for days in ("", "32", "21.5"):
        odd = replace(one, wage=replace(one.wage, days=days))
        assert [fault.field for fault in qatari().preflight(odd, "QAR")] == ["wage.days"]


@given(st.sampled_from(["SA", "QA", "AE"]), st.text("0123456789ABC", min_size=12, max_size=12))
def test_check_digits_are_what_others_say(country, body):
    for check in range(100):
        text = f"{country}{check:02d}{body}"
        good = iban.mod_97_10.is_valid(text[4:] + text[:4])
        # 00, 01 and 99 are the same remainders as 97, 98 and 02; nobody gives them out
        assert _iban.checks(text) == good


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"employer": "x"}, "employer"),
     ({"debtor": replace(a_batch().debtor, number="123", bank_code="TEST")}, "debtor.number"),
     ({"debtor": replace(a_batch().debtor, number=an_iban(9, "SA"), bank_code="test")},
      "debtor.bank_code")],
)  # fmt: skip
def test_a_saudi_establishment_or_bank_that_does_not_fit_gets_no_file(changes, field):
    with pytest.raises(Unrenderable) as refused:
        lines(saudi(), replace(batch(a_payment()), **changes))
    assert [fault.field for _, fault in refused.value.facts["faults"]] == [field]


def test_a_qatari_file_without_a_month_is_none():
    with pytest.raises(Unrenderable, match="month"):
        lines(qatari(), replace(batch(a_payment(country="QA"), country="QA"), period=None))


@pytest.mark.parametrize("country", ["SA", "QA"])
def test_any_flipped_column_is_found(country):
    bank = saudi() if country == "SA" else qatari()
    made = batch(a_payment(1, country), a_payment(2, country), country=country)
    content = b"".join(bank.render(made))
    # not proven: which of the gross items is basic wage, and when the file was made
    free = (b"3000.00", b"0.00", b"410.05", b"400.00", b"20261009,0407", b"0407")
    for place in range(len(content)):
        near = content[max(0, place - 14) : place + 14]
        if content[place : place + 1] in b"\r\n" or any(one in near for one in free):
            continue
        wrong = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        with pytest.raises(banks.Unproven):
            banks.prove(bank, made, wrong)


def an_answer(*rows, whole=None, **said):
    made = batch(*(payment for payment, _ in rows))
    told = {"count": len(rows), "total": made.total} | said
    return saudi().example_report(ExampleAnswer(batch=made, rows=rows, whole=whole, **told))


ROWS = ((a_payment(1), Result.PAID), (a_payment(2), Result.REJECTED))


def test_the_saudi_answer_is_the_file_with_the_banks_columns():
    one, two = saudi().read_report(an_answer(*ROWS))
    assert one == PaymentAnswer(
        position=1, reference="T000000000001", result=Result.PAID, amount=291_005, currency="SAR",
        reason="PAID", evidence="T1", on=date(2026, 10, 10), file_reference="F0000017",
    )  # fmt: skip
    assert (two.result, two.reason) == (Result.REJECTED, "R01")


def test_a_rejected_file_is_said_of_the_file():
    first, *rest = saudi().read_report(an_answer(whole=Result.REJECTED, total=0))
    assert first == FileAnswer(
        position=1, reference="F0000017", result=Result.REJECTED, reason="99"
    )
    assert rest == []


def test_a_row_that_the_bank_left_empty_waits():
    content = an_answer(*ROWS).replace(b"\t\tT1\tPAID\t20261010", b"\t\t\t\t")
    one, two = saudi().read_report(content)
    assert (one.result, two.result) == (Result.PENDING, Result.REJECTED)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"\tPAID\t", b"\tDONE\t"), (b"T000000000001", b""),
     (b"T000000000001\t\t", b"T000000000001\tR9\t"),
     (b"\tPAID", b""), (b"T000000000001", b"T00000000000\xff"), (b"\n2910.05", b"\n2910,05")],
)  # fmt: skip
def test_a_row_that_cannot_be_believed_is_quarantined(old, new):
    content = an_answer(*ROWS)
    assert old in content
    first, second = saudi().read_report(content.replace(old, new, 1))
    assert isinstance(first, Quarantined)
    assert second.result is Result.REJECTED


@pytest.mark.parametrize(
    "content",
    [an_answer(*ROWS, total=1), an_answer(*ROWS, total=10**6), an_answer(*ROWS)[:-3],
     an_answer(*ROWS).replace(b"\tSAR\t", b"\tUSD\t"), b"", b"-\r\n",
     b"".join(saudi().render(batch(a_payment())))],
)  # fmt: skip
def test_a_damaged_answer_is_refused_as_a_whole(content):
    with pytest.raises(UnreadableReport):
        list(saudi().read_report(content))


def test_no_qatari_answer_is_read():
    with pytest.raises(UnreadableReport, match="statement"):
        qatari().read_report(b"ACK")


@pytest.mark.parametrize(
    ("make", "changes", "named"),
    [(saudi, {"bank": "RAJH1"}, "bank"), (saudi, {"establishment": "1"}, "establishment"),
     (saudi, {"housing_items": ["base"]}, "housing_items"),
     (saudi, {"amount_max": 10**14}, "amount"), (qatari, {"amount_max": 10**14}, "amount"),
     (saudi, {"statuses": {"OK": "fine"}}, "OK"), (qatari, {"payer": "1"}, "payer"),
     (qatari, {"basic_items": ["overtime"]}, "basic_items"),
     (qatari, {"titles": QATARI["titles"] | {"row": ["a"]}}, "row"),
     (qatari, {"payment_type": "a,b"}, "payment_type")],
)  # fmt: skip
def test_a_profile_is_checked_as_a_whole(make, changes, named):
    with pytest.raises(BadProfile, match=named):
        make(**changes)
