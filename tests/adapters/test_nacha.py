"""NACHA: columns by other people's reader, profiles checked whole, returns proven by sums."""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import achkit
import pytest
from achlens.core import validate_ach_file
from hypothesis import given, settings
from hypothesis import strategies as st
from mockbank import nacha, validate

import adapters
from adapters.nacha import Nacha
from disburse import banks
from disburse.adapter import (
    Account,
    BadProfile,
    PaymentAnswer,
    Quarantined,
    Result,
    UnreadableFile,
    UnreadableReport,
    Unrenderable,
)
from disburse.kit.installed import every
from tests.adapters.batches import (
    REFERENCES,
    a_batch_by,
    a_payment_by,
    rare_names,
    return_ach,
)

ONE, TWO, THREE = REFERENCES[:3]
SHIPPED = tomllib.loads(
    (Path(adapters.__file__).parent / "profiles" / "example_us_bank.toml").read_text("utf-8")
)
BANK = Nacha("nacha:example_us_bank", SHIPPED)
BOTH = [(ONE, 650_001, "R03"), (TWO, 650_002, "C01")]


def bank(**changes):
    return Nacha("nacha:other", SHIPPED | changes)


def lines_of(batch, adapter=BANK):
    return banks.write(adapter, batch).content.decode("ascii").split("\n")


def codes(adapter=BANK, **changes):
    faults = adapter.preflight(a_payment_by(BANK, **changes), "USD")
    return [(fault.field, fault.code) for fault in faults]


def crew(count, **changes):
    return a_batch_by(BANK, *(a_payment_by(BANK, n, **changes) for n in range(1, count + 1)))


def read(content):
    return list(BANK.read_report(content))


def test_wages_go_out_as_one_batch_of_ppd_credits():
    lines = lines_of(a_batch_by(BANK))
    assert lines[0].startswith("101 09990001419999999992610082002G094101EXAMPLE BANK ")
    assert lines[0].endswith("EXAMPLE BUILDERS       00000007")
    assert lines[1].startswith("5220EXAMPLE BUILDERSF0000017            1999999999PPDPAYROLL   ")
    assert lines[1].endswith("261010   1099900010000001")
    assert lines[2] == (
        "62209990001400000001-62      00006500010A1B2C3D4E501  TEST WORKER 1           0"
        "099900010000001"
    )
    assert lines[4].startswith("822000000200199800020000000000000000013000031999999999 ")
    assert lines[5].startswith("9000001000001000000020019980002000000000000000001300003 ")
    assert lines[6:] == ["9" * 94] * 4 + [""]


@pytest.mark.parametrize("count", [1, 5, 6, 7, 16, 515])
def test_a_file_is_whole_blocks_of_ten_lines(count):
    *lines, after = lines_of(crew(count))
    assert after == ""
    assert len(lines) % 10 == 0
    assert {len(line) for line in lines} == {94}
    control = next(line for line in lines if line[0] == "9")
    assert int(control[7:13]) == len(lines) // 10


def test_the_hash_keeps_its_last_ten_digits():
    batch = crew(1002)  # 1,002 times 9,990,001 has eleven
    control = next(line for line in lines_of(batch) if line.startswith("8220"))
    assert control[10:20] == f"{1002 * 9_990_001 % 10**10:010d}"


def test_the_files_letter_and_minute_tell_it_from_the_others():
    batch = a_batch_by(BANK)
    assert [lines_of(replace(batch, sequence=n))[0][33] for n in (1, 26, 27, 36, 37)] == [*"AZ09A"]
    summer = replace(batch, created=datetime(2026, 7, 1, 4, 30, tzinfo=UTC))
    assert lines_of(summer)[0][23:33] == "2606302330"


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("bank_code", "", "missing"),
        ("bank_code", "099900015", "bad-bank-code"),  # check digit
        ("bank_code", "000000000", "bad-bank-code"),  # no district
        ("bank_code", "09990001", "bad-bank-code"),
        ("bank_code", "105826000014", "bad-bank-code"),
        ("bank_code", "09990001\u0664", "bad-bank-code"),
        ("account", "1" * 18, "too-long"),
        ("account", "12 34", "bad-account"),
        ("account", "", "missing"),
        ("reference", "A" * 16, "too-long"),
        ("reference", "a1", "charset"),
        ("latin_name", "", "missing"),
        ("latin_name", "X" * 23, "too-long"),
        ("latin_name", "JOSÉ", "charset"),
        ("latin_name", "工人", "charset"),
    ],
)
def test_a_bad_field_is_named_with_its_code(field, text, code):
    assert codes(**{field: text}) == [(field, code)]


