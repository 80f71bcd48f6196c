"""Every installed adapter keeps the same promises; a new one is tested the day it is announced."""

from __future__ import annotations

from dataclasses import fields
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from disburse import banks
from disburse.adapter import (
    BankDouble,
    Head,
    NoStatements,
    Payment,
    UnreadableFile,
    UnreadableReport,
    UnreadableStatement,
    Unrenderable,
)
from disburse.kit.carried import reduced
from tests.adapters.batches import (
    RARE,
    RARE_GBK,
    RARE_LATIN,
    a_batch,
    a_batch_by,
    a_payment_by,
    currency_of,
    every_adapter,
    rare_names,
)

ADAPTERS = every_adapter()
TEXTS = ("name", "account", "bank_code", "bank_name", "note", "reference", "latin_name")
ANYTHING = st.text(st.characters(exclude_categories=()), max_size=40)
# Letters that some codec has and characters that make trouble, more often than chance does.
LIKELY = st.text(
    st.sampled_from("测试䶮𬭩·ḿ龻 　|&<>]\"'\t\r\n\x00\x85\u202e\ue000\ud800a1"), max_size=20
)

pytestmark = pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda one: one.name)


def written(adapter, batch):
    return b"".join(adapter.render(batch))


def payments(adapter, content):
    return [one for one in adapter.read_back([content]) if isinstance(one, Payment)]


def carried(adapter, payment):
    """The payment without the fields that the format has no place for."""
    return reduced(payment, adapter.capabilities.carries)


def test_the_same_batch_gives_the_same_bytes(adapter):
    again = banks.load([adapter.name])[adapter.name]
    assert written(adapter, rare_names(adapter)) == written(again, rare_names(adapter))
    assert adapter.version == again.version


def test_what_is_written_is_read_back_with_every_rare_character(adapter):
    batch = rare_names(adapter)
    expected = [carried(adapter, one) for one in batch.payments]
    assert payments(adapter, written(adapter, batch)) == expected
    names = {getattr(one, field) for one in expected for field in ("name", "latin_name")}
    if currency_of(adapter) in {"CNY", "USD"}:  # others carry what they can, or no name at all
        assert any(names >= set(rare) for rare in (RARE, RARE_GBK, RARE_LATIN))


def test_a_file_is_read_back_from_pieces_of_any_size(adapter):
    content = written(adapter, rare_names(adapter))
    bytewise = adapter.read_back(content[at : at + 1] for at in range(len(content)))
    assert list(bytewise) == list(adapter.read_back([content]))


def test_a_file_says_of_itself_what_the_adapter_declares(adapter):
    batch = a_batch_by(adapter)
    heads = [one for one in adapter.read_back([written(adapter, batch)]) if isinstance(one, Head)]
    said = {f.name: getattr(heads[0], f.name) for f in fields(Head)}
    wanted = {f.name: getattr(Head.of(batch), f.name) for f in fields(Head)}
    states = adapter.capabilities.states
    assert len(heads) == 1
    assert said == {name: value if name in states else None for name, value in wanted.items()}


def test_the_smallest_and_the_largest_amount_go_through_and_the_next_do_not(adapter):
    most = adapter.capabilities.amount_max
    banks.write(
        adapter,
        a_batch_by(
            adapter, a_payment_by(adapter, 1, amount=1), a_payment_by(adapter, 2, amount=most)
        ),
    )
    for amount in (0, -1, most + 1):
        faults = adapter.preflight(a_payment_by(adapter, amount=amount), currency_of(adapter))
        assert [(fault.field, fault.code) for fault in faults][:1] == [("amount", "amount")]


def test_another_currency_is_a_fault_and_is_not_written(adapter):
    assert adapter.preflight(a_payment_by(adapter), "XXX")
    with pytest.raises(Unrenderable):
        written(adapter, a_batch_by(adapter, currency="XXX"))


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize("character", ["A", "测"])
def test_a_field_too_long_by_one_character_is_a_fault_and_the_longest_is_written(
    adapter, field, character
):
    def faults(length):
        return adapter.preflight(
            a_payment_by(adapter, **{field: character * length}), currency_of(adapter)
        )

    fitting = [n for n in range(1, 200) if not faults(n)]
    if field in adapter.capabilities.carries and fitting:
        longest = a_payment_by(adapter, **{field: character * fitting[-1]})
        assert [fault.field for fault in faults(fitting[-1] + 1)] == [field]
        banks.write(adapter, a_batch_by(adapter, longest))
    else:
        assert all(fault.field == field for fault in faults(199))


@pytest.mark.parametrize("field", sorted({"name", "account", "reference"}))
def test_a_field_that_the_bank_needs_may_not_be_empty(adapter, field):
    if field in adapter.capabilities.needs:
        faults = adapter.preflight(a_payment_by(adapter, **{field: ""}), currency_of(adapter))
        assert [(fault.field, fault.code) for fault in faults] == [(field, "missing")]


