"""A row of lines the quick way: the faults, the bytes and the payment are those of the long way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.lines import row as quick
from adapters.lines import writer as long_way
from adapters.lines.profile import load
from adapters.lines.reader import _payment
from adapters.lines.writer import Writer
from disburse.adapter import UnreadableFile
from tests.adapters.batches import a_payment
from tests.adapters.test_delimited import SHIPPED
from tests.adapters.test_fixed_width import changed

PROFILES = {
    "example": load("x", changed("example_fixed_bank"), "fixed_width"),
    "characters": load("x", changed("example_fixed_bank", widths="characters"), "fixed_width"),
    "abc": load("x", changed("abc_cfrt03"), "fixed_width"),
    "utf-8": load("x", changed("example_fixed_bank", encoding="utf-8"), "fixed_width"),
    "big5": load("x", changed("abc_cfrt03", encoding="big5", row__0__width=7), "fixed_width"),
    "narrow": load("x", changed("abc_cfrt03", row__2__width=8, row__0__width=1), "fixed_width"),
    "right": load("x", changed("abc_cfrt03", row__0__align="right"), "fixed_width"),
    "own form": load("x", changed("abc_cfrt03", row__1__pattern="[^x]+"), "fixed_width"),
    "yen": load("x", changed("abc_cfrt03", currency="JPY"), "fixed_width"),
    "zeros": load("x", changed("example_fixed_bank", amounts="major"), "fixed_width"),
    "delimited": load("x", SHIPPED, "delimited"),
}
TEXTS = st.text(st.sampled_from("aZ09 |%测䶮é\u3000\x07"), max_size=12)
NUMBERS = st.text("0123456789", min_size=1, max_size=40)
PAYMENTS = st.builds(
    a_payment,
    reference=st.sampled_from(["0A1B2C3D4E501", "A", ""]) | TEXTS,
    name=TEXTS,
    account=NUMBERS | TEXTS,
    bank_code=st.sampled_from(["", "102", "105826000014"]) | TEXTS,
    bank_name=TEXTS,
    note=TEXTS,
    amount=st.integers(-1, 10**15) | st.sampled_from([0, 1, 99, 100, 9_999_999, 99_999_999]),
)
NUMBER = 1_234


def long_faults(writer, payment):
    """Return what the writer finds without its quick look."""
    writer._look = None
    return writer.preflight(payment, writer._profile.currency)


def line_of(profile, payment):
    """Return the row as it is put together text by text, each in its column."""
    texts = [
        one.constant if not one.field else str(NUMBER) if one.field == "number"
        else long_way.written_amount(profile, payment.amount) if one.field == "amount"
        else getattr(payment, one.field)
        for one in profile.row
    ]  # fmt: skip
    return profile.spelling.join(profile.row, texts)


@pytest.mark.parametrize("name", PROFILES)
@settings(deadline=None, max_examples=100)
@given(payment=PAYMENTS)
def test_the_quick_way_finds_writes_and_reads_what_the_long_way_does(name, payment):
    profile = PROFILES[name]
    faults = long_faults(Writer(profile), payment)
    assert Writer(profile).preflight(payment, profile.currency) == faults
    if faults:
        return
    line = line_of(profile, payment)
    assert quick.writing(profile)(NUMBER, [payment]) == line + profile.line_end
    known = quick.reading(profile)([line], NUMBER)
    assert known in (None, [_payment(profile, line, NUMBER)])


@pytest.mark.parametrize("name", PROFILES)
@settings(deadline=None, max_examples=50)
@given(some=st.lists(PAYMENTS, min_size=1, max_size=5))
def test_many_rows_at_once_are_each_of_them_alone(name, some):
    profile = PROFILES[name]
    alone = [not long_faults(Writer(profile), one) for one in some]
    look = quick.looking(profile)
    assert look is None or not look.at_all(some) or all(alone)
    good = [one for one, fits in zip(some, alone, strict=True) if fits]
    if not good:
        return
    write, read = quick.writing(profile), quick.reading(profile)
    each = [write(number, [one]) for number, one in enumerate(good, start=NUMBER)]
    assert write(NUMBER, good) == b"".join(each)
    lines = [one.removesuffix(profile.line_end) for one in each]
    wanted = [_payment(profile, line, number) for number, line in enumerate(lines, start=NUMBER)]
    assert read(lines, NUMBER) in (None, wanted)


@pytest.mark.parametrize("name", PROFILES)
@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_what_the_quick_way_reads_of_a_damaged_row_the_long_way_reads(name, data):
    profile = PROFILES[name]
    line = bytearray(line_of(profile, a_payment(name="a", note="")))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(line)))
        line[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b" ", b"0", b"00", b"x", b".", b"|", b"\xb2", b"\r", b"-"])
        )
    good = line_of(profile, a_payment(name="b", note=""))
    for lines in ([bytes(line)], [bytes(line), good]):
        found = quick.reading(profile)(lines, NUMBER)
        if found is not None:
            assert found[0] == _payment(profile, bytes(line), NUMBER)


@pytest.mark.parametrize("name", sorted(PROFILES.keys() - {"big5", "own form"}))
def test_most_payments_go_the_quick_way(name):
    profile = PROFILES[name]
    payment = a_payment(name="a", amount=5)
    assert quick.looking(profile).at_one(payment)
    assert quick.looking(profile).at_all([payment, payment])
    if name != "right":
        line = line_of(profile, payment)
        assert quick.reading(profile)([line], NUMBER) == [_payment(profile, line, NUMBER)]


@pytest.mark.parametrize("encoding", quick.IDEOGRAPH_BYTES)
def test_the_ideographs_that_need_no_closer_look_are_all_there_and_as_wide(encoding):
    first, last = quick._IDEOGRAPHS.split("-")
    for code in range(ord(first), ord(last) + 1):
        assert len(chr(code).encode(encoding)) == quick.IDEOGRAPH_BYTES[encoding]
        assert Writer(PROFILES["example"]).preflight(a_payment(name=chr(code)), "CNY") == ()


def test_a_row_that_is_too_long_by_a_zero_is_not_ours():
    profile = PROFILES["example"]
    line = line_of(profile, a_payment())
    longer = line.replace(b"0000000650001", b"00000000650001")
    assert quick.reading(profile)([longer], NUMBER) is None
    with pytest.raises(UnreadableFile):
        _payment(profile, longer, NUMBER)