def test_the_name_that_is_written_is_the_profiles_choice():
    by_name = bank(names="name")
    assert codes(by_name) == [("name", "charset")]
    assert codes(by_name, name="Test Worker", latin_name="") == []
    batch = a_batch_by(BANK, a_payment_by(BANK, name="Test Worker", latin_name=""))
    assert lines_of(batch, by_name)[2][54:76].rstrip() == "Test Worker"
    assert by_name.capabilities.carries == {
        "name", "reference", "account", "bank_code", "amount"
    }  # fmt: skip


def test_wages_may_all_go_to_savings_accounts_and_lines_end_as_the_bank_wants():
    other = bank(account_type="savings", line_end="crlf")
    content = banks.write(other, a_batch_by(BANK)).content
    assert content.count(b"\r\n632099900014") == 2
    assert content.endswith(b"9\r\n")


@pytest.mark.parametrize(
    "changes",
    [
        {"debtor": Account(holder="T", number="621", bank_code="", bank_name="")},
        {"sequence": 0},
        {"sequence": 100_000_000},
        {"total": 10**12},
    ],
)
def test_a_batch_that_has_no_room_or_pays_from_another_account_is_not_written(changes):
    with pytest.raises(Unrenderable, match="does not fit") as refused:
        list(BANK.render(a_batch_by(BANK, **changes)))
    assert len(refused.value.facts["faults"]) == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"PAYROLL", b"PAYROLX"),
        (b"2610082002G", b"2610082002H"),
        (b"2610082002G", b"2613082002G"),
        (b"  00999", b"  10999"),
        (b"0013000", b"0013001"),
        (b"0019980002", b"0019980003"),
        (b"TEST WORKER 1", b"TEST\tWORKER 1"),
        (b"TEST WORKER 1", b"TEST WORKER\xa01"),
        (b"62209990001400000001", b"6220999000x400000001"),
        (b"0000650001", b"00006500 1"),
        (b"\n6220", b"\r\n6220"),
        (b"9" * 94 + b"\n", b""),
    ],
)
def test_a_file_with_a_changed_column_is_none_of_ours(old, new):
    content = banks.write(BANK, a_batch_by(BANK)).content
    assert old in content
    with pytest.raises(UnreadableFile):
        list(BANK.read_back([content.replace(old, new, 1)]))


def test_mock_bank_finds_nothing_wrong_and_reads_the_same_payments():
    for batch in (a_batch_by(BANK), rare_names(BANK), crew(1002)):
        content = banks.write(BANK, batch).content
        read_by_others, _, findings = read_by_mock_bank(content)
        assert findings == []
        assert validate.validate(content, today=date(2026, 10, 10)) == []
        assert read_by_others == [
            (p.reference, p.account, p.bank_code, p.amount, p.latin_name) for p in batch.payments
        ]


@pytest.mark.parametrize("name", [one for one in every() if one.startswith("nacha")])
@pytest.mark.parametrize("count", [1, 6, 7, 1002])
def test_other_peoples_validators_find_nothing_wrong_and_can_find_something(name, count):
    bank = banks.load([name])[name]
    for batch in (rare_names(bank), crew(count)):
        text = banks.write(bank, batch).content.decode("ascii")
        assert achkit.validate(text) == {"ok": True, "errors": []}
        assert achlens_finds(text) == set()
        wrong = text.replace("0000650001", "0000650091", 1)
        assert not achkit.validate(wrong)["ok"]
        assert achlens_finds(wrong)
        read = [one for group in achkit.parse(text)["batches"] for one in group["entries"]]
        assert len(read) == batch.count