@pytest.mark.parametrize("field", TEXTS)
@pytest.mark.parametrize(
    "bad", ["a\nb", "a\x00b", "a\x85b", " a", "a\u3000", "a\u202eb", "\ue000", "\ud800", "a\u200bb"]
)
def test_what_cannot_travel_is_refused_before_and_while_writing(adapter, field, bad):
    payment = a_payment_by(adapter, 2, **{field: bad})
    if field not in adapter.capabilities.carries:
        return
    faults = adapter.preflight(payment, currency_of(adapter))
    assert {fault.field for fault in faults} == {field}
    with pytest.raises(Unrenderable) as refused:
        written(
            adapter,
            a_batch_by(
                adapter, a_payment_by(adapter, 1), payment, a_payment_by(adapter, 3, **{field: bad})
            ),
        )
    named = {reference for reference, _ in refused.value.facts["faults"]}
    assert named == {payment.reference, a_payment_by(adapter, 3, **{field: bad}).reference}


def test_a_fault_never_repeats_the_value(adapter):
    for secret in ("张三" * 100, "6217" * 100, "张三6217\x00"):
        for fault in adapter.preflight(
            a_payment_by(adapter, **dict.fromkeys(TEXTS, secret)), currency_of(adapter)
        ):
            assert "张三" not in fault.detail
            assert "6217" not in fault.detail


@pytest.mark.parametrize(
    "changes",
    [{"count": 3}, {"total": 1}, {"count": 0, "payments": ()}, {"reference": ""},
     {"reference": "a b"}],
)  # fmt: skip
def test_a_batch_that_contradicts_itself_is_not_written(adapter, changes):
    with pytest.raises((Unrenderable, banks.Unproven)):
        banks.write(adapter, a_batch_by(adapter, **changes))


def test_a_time_without_a_zone_is_not_written(adapter):
    with pytest.raises(Unrenderable):
        written(adapter, a_batch_by(adapter, created=a_batch().created.replace(tzinfo=None)))


def test_a_batch_with_more_payments_than_the_bank_takes_is_not_written(adapter):
    count = adapter.capabilities.payments_max + 1
    with pytest.raises(Unrenderable):
        written(adapter, a_batch_by(adapter, count=count))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=ANYTHING | LIKELY, note=ANYTHING | LIKELY, bank_name=LIKELY)
def test_any_text_is_either_refused_or_comes_back_exactly(adapter, name, note, bank_name):
    texts = {"name": name, "note": note, "bank_name": bank_name, "latin_name": name}
    payment = a_payment_by(adapter, **texts)
    if adapter.preflight(payment, currency_of(adapter)):
        with pytest.raises(Unrenderable):
            written(adapter, a_batch_by(adapter, payment))
    else:
        assert payments(adapter, written(adapter, a_batch_by(adapter, payment))) == [
            carried(adapter, payment)
        ]


def swapped(content, *pairs):
    """The bytes with others in place of these, in whichever of the forms they are there."""
    for old, new in pairs:
        content = content.replace(old, new)
    return content


def with_accounts_swapped(content, one, two):
    first, second = one.account.encode(), two.account.encode()
    if first in content:
        swapped = content.replace(first, b"#").replace(second, first)
        return swapped.replace(b"#", second)
    lines = content.split(b"\n")  # CNAB240 takes an account apart, in columns 24 to 43
    a, b = (
        next(at for at, line in enumerate(lines) if payment.reference.encode() in line)
        for payment in (one, two)
    )
    lines[a], lines[b] = (
        lines[a][:23] + lines[b][23:43] + lines[a][43:],
        lines[b][:23] + lines[a][23:43] + lines[b][43:],
    )
    return b"\n".join(lines)


