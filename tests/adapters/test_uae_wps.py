"""UAE WPS: what stands in the file of one establishment, and what no file may say."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban

from adapters.uae_wps import UaeWps
from disburse import banks
from disburse.adapter import (
    BadProfile,
    Payment,
    UnreadableFile,
    UnreadableReport,
    Unrenderable,
    Wage,
)
from disburse.kit.carried import reduced
from tests.adapters.batches import a_batch

PROFILE = tomllib.loads(
    (Path(__file__).parents[2] / "adapters/profiles/example_uae_bank.toml").read_text("utf-8")
)
NAME = "uae_wps:example_uae_bank"
ROUTING = "802420101"


def adapter(**file):
    changed = {key: file.pop(key) for key in list(file) if key in PROFILE}
    return UaeWps(NAME, PROFILE | changed | {"file": PROFILE["file"] | file})


def an_iban(number, bank="024"):
    body = f"{bank}{number:016d}"
    return f"AE{98 - int(f'{body}101400') % 97:02d}{body}"


def a_payment(number=1, items=(("base", 400_000),), deductions=(), **changes):
    wage = Wage(
        id_type="foreign_card", id_number=f"{10_000_000_000_000 + number}",
        worked_from=date(2026, 9, 1), worked_to=date(2026, 9, 30), days="26", items=items,
        deductions=deductions,
    )  # fmt: skip
    return replace(
        Payment(
            reference=f"T{number:012d}", name="测试工人", account=an_iban(number),
            bank_code=ROUTING, bank_name="", amount=wage.gross - wage.deducted, note="", wage=wage,
        ),
        **changes,
    )  # fmt: skip


def batch(*payments):
    one = a_batch(*payments)
    return replace(
        one, currency="AED", employer="0000000123456", period=date(2026, 9, 1),
        created=datetime(2026, 10, 9, 21, 2, 3, tzinfo=UTC),
        debtor=replace(one.debtor, bank_code=ROUTING),
    )  # fmt: skip


def lines(bank, made):
    return b"".join(bank.render(made)).decode("ascii").split("\r\n")


def test_fixed_and_variable_income_have_their_columns_and_the_control_record_adds_up():
    both = a_payment(
        2, items=(("base", 300_000), ("overtime", 40_000), ("bonus", 1_005)),
        deductions=(("advance", 50_000),),
    )  # fmt: skip
    one, two, evp, control, end = lines(adapter(), batch(a_payment(1), both))
    who = f"10000000000002,{ROUTING}"
    assert one == (
        f"EDR,10000000000001,{ROUTING},{an_iban(1)},2026-09-01,2026-09-30,30,4000.00,0.00,0"
    )
    assert two == f"EDR,{who},{an_iban(2)},2026-09-01,2026-09-30,30,2500.00,410.05,0"
    assert evp == f"EVP,{who},0.00,0.00,0.00,0.00,400.00,10.05,0.00"
    # 21:02 UTC is the next day's 01:02 there
    assert control == f"SCR,0000000123456,{ROUTING},2026-10-10,0102,092026,2,6910.05,AED,F0000017"
    assert end == ""


def test_the_name_is_the_establishment_and_a_time_that_no_other_file_has():
    made = batch(a_payment())
    assert adapter().file_name(made) == "0000000123456261010010207.SIF"
    names = {adapter().file_name(replace(made, sequence=number)) for number in range(1, 61)}
    assert len(names) == 60


@pytest.mark.parametrize("control", ["first", "last"])
def test_a_file_with_and_without_variable_income_is_proven(control):
    made = batch(a_payment(1), a_payment(2, items=(("base", 1), ("overtime", 2))), a_payment(3))
    banks.write(adapter(control_record=control), made)


def test_unpaid_leave_is_what_the_line_does_not_count_where_the_profile_says_so():
    bank = adapter(unpaid_leave="days_not_paid")
    one = a_payment()
    assert lines(bank, batch(one))[0].endswith(",4")
    assert banks.write(bank, batch(one)).count == 1
    for days in ("", "31", "21.5", "026"):
        faults = bank.preflight(replace(one, wage=replace(one.wage, days=days)), "AED")
        assert [fault.field for fault in faults] == ["wage.days"]
    content = b"".join(bank.render(batch(one)))
    with pytest.raises(banks.Unproven):
        banks.prove(bank, batch(one), content.replace(b",4\r\n", b",3\r\n"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account": "AE070331234567890123457"}, "account"),
        ({"account": "DE89370400440532013000"}, "account"),
        ({"account": an_iban(1, bank="033")}, "bank_code"),
        ({"bank_code": "24201"}, "bank_code"),
        ({"wage": None}, "wage"),
        ({"amount": 399_999, "wage": a_payment(items=(("overtime", 400_000),)).wage},
         "wage.deductions"),
        ({"wage": a_payment(items=(("gift", 400_000),)).wage}, "wage.items"),
        ({"wage": replace(a_payment().wage, id_number="784199012345678")}, "wage.id_number"),
        ({"wage": replace(a_payment().wage, worked_to=date(2026, 8, 31))}, "wage.worked_to"),
    ],
)  # fmt: skip
def test_what_would_refuse_the_whole_file_is_a_fault_of_one_line(changes, field):
    faults = adapter().preflight(a_payment(**changes), "AED")
    assert [fault.field for fault in faults] == [field]
    with pytest.raises(Unrenderable):
        lines(adapter(), batch(a_payment(**changes)))


def test_a_payroll_card_needs_no_iban():
    assert adapter().preflight(a_payment(account="1234567890123456"), "AED") == ()
    assert adapter().preflight(a_payment(account="12345678901234567"), "AED") != ()


@given(st.from_regex(r"AE[0-9]{21}", fullmatch=True))
def test_an_iban_is_good_when_others_say_so(account):
    bank = adapter(bank_by_iban=False)
    faults = bank.preflight(a_payment(account=account), "AED")
    assert (not faults) == iban.is_valid(account, check_country=False)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"employer": "123456"}, "employer"), ({"period": None}, "period"),
     ({"debtor": replace(a_batch().debtor, bank_code="ABC")}, "debtor.bank_code")],
)  # fmt: skip
def test_an_establishment_or_bank_without_its_number_gets_no_file(changes, field):
    with pytest.raises(Unrenderable) as refused:
        lines(adapter(), replace(batch(a_payment()), **changes))
    assert [fault.field for _, fault in refused.value.facts["faults"]] == [field]


@pytest.mark.parametrize(
    ("old", "new"),
    [(b",400.00,", b",300.00,"), (b",0.00,0\r\n", b",0.00,1\r\n"), (b",30,", b",31,"),
     (b"EVP,10000000000002", b"EVP,10000000000003"), (b"SCR,", b"SCX,"), (b",2,", b",3,"),
     (b"2026-09-30", b"2026-09-31"), (b"2026-10-10", b"2026-13-10"), (b"4000.00", b"04000.00"),
     (b"EDR,10000000000001", b"EDR,1000000000000\xff")],
)  # fmt: skip
def test_a_file_that_is_not_as_written_is_not_read(old, new):
    made = batch(a_payment(1), a_payment(2, items=(("base", 1), ("overtime", 40_000))))
    content = b"".join(adapter().render(made))
    assert old in content
    with pytest.raises(UnreadableFile):
        list(adapter().read_back([content.replace(old, new, 1)]))


def test_nothing_is_read_as_an_answer_because_no_layout_is_public():
    with pytest.raises(UnreadableReport, match="statement"):
        adapter().read_report(b"ACK")


def test_what_comes_back_is_what_the_format_holds():
    made = batch(a_payment(1), a_payment(2, items=(("base", 1), ("overtime", 2))))
    found = [o for o in adapter().read_back(adapter().render(made)) if isinstance(o, Payment)]
    assert found == [reduced(one, adapter().capabilities.carries) for one in made.payments]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"fixed_items": ["base", "overtime"]}, "fixed_items"),
        ({"fixed_items": "base"}, "fixed_items"),
        ({"variable_items": {"bonus": "gift"}}, "bonus"),
        ({"employee_id": "("}, "employee_id"),
        ({"amount_max": 10**14}, "amount_max"),
        ({"control_record": "middle"}, "control_record"),
        ({"hello": 1}, "hello"),
    ],
)
def test_a_profile_is_checked_as_a_whole(changes, named):
    with pytest.raises(BadProfile, match=named):
        adapter(**changes)