def achlens_finds(text):
    """Return the rules that it finds broken; what it only remarks on is its own taste."""
    report = validate_ach_file(text, min_severity="error")
    return {one.rule_id for one in report.findings}


def read_by_mock_bank(content):
    file, findings = nacha.inspect(content, date(2026, 10, 10))
    payments = [
        (p.end_to_end_id, p.creditor_account, p.creditor_clearing_id, p.amount, p.creditor_name)
        for p in file.payments
    ]
    return payments, file, findings


def test_what_mock_bank_returns_is_read():
    rows = [
        {
            "transaction_code": "22", "entry_class": "PPD", "instruction_id": "099900010000001",
            "amount": 650_001, "end_to_end_id": ONE, "creditor_name": "TEST WORKER 1",
            "creditor_number": "00000001-62", "creditor_clearing_id": "09990001",
            "return_reason": "R02",
        },
    ]  # fmt: skip
    own = {"account_number": "1999999999", "name": "EXAMPLE BUILDERS"}
    now = datetime(2026, 10, 12, 8, 0, tzinfo=UTC)
    (answer,) = read(nacha.return_file("099900014", own, rows, now.date(), now).encode())
    assert (answer.reference, answer.result, answer.amount) == (ONE, Result.RETURNED, 650_001)
    assert (answer.reason, answer.on) == ("R02", date(2026, 10, 12))


def test_returns_and_changes_are_answers_about_our_references():
    returned, changed = read(return_ach(BOTH))
    assert returned == PaymentAnswer(
        position=1, reference=ONE, result=Result.RETURNED, amount=650_001, currency="USD",
        reason="R03", text="no account, or unable to locate it", evidence="099900010000001",
        on=date(2026, 10, 11), file_reference="F0000017",
    )  # fmt: skip
    assert (changed.reference, changed.result, changed.amount) == (TWO, Result.PENDING, None)
    assert (changed.reason, changed.text) == ("C01", "other account number: 00000099-62")


@pytest.mark.parametrize(
    ("day", "on"),
    [("284", date(2026, 10, 11)), ("   ", date(2026, 10, 12)), ("000", date(2026, 10, 12)),
     ("367", date(2026, 10, 12)), ("366", date(2027, 1, 1))],
)  # fmt: skip
def test_a_return_has_the_date_of_its_settlement_or_else_the_files(day, on):
    content = return_ach(BOTH).replace(b"261010284", b"261010" + day.encode())
    assert read(content)[0].on == on


def test_a_settlement_in_december_belongs_to_the_old_year():
    content = return_ach(BOTH).replace(b"2610120800A", b"2701020800A")
    assert read(content.replace(b"261010284", b"261010365"))[0].on == date(2026, 12, 31)


@pytest.mark.parametrize("code", ["R61", "R68", "R71", "R00", "C61", "X01", "Rxx"])
def test_a_code_that_is_not_for_the_company_is_put_aside(code):
    content = return_ach([(ONE, 650_001, "R03")]).replace(b"799R03", b"799" + code.encode())
    (record,) = read(content)
    assert isinstance(record, Quarantined)


def test_a_change_is_never_read_as_a_return_by_one_flipped_bit():
    (record,) = read(return_ach([(ONE, 650_001, "C01")]).replace(b"798C01", b"799C01"))
    assert isinstance(record, Quarantined)


