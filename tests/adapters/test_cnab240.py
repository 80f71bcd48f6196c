"""CNAB240: lots by payment form, Itaú's other columns, and what a return file may say."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.br import cpf

from adapters.cnab240 import Cnab240
from adapters.cnab240.profile import is_cpf
from disburse import banks
from disburse.adapter import (
    BadProfile,
    ExampleAnswer,
    Payment,
    PaymentAnswer,
    Quarantined,
    Result,
    UnreadableFile,
    UnreadableReport,
    Unrenderable,
    Wage,
)
from disburse.kit.carried import reduced
from tests.adapters.batches import a_batch

PROFILES = Path(__file__).parents[2] / "adapters/profiles"
CORPUS = os.environ.get("DISBURSE_CORPUS", "")
CPF = "52998224725"


def adapter(name="example_brazil_bank", **changes):
    mapping = tomllib.loads((PROFILES / f"{name}.toml").read_text("utf-8"))
    return Cnab240(f"cnab240:{name}", mapping | changes)


def a_payment(number=1, bank="237", **changes):
    wage = Wage(
        id_type="foreign_card", id_number=CPF, worked_from=date(2026, 9, 1),
        worked_to=date(2026, 9, 30), days="", items=(("base", 100_000 + number),), deductions=(),
    )  # fmt: skip
    return replace(
        Payment(
            reference=f"T{number:012d}", name="", account=f"0427{506_510 + number}9",
            bank_code=bank, bank_name="", amount=wage.gross, note="",
            latin_name=f"TRABALHADOR DE TESTE {number}", wage=wage,
        ),
        **changes,
    )  # fmt: skip


def batch(*payments, bank="237"):
    one = a_batch(*payments)
    debtor = replace(one.debtor, number="12345678901", bank_code=bank)
    return replace(one, currency="BRL", debtor=debtor)


def lines(bank, made):
    return b"".join(bank.render(made)).decode("ascii").split("\r\n")[:-1]


def at(line, first, last):
    return line[first - 1 : last]


def test_a_lot_begins_wherever_own_bank_and_others_take_turns():
    some = (a_payment(1), a_payment(2), a_payment(3, "341"), a_payment(4))
    made = batch(*some)
    written = lines(adapter(), made)
    assert {len(line) for line in written} == {240}
    headers = [line for line in written if line[7] == "1"]
    assert [at(line, 9, 16) for line in headers] == ["C3001045", "C3041045", "C3001045"]
    trailers = [line for line in written if line[7] == "5"]
    assert [at(line, 18, 41) for line in trailers] == [
        f"{6:06d}{200_003:018d}", f"{4:06d}{100_003:018d}", f"{4:06d}{100_004:018d}",
    ]  # fmt: skip
    assert at(written[-1], 18, 29) == f"{3:06d}{len(written):06d}"
    assert banks.write(adapter(), made).count == 4


def test_the_columns_are_those_of_febraban():
    header, lot, one, two, *_ = lines(adapter(), batch(a_payment(3, "341")))
    assert at(header, 18, 72) == f"211444777000161{'123456':<20}01234 000000567890" + "1 "
    assert at(header, 143, 171) == "1" + "08102026" + "220203" + "000007" + "089" + "01600"
    assert at(lot, 18, 72) == at(header, 18, 72)
    assert at(one, 14, 43) == "A000" + "018" + "341" + "00427" + " " + "000000506513" + "9" + " "
    assert at(one, 44, 93) == f"{'TRABALHADOR DE TESTE 3':<30}{'T000000000003':<20}"
    assert at(one, 94, 134) == "10102026" + "BRL" + "0" * 15 + f"{100_003:015d}"
    assert at(two, 14, 32) == f"B   1000{CPF}"
    assert at(two, 128, 150) == f"10102026{100_003:015d}"


def test_the_columns_are_those_of_sispag_for_itau():
    bank = adapter("example_itau")
    header, lot, one, trailer, _ = lines(bank, batch(a_payment(1, "341"), bank="341"))
    assert at(header, 15, 17) == "080"
    assert at(header, 53, 72) == "01234 000000567890 1"
    assert at(header, 158, 171) == "00000000700000"
    assert at(lot, 9, 16) == "C3001040"
    assert at(one, 24, 43) == "00427 000000506511 9"
    assert at(one, 102, 134) == "REA" + "0" * 8 + "  " + "0" * 5 + f"{100_001:015d}"
    assert at(one, 204, 217) == f"000{CPF}"
    assert at(trailer, 18, 41) == f"{3:06d}{100_001:018d}"


@pytest.mark.parametrize("name", ["example_brazil_bank", "example_itau"])
def test_what_comes_back_is_what_the_format_holds(name):
    bank = adapter(name)
    own = bank._profile.bank
    made = batch(a_payment(1, own), a_payment(2, "001"), a_payment(3, own), bank=own)
    found = [o for o in bank.read_back(bank.render(made)) if isinstance(o, Payment)]
    assert found == [reduced(one, bank.capabilities.carries) for one in made.payments]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account": "0427000506519"}, "account"),
        ({"account": "04275"}, "account"),
        ({"bank_code": "1"}, "bank_code"),
        ({"latin_name": "JOÃO"}, "latin_name"),
        ({"latin_name": "joao"}, "latin_name"),
        ({"latin_name": "J" * 31}, "latin_name"),
        ({"wage": None}, "wage"),
        ({"wage": replace(a_payment().wage, id_number="52998224724")}, "wage.id_number"),
    ],
)
def test_what_the_bank_would_refuse_is_a_fault(changes, field):
    faults = adapter().preflight(a_payment(**changes), "BRL")
    assert [fault.field for fault in faults] == [field]
    with pytest.raises(Unrenderable):
        lines(adapter(), batch(a_payment(**changes)))


@given(st.from_regex("[0-9]{11}", fullmatch=True) | st.integers(0, 10**9 - 1).map(
    lambda body: f"{body:09d}{cpf._calc_check_digits(f'{body:09d}')}"))  # fmt: skip
def test_a_tax_number_is_good_when_others_say_so(number):
    # ours refuses, besides, what Receita Federal gives nobody: eleven times the same digit
    assert is_cpf(number) == (cpf.is_valid(number) and len(set(number)) > 1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"sequence": 1_000_000}, "sequence"),
     ({"debtor": replace(a_batch().debtor, number="123", bank_code="237")}, "debtor.number"),
     ({"debtor": replace(a_batch().debtor, number="12345678901", bank_code="341")},
      "debtor.bank_code")],
)  # fmt: skip
def test_an_account_or_number_that_does_not_fit_gets_no_file(changes, field):
    with pytest.raises(Unrenderable) as refused:
        lines(adapter(), replace(batch(a_payment()), **changes))
    assert [fault.field for _, fault in refused.value.facts["faults"]] == [field]


@pytest.mark.parametrize("name", ["example_brazil_bank", "example_itau"])
def test_any_flipped_column_is_found(name):
    bank = adapter(name)
    own = bank._profile.bank
    made = batch(a_payment(1, own), a_payment(2, "001"), bank=own)
    content = b"".join(bank.render(made))
    clock = range(143, 157)  # when the file was made is nobody's promise
    for place in range(len(content)):
        if place in clock or content[place : place + 1] in b"\r\n":
            continue
        wrong = bytes([content[place] ^ 1])
        with pytest.raises(banks.Unproven):
            banks.prove(bank, made, content[:place] + wrong + content[place + 1 :])


def test_a_file_that_goes_on_or_stops_is_not_read():
    content = b"".join(adapter().render(batch(a_payment())))
    for wrong in (content[:-242], content + content[-242:], content[:-1], b"x" * 300):
        with pytest.raises(UnreadableFile):
            list(adapter().read_back([wrong]))


def a_return(*rows, bank=None, **said):
    bank = bank or adapter()
    made = batch(*(payment for payment, _ in rows), bank=bank._profile.bank)
    total = sum(payment.amount for payment, _ in rows)
    told = {"count": len(rows), "total": total} | said
    return bank.example_report(ExampleAnswer(batch=made, rows=rows, **told))


def test_a_return_says_what_became_of_each_payment():
    rows = ((a_payment(1), Result.PAID), (a_payment(2), Result.REJECTED))
    one, two = adapter().read_report(a_return(*rows))
    assert one == PaymentAnswer(
        position=1, reference="T000000000001", result=Result.PAID, amount=100_001, currency="BRL",
        reason="00", text="00", evidence="N1", on=date(2026, 10, 10), file_reference="F0000017",
    )  # fmt: skip
    assert (two.result, two.reason) == (Result.REJECTED, "RJ")


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"00        \r\n", b"00RJ      \r\n"), (b"00        \r\n", b"ZZ        \r\n"),
     (b"00        \r\n", b"          \r\n"), (b"T000000000001", b" " * 13),
     (b"000000000100001N1", b"00000000010000XN1"), (b"10102026000000000100001 ",
                                                    b"10102026000000000100002 "),
     (b"T000000000001", b"T00000000000\xff")],
)  # fmt: skip
def test_a_record_that_cannot_be_believed_is_quarantined(old, new):
    content = a_return((a_payment(1), Result.PAID), (a_payment(2), Result.REJECTED))
    assert old in content
    first, second = adapter().read_report(content.replace(old, new, 1))
    assert isinstance(first, Quarantined)
    assert second.result is Result.REJECTED


def test_two_codes_that_mean_the_same_are_one_result():
    content = a_return((a_payment(1), Result.ACCEPTED))
    [one] = adapter().read_report(content.replace(b"BD      ", b"BDAE    "))
    assert (one.result, one.reason, one.text) == (Result.ACCEPTED, "BD", "BD AE")


@pytest.mark.parametrize("said", [{"count": 3}, {"total": 200_004}, {"total": 200_002}])
def test_a_return_that_does_not_add_up_is_refused(said):
    rows = ((a_payment(1), Result.PAID), (a_payment(2), Result.REJECTED))
    with pytest.raises(UnreadableReport, match="fetch it"):
        list(adapter().read_report(a_return(*rows, **said)))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"99999 ", b"99998 "), (b"2370001300001A", b"3410001300001A"), (b"23700015", b"23700018"),
     (b"000001000005", b"000002000005"), (b"23700000 ", b"23700001 "),
     (b"\r\n23799", b" \r\n23799")],
)  # fmt: skip
def test_a_damaged_return_is_refused_as_a_whole(old, new):
    content = a_return((a_payment(1), Result.PAID))
    assert old in content
    with pytest.raises(UnreadableReport):
        list(adapter().read_report(content.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"bank": "23"}, "bank"), ({"company_name": "Café"}, "company_name"),
     ({"payments_max": 9_999}, "payments_max"), ({"amount_max": 10**15}, "amount_max"),
     ({"occurrences": {"paid": ["00"], "rejected": ["00"]}}, "rejected"),
     ({"occurrences": {"happy": ["00"]}}, "happy"), ({"ted_purpose": "1"}, "ted_purpose")],
)  # fmt: skip
def test_a_profile_is_checked_as_a_whole(changes, named):
    with pytest.raises(BadProfile, match=named):
        adapter(**changes)


@pytest.mark.skipif(not CORPUS, reason="DISBURSE_CORPUS names no folder with others' bank files")
def test_other_peoples_files_are_read_or_refused_with_the_reason():
    found = {}
    for path in sorted(Path(CORPUS, "cnab240_pagamento").glob("*.txt")):
        with pytest.raises(UnreadableReport) as refused:
            list(adapter().read_report(path.read_bytes()))
        found[path.name] = refused.value.detail
        # the same records as the bank would send them back
        back = path.read_bytes()
        with pytest.raises(UnreadableReport) as refused:
            list(adapter().read_report(back[:142] + b"2" + back[143:]))
        found[f"{path.name}, as a return"] = refused.value.detail
    assert len(found) == 10
    orders = {why for name, why in found.items() if not name.endswith("return")}
    assert orders == {"this is not a return file of this bank's"}
    # their lots' sums stand in other columns than FEBRABAN's: see the adapter's documentation
    assert {why.partition("(")[2] for name, why in found.items() if name.endswith("return")} <= {
        "a lot's sum is not its records'); fetch it from the bank again",
        "a lot has another number of records than it states); fetch it from the bank again",
    }