def tampered(adapter, content, batch):
    """The ways to change a file that cost somebody money, each with its name.

    Only what the format has no place for cannot be changed.
    """
    one, two = batch.payments
    special, bank = batch.debtor.number.encode(), one.bank_code.encode() or b"no bank"
    other = special[:-1] + (b"2" if special[-1:] != b"2" else b"3")
    cases = {
        "amount": swapped(
            content,
            (b"6500.01", b"6500.91"),
            (b"0000650001", b"0000650091"),
            (b">650001<", b">650091<"),
        ),
        "accounts swapped": with_accounts_swapped(content, one, two),
        "special account": swapped(
            content,
            (special, other),
            (b"1999999999", b"1999999998"),
            (b"000000005678", b"000000005679"),
        ),
        "pay date": swapped(
            content,
            (b"20261010", b"20261011"),
            (b"2026-10-10", b"2026-10-11"),
            (b"PAYROLL         261010", b"PAYROLL         261011"),
            (b"10102026", b"11102026"),
            (b"UHL1 26282", b"UHL1 26281"),
            (b"101026", b"111026"),
        ),
        "file reference": content.replace(b"F0000017", b"F0000018"),
        "payment reference": content.replace(one.reference.encode(), b"0A1B2C3D4E502"),
        "bank": swapped(content, (bank, bank[:-1] + b"3")),
        "sums and amount": swapped(
            content,
            (b"6500.01", b"6500.91"),
            (b"13000.03", b"13000.93"),
            (b"0000650001", b"0000650091"),
            (b"0001300003", b"0001300093"),
            (b">650001<", b">650091<"),
            (b">1300003<", b">1300093<"),
        ),
        "cut short": content[:-5],
        "continued": content + content[-5:],
        "empty": b"",
    }
    rows = content.split(b"\n")
    named = "reference" if "reference" in adapter.capabilities.carries else "account"
    held = [row for row in rows if getattr(one, named).encode() in row]
    cases["row dropped"] = b"\n".join(row for row in rows if row not in held)
    cases["row doubled"] = content.replace(held[0] + b"\n", held[0] + b"\n" + held[0] + b"\n")
    able = adapter.capabilities
    absent = {case for case, name in STATED.items() if name not in able.states}
    absent |= {case for case, name in CARRIED.items() if name not in able.carries}
    same = {name for name, changed in cases.items() if changed == content}
    assert same == absent
    return {name: changed for name, changed in cases.items() if name not in absent}


def codec_of(adapter):
    """Return the codec of the bytes; sets of characters that ISO 20022 names are all UTF-8."""
    named = adapter.capabilities.charset
    return "utf-8" if named.startswith("iso20022-") else named


STATED = {"special account": "debtor_number", "pay date": "pay_on", "file reference": "reference"}
CARRIED = {"payment reference": "reference", "bank": "bank_code"}


def test_the_proof_catches_every_change_that_costs_somebody_money(adapter):
    batch = a_batch_by(adapter)
    content = written(adapter, batch)
    cases = tampered(adapter, content, batch)
    assert len(cases) >= 9
    caught = set()
    for name, changed in cases.items():
        try:
            banks.prove(adapter, batch, changed)
        except banks.Unproven:
            caught.add(name)
    assert caught == set(cases)


def test_the_proof_catches_any_flipped_bit_in_the_payments(adapter):
    batch = a_batch_by(adapter)
    content = written(adapter, batch)
    first, last = batch.payments
    carries = adapter.capabilities.carries
    named = "reference" if "reference" in carries else "account"
    start = content.index(getattr(first, named).encode())
    behind = last.note if "note" in carries and last.note else getattr(last, named)
    end = content.index(behind.encode(codec_of(adapter)), start)
    for at in range(start, end):
        if content[at : at + 1] in b"\r\n":
            continue
        flipped = bytes([content[at] ^ 1 << at % 8])
        with pytest.raises(banks.Unproven):
            banks.prove(adapter, batch, content[:at] + flipped + content[at + 1 :])


GARBAGE = {
    "empty": b"",
    "zeros": bytes(1000),
    "noise": Random(1).randbytes(5000),  # noqa: S311  (the same noise each time)
    "text": b"no report\r\nof any bank\r\n",
    "html": b"<!DOCTYPE html><html><body>Session expired</body></html>",
    "other message": b'<?xml version="1.0"?><Document><BkToCstmrStmt/></Document>',
    "two documents": b"<Document/><Document/>",
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_refused_as_a_whole(adapter, kind):
    with pytest.raises(UnreadableReport):
        list(adapter.read_report(GARBAGE[kind]))
    with pytest.raises(UnreadableFile):
        list(adapter.read_back([GARBAGE[kind]]))


def test_a_file_of_ours_is_no_report(adapter):
    with pytest.raises(UnreadableReport):
        list(adapter.read_report(written(adapter, a_batch_by(adapter))))


def test_the_capabilities_are_declared_and_the_file_name_is_safe(adapter):
    able = adapter.capabilities
    assert able.carries >= (able.needs - {"wage"}) | {"account", "amount"}
    assert able.carries <= banks.CARRIABLE
    assert "reference" in able.carries or not isinstance(adapter, BankDouble)
    assert adapter.file_name(a_batch_by(adapter)) == adapter.file_name(a_batch_by(adapter))
    assert not set(adapter.file_name(a_batch_by(adapter))) & set('/\\ :*?"<>|')
    assert adapter.file_name(a_batch_by(adapter)) != adapter.file_name(
        a_batch_by(adapter, reference="F0000018", sequence=8)
    )


@pytest.mark.parametrize("kind", GARBAGE)
def test_what_is_no_statement_is_refused_by_name(adapter, kind):
    refusal = UnreadableStatement if adapter.capabilities.statements else NoStatements
    with pytest.raises(refusal):
        list(adapter.read_statement(GARBAGE[kind]))


def test_the_decimal_places_of_every_currency_are_known(adapter):
    able = adapter.capabilities
    assert able.digits.keys() == able.currencies
    assert set(able.digits.values()) <= {0, 2, 3}