def test_an_entry_without_our_reference_is_put_aside_with_its_trace_number():
    nameless, named = read(return_ach([("", 650_001, "R03"), (TWO, 650_002, "R02")]))
    assert "original trace number 099900010000041" in nameless.reason
    assert (named.position, named.reference) == (2, TWO)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"TEST WORKER 1 ", b"TEST WORKER\xe91 "),
        (b"621099900014", b"622099900014"),
        (b"621099900014", b"626099900014"),
        (b"0000650001", b"00006500x1"),
        (b"PPD", b"IAT"),
        (b"799R03", b"705R03"),
        (b"TEST WORKER 1 ", b"TEST WORKER 1  "),
    ],
)
def test_a_damaged_or_foreign_entry_is_put_aside_and_blocks_no_other(old, new):
    content = return_ach([(ONE, 650_001, "R03"), (TWO, 650_002, "R02")]).replace(old, new, 1)
    try:
        first, second = read(content)
    except UnreadableReport:
        assert new.startswith(b"626")  # then the sums of debits and credits are wrong
        return
    assert isinstance(first, Quarantined)
    assert old == b"PPD" or second.reference == TWO


@pytest.mark.parametrize(
    "said",
    [{"count": 3}, {"count": 5}, {"entry_hash": 1}, {"credit": 650_000}, {"credit": 650_002},
     {"batches": 2}, {"blocks": 2}],
)  # fmt: skip
def test_a_file_whose_totals_are_not_its_entries_is_refused(said):
    with pytest.raises(UnreadableReport, match="damaged"):
        read(return_ach(BOTH, **said))


def test_a_file_cut_anywhere_before_its_control_ends_is_refused():
    content = return_ach(BOTH)
    for cut in range(content.index(b"\n9000001") + 56):
        with pytest.raises(UnreadableReport):
            read(content[:cut])


def test_a_file_with_entries_behind_its_end_or_out_of_order_is_refused():
    content = return_ach(BOTH)
    lines = content.splitlines(keepends=True)
    for wrong in (
        content + lines[2],
        b"".join(lines[:1] + lines[2:]),
        b"".join(lines[:2] + lines[3:4] + lines[2:3] + lines[4:]),
        b"".join(lines[:2] + lines[1:]),
        content.replace(b"2610120800A", b"2613120800A"),
    ):
        with pytest.raises(UnreadableReport):
            read(wrong)


def test_a_bank_may_drop_blanks_at_the_ends_or_end_no_line_at_all():
    content = return_ach(BOTH)
    lines = content.decode().splitlines()
    for other in (
        "\r\n".join(line.rstrip() for line in lines) + "\r\n\r\n",
        "".join(lines),
        "\n".join(line for line in lines if line != "9" * 94),
        "".join(line + "  \n" for line in lines),
    ):
        assert read(other.encode()) == read(content)


def test_a_file_without_returns_answers_nothing_and_one_with_payments_is_no_answer():
    assert read(return_ach([])) == []
    with pytest.raises(UnreadableReport, match="payments and no returns"):
        read(banks.write(BANK, a_batch_by(BANK)).content)


FLIP = st.tuples(st.just("flip"), st.integers(0, 10_000), st.integers(0, 7))
CUT = st.tuples(st.just("cut"), st.integers(0, 10_000), st.just(0))
DOUBLE = st.tuples(st.just("double"), st.integers(0, 10_000), st.just(0))


@settings(deadline=None, max_examples=400)
@given(damage=st.lists(FLIP | FLIP | FLIP | CUT | DOUBLE, min_size=1, max_size=4))
def test_damage_never_returns_a_payment_that_did_not_come_back(damage):
    content = return_ach([(ONE, 650_001, "R03"), (TWO, 650_002, "C01"), (THREE, 650_003, "R02")])
    for kind, at, bit in damage:
        place = at % max(1, len(content))
        if kind == "cut":
            content = content[:place]
        elif kind == "flip":
            content = (
                content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]
                if content
                else content
            )
        else:
            lines = content.split(b"\n")
            lines.insert(at % len(lines), lines[at % len(lines)])
            content = b"\n".join(lines)
    try:
        records = read(content)
    except UnreadableReport:
        return
    answers = [one for one in records if isinstance(one, PaymentAnswer)]
    back = {one.reference for one in answers if one.result is Result.RETURNED}
    assert TWO not in back
    assert {one.result for one in answers} <= {Result.RETURNED, Result.PENDING}


@settings(deadline=None)
@given(content=st.binary(max_size=400))
def test_any_bytes_behind_a_header_are_read_or_refused(content):
    header = return_ach([])[:95]
    try:
        assert read(header + content) == []
    except UnreadableReport:
        return


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("adapter", "delimited", "adapter must be one of 'nacha'"),
        ("version", "", "version must be"),
        ("immediate_destination", "09990001", "a routing number of 9 digits"),
        ("immediate_destination", "099900015", "check digit is wrong"),
        ("immediate_origin", "199-999999", "immediate_origin must be"),
        ("company_name", "A COMPANY OF MANY WORDS", "company_name must be 1 to 16"),
        ("company_name", " A", "company_name must be"),
        ("company_id", None, "company_id must be"),
        ("odfi", "099900014", "odfi must be the first 8"),
        ("account", "", "account must be"),
        ("account_type", "loan", "'checking', 'savings'"),
        ("names", "both", "'latin_name', 'name'"),
        ("hours_behind_utc", -1, "a whole number from 0 to 12"),
        ("payments_max", 1_000_000, "from 1 to 999999"),
        ("amount_max", True, "amount_max must be a whole number"),
        ("deduplicates", "no", "true or false"),
        ("confidence", "sure", "confidence must be one of"),
        ("colour", "red", "colour must be left out"),
    ],
)
def test_a_profile_with_a_wrong_key_is_refused_by_its_name(key, value, says):
    with pytest.raises(BadProfile, match=says) as refused:
        Nacha("nacha:other", SHIPPED | {key: value})
    assert refused.value.facts == {"key": key}


@pytest.mark.parametrize("key", sorted(set(SHIPPED)))
def test_a_profile_has_every_key(key):
    with pytest.raises(BadProfile, match=f"{key} must be"):
        Nacha("nacha:other", {name: value for name, value in SHIPPED.items() if name != key})


def test_a_profile_is_needed_and_its_every_change_is_another_version():
    with pytest.raises(BadProfile, match="needs a profile"):
        Nacha("nacha")
    assert bank(amount_max=1).version != BANK.version
    assert bank(amount_max=1).capabilities.amount_max == 1


# What is no refusal: returns of credits are read, disputes and debits put aside.
READ_IN_THE_CORPUS = {
    "nacha/moov__FISERV-ZEROFILE-PIMRET825324_032720_110221.ach": "",
    "nacha/moov__contested-return.ach": "aside",
    "nacha/moov__dishonored-return.ach": "aside aside",
    "nacha/moov__return-PPD-custom-reason-code.ach": "returned",
    "nacha_bad/moov__iat-invalidAddenda98.ach": "aside",
    "nacha_bad/moov__web-invalidNOCFile.ach": "aside",
    "nacha_bad/moov_issue__testdata__issue702.ach": "returned aside aside",
    "nacha_returns/moov__contested-return.ach": "aside",
    "nacha_returns/moov__dishonored-return.ach": "aside aside",
    "nacha_returns/moov__return-PPD-custom-reason-code.ach": "returned",
}


@pytest.mark.skipif("DISBURSE_CORPUS" not in os.environ, reason="DISBURSE_CORPUS is not set")
def test_every_nacha_file_of_the_corpus_is_read_or_refused():
    folder = Path(os.environ["DISBURSE_CORPUS"])
    outcomes = {}
    for path in sorted(folder.glob("nacha*/*")):
        try:
            records = read(path.read_bytes())
        except UnreadableReport:
            outcomes[f"{path.parent.name}/{path.name}"] = "refused"
        else:
            kinds = (getattr(one, "result", "aside") for one in records)
            outcomes[f"{path.parent.name}/{path.name}"] = " ".join(map(str, kinds))
    read_whole = {name: what for name, what in outcomes.items() if what != "refused"}
    assert len(outcomes) > 60
    assert read_whole == READ_IN_THE_CORPUS
